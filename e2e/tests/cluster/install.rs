//! Helm installs the operator, and upgrades it; resources become Ready.

use std::time::Duration;

use super::kit::{APPS, Kit, Outcome, SYSTEM};
use super::ledger::Ledger;

const CHART: &str = "charts/hoopoe-operator";

/// The resources of the tests: the examples, with two workers each, on different nodes, and room for one of them to go.
const RESOURCES: &str = "
apiVersion: hoopoe.app/v1alpha1
kind: NotifProducer
metadata: {name: orders}
spec:
  broker: {secretRef: {name: rabbitmq}}
  exchange: {name: shop.events}
  replicas: 2
  placement: {spread: Required}
---
apiVersion: hoopoe.app/v1alpha1
kind: NotifConsumer
metadata: {name: inbox}
spec:
  broker: {secretRef: {name: rabbitmq}}
  postgres: {secretRef: {name: postgres}}
  redis: {secretRef: {name: redis}}
  queue: {name: shop.inbox}
  bindings: [{exchange: shop.events, routingKey: '#'}]
  replicas: 2
  placement: {spread: Required}
";

/// Installs the chart, the images by digest, with two operators of which one leads.
pub async fn chart(kit: &Kit) -> Outcome {
    helm(kit, "install", &[]).await?;
    kit.kubectl(&format!("-n {SYSTEM} rollout status deployment/hoopoe-operator --timeout=60s")).await?;
    kit.kubectl("wait --for=condition=Established crd/notifproducers.hoopoe.app crd/notifconsumers.hoopoe.app").await?;
    Ok(())
}

async fn helm(kit: &Kit, verb: &str, more: &[&str]) -> Outcome {
    let (operator, worker) = (&kit.images.operator, &kit.images.worker);
    let values = [
        format!("image.repository={}", operator.repository),
        format!("image.digest={}", operator.digest),
        format!("worker.image.repository={}", worker.repository),
        format!("worker.image.digest={}", worker.digest),
        "replicas=2".to_owned(),
    ];
    let set: Vec<&str> = values.iter().flat_map(|value| ["--set", value.as_str()]).collect();
    let fixed = [verb, "hoopoe-operator", CHART, "--namespace", SYSTEM, "--wait", "--timeout", "2m"];
    kit.helm(&[&fixed[..], &set, more].concat()).await.map(drop)
}

/// Applies the resources; both are Ready, and so says `kubectl get`.
pub async fn resources(kit: &Kit) -> Outcome {
    kit.apply(RESOURCES).await?;
    kit.kubectl(&format!("-n {APPS} wait --for=condition=Ready nprod/orders ncons/inbox --timeout=120s")).await?;
    let shown = kit.kubectl(&format!("-n {APPS} get hoopoe")).await?;
    eprintln!("{shown}");
    match shown.contains("2/2") {
        true => Ok(()),
        false => Err("the columns do not say 2/2".into()),
    }
}

/// `helm upgrade` with another value while notifications flow.
pub async fn upgrade(kit: &Kit) -> Outcome {
    let ledger = Ledger::start(kit, Duration::from_secs(20)).await?;
    helm(kit, "upgrade", &["--set", "podAnnotations.upgraded=yes"]).await?;
    ledger.verdict().await
}
