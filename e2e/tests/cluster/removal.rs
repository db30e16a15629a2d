//! Removal deletes the right objects and keeps the others.

use super::kit::{APPS, Kit, Outcome, SYSTEM};
use super::{faults, flow};

/// A queue without a worker that drains it.
const KEPT: &str = "
apiVersion: hoopoe.app/v1alpha1
kind: NotifConsumer
metadata: {name: kept}
spec:
  broker: {secretRef: {name: rabbitmq}, managementSecretRef: {name: rabbitmq-operator}}
  postgres: {secretRef: {name: postgres}, migrationSecretRef: {name: postgres-migrations}}
  lifecycle: Stopped
  queue: {name: shop.kept, deletionTimeout: 5s}
  bindings: [{exchange: shop.events, routingKey: '#'}]
  api: {enabled: false}
";

/// A drained queue is deleted with its resource. A queue with messages stays, with its messages and its dead-letter
/// queue.
pub async fn resources(kit: &Kit) -> Outcome {
    faults::ready(kit).await?;
    kit.apply(KEPT).await?;
    kit.kubectl(&format!("-n {APPS} wait --for=condition=Ready ncons/kept --timeout=180s")).await?;
    flow::http(kit).await?;
    kit.kubectl(&format!("-n {APPS} delete ncons/kept ncons/inbox nprod/orders --timeout=180s")).await?;
    let seen = kit.rabbitmqctl("-q list_queues name messages").await?;
    let names: Vec<&str> = seen
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| name.starts_with("shop."))
        .collect();
    let empty = seen.lines().any(|line| line.split_whitespace().eq(["shop.kept", "0"]));
    if names != ["shop.kept", "shop.kept.dlq"] || empty {
        return Err(format!("the broker's queues: {seen}").into());
    }
    let none =
        || async { Ok(kit.get(&format!("-n {APPS} pods")).await?["items"].as_array().is_some_and(Vec::is_empty)) };
    kit.until("no pod of ours", none).await
}

/// The operator and its rights are removed. The CRDs and the database stay.
pub async fn chart(kit: &Kit) -> Outcome {
    kit.helm(&["uninstall", "hoopoe-operator", "--namespace", SYSTEM, "--wait", "--timeout", "3m"]).await?;
    kit.kubectl("get crd notifproducers.hoopoe.app notifconsumers.hoopoe.app").await?;
    let left = kit.kubectl(&format!("-n {SYSTEM} get deployments,jobs --output name")).await?;
    if !left.trim().is_empty() {
        return Err(format!("left of the chart: {left}").into());
    }
    match kit.psql("-At", "SELECT count(*) > 0 FROM notification").await?.trim() {
        "t" => Ok(()),
        other => Err(format!("the notifications: {other}").into()),
    }
}
