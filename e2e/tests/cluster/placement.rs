//! The nodes on which pods run, and the network policies of pods.

use std::collections::BTreeSet;

use super::kit::{APPS, Kit, Outcome};

/// Two workers that must not share a node run on different nodes, for both kinds of worker.
pub async fn spread(kit: &Kit) -> Outcome {
    for child in ["orders-producer", "inbox-consumer"] {
        let pods = kit.pods(child).await?;
        let nodes: BTreeSet<&String> = pods.iter().map(|(_, node)| node).collect();
        if pods.len() != 2 || nodes.len() != 2 {
            return Err(format!("{child} is not on two nodes: {pods:?}").into());
        }
    }
    Ok(())
}

/// The operator makes a requested NetworkPolicy, and the workers still work with it. This test cannot show that the
/// policy blocks traffic, because this cluster's CNI plugin (ptp) enforces no policies.
pub async fn network_policy(kit: &Kit) -> Outcome {
    let set = |on: bool| format!("{{\"spec\":{{\"networkPolicy\":{{\"enabled\":{on}}}}}}}");
    kit.kubectl_args(&["-n", APPS, "patch", "ncons", "inbox", "--type=merge", "-p", &set(true)]).await?;
    kit.kubectl(&format!("-n {APPS} wait --for=create networkpolicy/inbox-consumer --timeout=180s")).await?;
    kit.kubectl(&format!("-n {APPS} wait --for=condition=Ready ncons/inbox --timeout=180s")).await?;
    super::flow::http(kit).await?;
    kit.kubectl_args(&["-n", APPS, "patch", "ncons", "inbox", "--type=merge", "-p", &set(false)]).await?;
    kit.kubectl(&format!("-n {APPS} wait --for=delete networkpolicy/inbox-consumer --timeout=180s")).await?;
    Ok(())
}
