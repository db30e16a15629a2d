//! What the configs for a cluster and those for `hoopoe dev` have in common.

use crate::{
    producer::NotifProducerSpec,
    worker_config::{ExchangeConfig, ProducerConfig},
};

/// The largest notification that any producer takes: a consumer cannot know which of them published.
pub(super) const LARGEST_BODY: u32 = 65_536;

/// A producer's own part. `declare`: its worker declares the exchange.
pub(super) fn producer(spec: &NotifProducerSpec, declare: bool) -> ProducerConfig {
    let NotifProducerSpec {
        broker: _,
        exchange,
        routing_key,
        headers,
        ingress,
        publish,
        limits,
        autoscale: _,
        workload: _,
    } = spec;
    ProducerConfig {
        exchange: ExchangeConfig { name: exchange.name.clone(), kind: exchange.kind },
        routing_key: routing_key.clone(),
        headers: headers.clone(),
        port: ingress.http.port,
        publish: publish.clone(),
        limits: limits.clone(),
        declare,
    }
}
