//! The number of workers follows the backlog.

use std::time::Duration;

use super::kit::{APPS, Kit, Outcome};
use super::ledger::Ledger;

/// A consumer that is slow on any machine, so that a few seconds of the ledger make a backlog. Each notification waits
/// 15 ms for a second one in its batch, which never comes because of the prefetch. What the stages beside this one send
/// does not reach it.
const SLOW: &str = "
apiVersion: hoopoe.app/v1alpha1
kind: NotifConsumer
metadata: {name: slow}
spec:
  broker: {secretRef: {name: rabbitmq}, managementSecretRef: {name: rabbitmq-operator}}
  postgres: {secretRef: {name: postgres}, migrationSecretRef: {name: postgres-migrations}}
  queue: {name: shop.slow}
  bindings: [{exchange: shop.events, routingKey: slow}]
  api: {enabled: false}
  consume: {prefetch: 1, lanes: 1, batch: {maxSize: 2, linger: 15ms}}
  scaling: {min: 0, max: 3, targetDrain: 2s, stabilization: 5s, idle: 10s}
";

/// Without messages the workers scale to zero, with a backlog they scale up, and then to zero again with an empty
/// queue.
pub async fn up_and_back(kit: &Kit) -> Outcome {
    kit.apply(SLOW).await?;
    kit.kubectl(&format!("-n {APPS} wait --for=condition=Ready ncons/slow --timeout=180s")).await?;
    let replicas = |wanted: fn(u64) -> bool| async move {
        let slow = kit.get(&format!("-n {APPS} ncons/slow")).await?;
        Ok(slow["status"]["replicas"].as_u64().is_some_and(wanted))
    };
    kit.until("no worker while there is nothing to do", || replicas(|n| n == 0)).await?;
    let ledger = Ledger::start_with(kit, Duration::from_secs(30), &["--kind", "slow"]).await?;
    kit.until("more than one worker under a backlog", || replicas(|n| n > 1)).await?;
    ledger.verdict().await?;
    kit.until("no worker once all is done", || replicas(|n| n == 0)).await?;
    kit.kubectl(&format!("-n {APPS} delete ncons/slow --timeout=180s")).await?;
    Ok(())
}
