//! Step 4: from a valid resource to the Kubernetes objects that it needs. Pure.

mod child;
mod container;
mod deployed_role;
mod deployment;
mod error;
#[cfg(test)]
pub(crate) mod fixtures;
mod metadata;
mod network_policy;
mod of_role;
mod placement;
mod platform;
mod pod;
mod resources;
mod rollout;
mod surroundings;
mod worker_config;

use hoopoe_crds::{consumer::NotifConsumerSpec, producer::NotifProducerSpec, worker_configs::for_cluster};

use self::{deployed_role::DeployedRole, metadata::Family};
use crate::{dereference::WorkerSecrets, names::Component, scale::Replicas, validate::Valid};

pub use child::{Child, ChildKind};
pub use error::DesiredError;
pub use platform::Platform;

/// How long a server lets requests in progress finish once it stops (`service`: `ServerLimits::drain`), and a margin.
const DRAIN_SECONDS: u64 = 10;
const MARGIN_SECONDS: u64 = 5;
/// Seconds that a consumer's pod gets to stop, in addition to its `drainTimeout`.
const CONSUMER_GRACE_SECONDS: u64 = 10;

/// The children of a producer, in the order in which they are applied.
pub fn producer(
    valid: Valid<NotifProducerSpec>,
    secrets: &WorkerSecrets,
    platform: &Platform,
    replicas: Replicas,
) -> Result<Vec<Child>, DesiredError> {
    let (meta, spec) = (valid.meta(), valid.spec());
    let family = Family { meta, workload: &spec.workload, component: Component::Producer };
    let config = for_cluster::producer(meta.reference(), spec);
    let memory = config.producer.as_ref().map_or(0, resources::producer_memory);
    let config = worker_config::finished(config, platform, &secrets.worker, spec.broker.tls.as_ref(), None, None);
    let workers = DeployedRole {
        family,
        platform,
        config,
        secrets: &secrets.worker,
        migrate: None,
        servers: &secrets.servers,
        port: Some(spec.ingress.http.port),
        replicas,
        autoscale: spec.autoscale.as_ref(),
        // Confirms may come as late as the timeout after the last request was taken.
        grace_seconds: listener_grace() + whole_seconds(spec.publish.timeout.0),
        memory,
    };
    let (account, made) = of_role::account(&family);
    let mut children: Vec<Child> = made.into_iter().collect();
    children.extend(of_role::children(&workers, &account)?);
    Ok(in_order(children))
}

/// The children of a consumer, in the order in which they are applied. `worker`, `api`: the counts of its two
/// Deployments.
pub fn consumer(
    valid: Valid<NotifConsumerSpec>,
    secrets: &WorkerSecrets,
    platform: &Platform,
    worker: Replicas,
    api: Replicas,
) -> Result<Vec<Child>, DesiredError> {
    let (meta, spec) = (valid.meta(), valid.spec());
    let redis_tls = spec.redis.as_ref().and_then(|redis| redis.tls.as_ref());
    let (broker_tls, postgres_tls) = (spec.broker.tls.as_ref(), spec.postgres.tls.as_ref());
    let family = Family { meta, workload: &spec.workload, component: Component::Consumer };

    let config = for_cluster::consumer(meta.reference(), spec);
    let memory = config.consumer.as_ref().map_or(0, resources::consumer_memory);
    let workers = DeployedRole {
        family,
        platform,
        config: worker_config::finished(config, platform, &secrets.worker, broker_tls, postgres_tls, redis_tls),
        secrets: &secrets.worker,
        migrate: Some(&secrets.migrate),
        servers: &secrets.servers,
        port: None,
        replicas: worker,
        autoscale: None,
        grace_seconds: whole_seconds(spec.consume.drain_timeout.0) + CONSUMER_GRACE_SECONDS,
        memory,
    };
    let (account, made) = of_role::account(&family);
    let mut children: Vec<Child> = made.into_iter().collect();
    children.extend(of_role::children(&workers, &account)?);

    if spec.api.enabled {
        let config = for_cluster::api(meta.reference(), spec);
        let api = DeployedRole {
            family: Family { component: Component::Api, ..family },
            platform,
            config: worker_config::finished(config, platform, &secrets.api, None, postgres_tls, redis_tls),
            secrets: &secrets.api,
            migrate: Some(&secrets.migrate),
            servers: &secrets.servers,
            port: Some(spec.api.port),
            replicas: api,
            autoscale: spec.api.autoscale.as_ref(),
            grace_seconds: listener_grace(),
            memory: resources::api_memory(),
        };
        children.extend(of_role::children(&api, &account)?);
    }
    Ok(in_order(children))
}

fn in_order(mut children: Vec<Child>) -> Vec<Child> {
    children.sort_by_key(|child| child.kind);
    children
}

fn listener_grace() -> u64 {
    container::PRE_STOP_SECONDS + DRAIN_SECONDS + MARGIN_SECONDS
}

fn whole_seconds(duration: std::time::Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
