//! From a resource to the `WorkerConfig` of each of its workers: the one step that the operator and `hoopoe dev` share.

use crate::{
    consumer::NotifConsumerSpec,
    manifest::Resource,
    producer::NotifProducerSpec,
    worker_config::{
        AdminConfig, ApiConfig, CacheConfig, ConsumerConfig, ExchangeConfig, ProducerConfig, QueueConfig, StoreConfig,
        TelemetryConfig, TlsConfig, VERSION, WorkerConfig,
    },
    workload::{TelemetrySettings, Workload},
};

/// The config of a producer's workers. `declare`: they declare the exchange themselves (`hoopoe dev`).
pub fn producer(resource: &Resource<NotifProducerSpec>, declare: bool) -> WorkerConfig {
    let NotifProducerSpec {
        broker: _,
        exchange,
        routing_key,
        headers,
        ingress,
        publish,
        limits,
        autoscale: _,
        workload,
    } = &resource.spec;
    let producer = ProducerConfig {
        exchange: ExchangeConfig { name: exchange.name.clone(), kind: exchange.kind },
        routing_key: routing_key.clone(),
        headers: headers.clone(),
        port: ingress.http.port,
        publish: publish.clone(),
        limits: limits.clone(),
        declare,
    };
    WorkerConfig { producer: Some(producer), ..empty(resource, workload) }
}

/// The config of a consumer's workers. `declare`: they declare queue, bindings and policy themselves (`hoopoe dev`).
pub fn consumer(resource: &Resource<NotifConsumerSpec>, declare: bool) -> WorkerConfig {
    let spec = &resource.spec;
    let consumer = ConsumerConfig {
        queue: QueueConfig {
            name: spec.queue.name.clone(),
            kind: spec.queue.kind,
            max_priority: spec.queue.max_priority,
            policy: spec.queue.policy.clone(),
        },
        bindings: spec.bindings.clone(),
        consume: spec.consume.clone(),
        dead_letter_max_length: spec.dead_letter.max_length,
        // The largest that any producer takes: a consumer cannot know which of them published.
        body_bytes: 65_536,
        declare,
    };
    let (cache, store) = (spec.cache.clone(), spec.store.clone());
    WorkerConfig { consumer: Some(consumer), cache, store, ..empty(resource, &spec.workload) }
}

/// The config of a consumer's inbox API.
pub fn api(resource: &Resource<NotifConsumerSpec>) -> WorkerConfig {
    let spec = &resource.spec;
    let (cache, store) = (spec.cache.clone(), spec.store.clone());
    let api = ApiConfig { port: spec.api.port };
    WorkerConfig { api: Some(api), cache, store, ..empty(resource, &spec.workload) }
}

/// What every worker of a resource shares. TLS files are the operator's to add: it mounts them.
fn empty<S>(resource: &Resource<S>, workload: &Workload) -> WorkerConfig {
    WorkerConfig {
        version: VERSION,
        resource: resource.reference(),
        producer: None,
        consumer: None,
        api: None,
        cache: CacheConfig::default(),
        store: StoreConfig::default(),
        admin: AdminConfig::default(),
        broker_tls: TlsConfig::default(),
        postgres_tls: TlsConfig::default(),
        redis_tls: TlsConfig::default(),
        telemetry: telemetry(workload.telemetry.as_ref()),
    }
}

fn telemetry(settings: Option<&TelemetrySettings>) -> TelemetryConfig {
    let default = TelemetryConfig::default();
    let Some(TelemetrySettings { otlp_endpoint, sample_ratio }) = settings else { return default };
    TelemetryConfig {
        otlp_endpoint: otlp_endpoint.clone(),
        sample_ratio: sample_ratio.clone().unwrap_or(default.sample_ratio),
    }
}
