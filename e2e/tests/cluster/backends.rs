//! RabbitMQ, `PostgreSQL` and Redis are restarted, and a password changes, while the ledger runs.

use std::time::Duration;

use super::faults::ready;
use super::kit::{APPS, Kit, Outcome};
use super::ledger::Ledger;

/// The pod of each backend is killed by force, and comes back with its data.
pub async fn restarted(kit: &Kit) -> Outcome {
    for backend in ["rabbitmq", "postgres", "redis"] {
        let ledger = Ledger::start(kit, Duration::from_secs(20)).await?;
        tokio::time::sleep(Duration::from_secs(3)).await;
        kit.kill_pod("backends", &format!("{backend}-0")).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        kit.kubectl(&format!("-n backends rollout status statefulset/{backend} --timeout=180s")).await?;
        ledger.verdict().await.map_err(|error| format!("{backend}: {error}"))?;
        ready(kit).await?;
    }
    Ok(())
}

/// When the Secret gets another user of RabbitMQ, only the workers that use it roll, and no notification is lost.
pub async fn rotated(kit: &Kit) -> Outcome {
    for words in
        ["add_user second another", "set_user_tags second policymaker monitoring", "set_permissions second .* .* .*"]
    {
        kit.rabbitmqctl(words).await?;
    }
    let revision = |child: &'static str| async move {
        let deployment = kit.get(&format!("-n {APPS} deployment/{child}")).await?;
        Ok::<_, Box<dyn std::error::Error>>(
            deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"].clone(),
        )
    };
    let before = (revision("inbox-consumer").await?, revision("inbox-api").await?);
    let ledger = Ledger::start(kit, Duration::from_secs(25)).await?;
    let secret = "{\"stringData\":{\"username\":\"second\",\"password\":\"another\"}}";
    kit.kubectl_args(&["-n", APPS, "patch", "secret", "rabbitmq", "--type=merge", "-p", secret]).await?;
    kit.until("the consumer's workers roll", || async { Ok(revision("inbox-consumer").await? != before.0) }).await?;
    ledger.verdict().await?;
    ready(kit).await?;
    if revision("inbox-api").await? == before.1 { Ok(()) } else { Err("the API uses no broker, and rolled".into()) }
}
