//! Helm installs and upgrades the operator, and resources become Ready.

use std::time::Duration;

use super::kit::{APPS, IN_BROKER, Kit, Outcome, PSQL, SYSTEM};
use super::ledger::Ledger;

const CHART: &str = "charts/hoopoe-operator";

/// The resources of the tests: the examples with two workers each, on different nodes, of which one may be evicted.
const RESOURCES: &str = "
apiVersion: hoopoe.app/v1alpha1
kind: NotifProducer
metadata: {name: orders}
spec:
  broker: {secretRef: {name: rabbitmq}, managementSecretRef: {name: rabbitmq-operator}}
  exchange: {name: shop.events}
  replicas: 2
  placement: {spread: Required}
---
apiVersion: hoopoe.app/v1alpha1
kind: NotifConsumer
metadata: {name: inbox}
spec:
  broker: {secretRef: {name: rabbitmq}, managementSecretRef: {name: rabbitmq-operator}}
  postgres: {secretRef: {name: postgres}, migrationSecretRef: {name: postgres-migrations}}
  redis: {secretRef: {name: redis}}
  queue: {name: shop.inbox}
  bindings: [{exchange: shop.events, routingKey: '#'}]
  replicas: 2
  placement: {spread: Required}
";

/// Installs the chart and runs the chart's own test.
pub async fn chart(kit: &Kit) -> Outcome {
    helm(kit, "install", CHART).await?;
    agrees(kit).await
}

/// Installs the chart of the previous version, which `charts/next-version.sh` has kept, and runs its test.
pub async fn previous_chart(kit: &Kit) -> Outcome {
    helm(kit, "install", &hoopoe_e2e::previous_chart("hoopoe-operator")?.to_string_lossy()).await?;
    agrees(kit).await
}

/// The chart's own test passes, and the API server serves the definitions.
async fn agrees(kit: &Kit) -> Outcome {
    kit.kubectl(&format!("-n {SYSTEM} rollout status deployment/hoopoe-operator --timeout=180s")).await?;
    kit.kubectl("wait --for=condition=Established crd/notifproducers.hoopoe.app crd/notifconsumers.hoopoe.app").await?;
    kit.helm(&["test", "hoopoe-operator", "--namespace", SYSTEM, "--timeout", "3m"]).await?;
    Ok(())
}

/// Runs `helm install` or `helm upgrade` with images by digest and with two operators, of which one leads.
async fn helm(kit: &Kit, verb: &str, chart: &str) -> Outcome {
    let (operator, worker) = (&kit.images.operator, &kit.images.worker);
    let values = [
        format!("image.repository={}", operator.repository),
        format!("image.digest={}", operator.digest),
        format!("worker.image.repository={}", worker.repository),
        format!("worker.image.digest={}", worker.digest),
        "replicas=2".to_owned(),
    ];
    let set: Vec<&str> = values.iter().flat_map(|value| ["--set", value.as_str()]).collect();
    let fixed = [verb, "hoopoe-operator", chart, "--namespace", SYSTEM, "--wait", "--timeout", "3m"];
    kit.helm(&[&fixed[..], &set].concat()).await.map(drop)
}

/// Adds the Secrets of users that have only the rights in the chart's README.
const SECRETS: &str = "
apiVersion: v1
kind: Secret
metadata: {name: rabbitmq}
stringData: {host: rabbitmq.backends.svc, port: '5672', username: hoopoe-workers, password: workers}
---
apiVersion: v1
kind: Secret
metadata: {name: rabbitmq-operator}
stringData: {managementUri: 'http://hoopoe-operator:operator@rabbitmq.backends.svc:15672'}
---
apiVersion: v1
kind: Secret
metadata: {name: postgres}
stringData: {uri: 'postgres://hoopoe_workers:workers@postgres.backends.svc:5432/hoopoe'}
---
apiVersion: v1
kind: Secret
metadata: {name: postgres-migrations}
stringData: {uri: 'postgres://hoopoe_migrations:migrations@postgres.backends.svc:5432/hoopoe'}
---
apiVersion: v1
kind: Secret
metadata: {name: redis}
stringData: {uri: 'redis://:hoopoe@redis.backends.svc:6379/0'}
";

/// Creates users with the fewest rights, with the same files that the chart's README shows.
pub async fn least_rights(kit: &Kit) -> Outcome {
    let broker = format!("{IN_BROKER} QUEUES=shop[.][a-z]+ WORKERS_PASSWORD=workers OPERATOR_PASSWORD=operator sh -s");
    kit.pipe(&broker, include_str!("../../../charts/hoopoe/grants/rabbitmq.sh")).await?;
    let passwords = "-v migrations_password=migrations -v workers_password=workers";
    kit.pipe(
        &format!("{PSQL} -v ON_ERROR_STOP=1 {passwords} -f -"),
        include_str!("../../../charts/hoopoe/grants/postgres.sql"),
    )
    .await?;
    kit.apply(SECRETS).await
}

/// Applies the resources and waits until both are Ready, also in the output of `kubectl get`.
pub async fn resources(kit: &Kit) -> Outcome {
    kit.apply(RESOURCES).await?;
    kit.kubectl(&format!("-n {APPS} wait --for=condition=Ready nprod/orders ncons/inbox --timeout=180s")).await?;
    let shown = kit.kubectl(&format!("-n {APPS} get hoopoe")).await?;
    eprintln!("{shown}");
    if shown.contains("2/2") { Ok(()) } else { Err("the columns do not say 2/2".into()) }
}

/// Runs `helm upgrade` from the previous chart while notifications flow. The operators change, the resources do not.
pub async fn upgrade(kit: &Kit) -> Outcome {
    let before = [identities(kit).await?, operators(kit).await?];
    let ledger = Ledger::start(kit, Duration::from_secs(20)).await?;
    helm(kit, "upgrade", CHART).await?;
    agrees(kit).await?;
    ledger.verdict().await?;
    if identities(kit).await? != before[0] {
        return Err("definitions or resources were made anew".into());
    }
    if operators(kit).await? == before[1] {
        return Err("the upgrade changed nothing".into());
    }
    Ok(())
}

/// The ids of the objects that an upgrade must keep: both definitions and both resources.
async fn identities(kit: &Kit) -> Outcome<String> {
    let definitions =
        "get crd/notifproducers.hoopoe.app crd/notifconsumers.hoopoe.app -o jsonpath={.items[*].metadata.uid}";
    let resources = format!("-n {APPS} get nprod/orders ncons/inbox -o jsonpath={{.items[*].metadata.uid}}");
    Ok(kit.kubectl(definitions).await? + " " + &kit.kubectl(&resources).await?)
}

/// The version of the operators' Deployment.
async fn operators(kit: &Kit) -> Outcome<String> {
    kit.kubectl(&format!("-n {SYSTEM} get deployment/hoopoe-operator -o jsonpath={{.metadata.labels.helm\\.sh/chart}}"))
        .await
}
