//! A notification is sent through the producer's Service and read through the API's Service.

use std::time::Duration;

use tokio::process::Command;

use super::kit::{APPS, Kit, Outcome, run};
use super::ledger::Ledger;

/// Runs `hoopoe send`, then reads `/notif/get/owner/` and the feed until the notification is in them.
pub async fn http(kit: &Kit) -> Outcome {
    let (producer, api) = (kit.url(APPS, "orders-producer").await?, kit.url(APPS, "inbox-api").await?);
    let mut send = Command::new(&kit.hoopoe);
    send.args(["send", "--producer", &producer, "--to", "alice", "--kind", "order.shipped", "--title", "From a pod"]);
    run(send).await?;
    for path in ["v1/owners/alice/feed", "notif/get/owner/alice"] {
        let url = format!("{api}/{path}");
        let there = || async {
            let mut curl = Command::new("curl");
            curl.args(["-fsS", "--max-time", "5", &url]);
            Ok(run(curl).await?.contains(if path.starts_with("v1") { "From a pod" } else { "order.shipped" }))
        };
        kit.until(&format!("the notification in {path}"), there).await?;
    }
    Ok(())
}

/// The static program resolves names in a pod: short names by the search list, and full names. An unknown name is an
/// error.
pub async fn names(kit: &Kit) -> Outcome {
    for (pod, host, phase) in [
        ("short-name", "orders-producer", "Succeeded"),
        ("whole-name", "orders-producer.apps.svc.cluster.local.", "Succeeded"),
        ("no-name", "nobody.apps.svc", "Failed"),
    ] {
        let producer = format!("http://{host}:8080");
        let args = format!("[send, --producer, '{producer}', --to, bob, --kind, test, --timeout, 5s]");
        let image = format!("{}@{}", kit.images.worker.repository, kit.images.worker.digest);
        kit.apply(&format!(
            "
apiVersion: v1
kind: Pod
metadata: {{name: {pod}}}
spec:
  restartPolicy: Never
  securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
    - name: send
      image: {image}
      args: {args}
      securityContext: {{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {{drop: [ALL]}}}}
"
        ))
        .await?;
        let ended = || async { Ok(kit.get(&format!("-n {APPS} pod/{pod}")).await?["status"]["phase"] == phase) };
        kit.until(&format!("{pod} {phase}"), ended).await?;
        kit.kubectl(&format!("-n {APPS} delete pod {pod} --wait=false")).await?;
    }
    Ok(())
}

/// A plain AMQP client publishes half of the ledger's messages.
pub async fn amqp(kit: &Kit) -> Outcome {
    Ledger::start(kit, Duration::from_secs(10)).await?.verdict().await
}
