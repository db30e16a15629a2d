//! Pods are killed, a node is drained and lost, and its kubelet is restarted, while the ledger runs.

use std::time::Duration;

use serde_json::Value;

use super::kit::{APPS, Kit, Outcome, PATIENCE};
use super::ledger::Ledger;

const CHILDREN: [&str; 3] = ["orders-producer", "inbox-consumer", "inbox-api"];

/// Kills one of Hoopoe's pods by force every two seconds.
pub async fn pods_killed(kit: &Kit) -> Outcome {
    let ledger = Ledger::start(kit, Duration::from_secs(30)).await?;
    for turn in 0..12 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let pods = kit.pods(CHILDREN[turn % CHILDREN.len()]).await?;
        if let Some((pod, _)) = pods.get(turn / CHILDREN.len() % 2) {
            kit.kill_pod(APPS, pod).await?;
        }
    }
    ledger.verdict().await?;
    ready(kit).await
}

/// Drains a node. The PDB allows the eviction of one worker at a time. The spread allows no other node for that worker,
/// so it comes back only with its node.
pub async fn drain(kit: &Kit) -> Outcome {
    let ledger = Ledger::start(kit, Duration::from_secs(25)).await?;
    kit.kubectl("drain node-2 --ignore-daemonsets --delete-emptydir-data --timeout=180s").await?;
    for child in ["orders-producer", "inbox-consumer"] {
        let pods = kit.pods(child).await?;
        if pods.iter().any(|(_, node)| node == "node-2") || pods.is_empty() {
            return Err(format!("{child} after the drain: {pods:?}").into());
        }
    }
    // No other node is free now, so the last worker of each must stay, even if the second node is drained too.
    let workers = "--pod-selector=app.kubernetes.io/managed-by=hoopoe-operator";
    let both = kit.kubectl(&format!("drain node-1 {workers} --delete-emptydir-data --timeout=15s")).await;
    match both {
        Err(error) if error.to_string().contains("disruption budget") => {}
        other => return Err(format!("no disruption budget was in the way of the second node: {other:?}").into()),
    }
    for node in ["node-1", "node-2"] {
        kit.kubectl(&format!("uncordon {node}")).await?;
    }
    ledger.verdict().await?;
    ready(kit).await?;
    super::placement::spread(kit).await
}

/// Pods keep running when their kubelet restarts.
pub async fn kubelet(kit: &Kit) -> Outcome {
    let before = kit.pods("inbox-consumer").await?;
    let ledger = Ledger::start(kit, Duration::from_secs(10)).await?;
    kit.cluster.restart_kubelet("node-2").await?;
    ledger.verdict().await?;
    kit.kubectl("wait --for=condition=Ready node/node-2 --timeout=180s").await?;
    if kit.pods("inbox-consumer").await? == before { Ok(()) } else { Err("a pod did not outlive its kubelet".into()) }
}

/// A node is disconnected for more than a minute while its pods keep running. They come back to a cluster that has gone
/// on without them.
pub async fn node_lost(kit: &Kit) -> Outcome {
    let ledger = Ledger::start(kit, Duration::from_secs(90)).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    kit.cluster.set_connected("node-2", false).await?;
    kit.kubectl("wait --for=condition=Ready=Unknown node/node-2 --timeout=180s").await?;
    tokio::time::sleep(Duration::from_secs(20)).await;
    kit.cluster.set_connected("node-2", true).await?;
    kit.kubectl("wait --for=condition=Ready node/node-2 --timeout=180s").await?;
    ledger.verdict().await?;
    ready(kit).await
}

/// Waits until both resources are Ready again.
pub async fn ready(kit: &Kit) -> Outcome {
    ready_within(kit, PATIENCE).await
}

/// Waits until both resources are Ready again, with another time limit.
pub async fn ready_within(kit: &Kit, limit: Duration) -> Outcome {
    // Wait first, because the operator may not have noticed the fault yet.
    let whole = || async {
        let list = kit.get(&format!("-n {APPS} deployments")).await?;
        let deployments = list["items"].as_array().ok_or("a list has items")?.clone();
        // Without replicas, the status does not name their number.
        let ready = |one: &Value| one["status"]["readyReplicas"].as_u64().unwrap_or(0);
        Ok(deployments.iter().all(|one| one["spec"]["replicas"].as_u64() == Some(ready(one))))
    };
    kit.until_within(limit, "all workers ready again", whole).await?;
    kit.kubectl(&format!("-n {APPS} wait --for=condition=Ready nprod/orders ncons/inbox --timeout=180s")).await?;
    Ok(())
}
