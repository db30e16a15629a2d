//! For workers whose exchange and queue the operator declares.

use super::parts;
use crate::{
    consumer::NotifConsumerSpec,
    producer::NotifProducerSpec,
    worker_config::{
        AdminConfig, ApiConfig, CacheConfig, ConsumerConfig, QueueConfig, QueuePolicy, QueueType, ResourceRef,
        StoreConfig, TelemetryConfig, TlsConfig, VERSION, WorkerConfig, default_dead_letter_max_length,
    },
    workload::{TelemetrySettings, Workload},
};

/// The config of a producer's workers.
pub fn producer(resource: ResourceRef, spec: &NotifProducerSpec) -> WorkerConfig {
    WorkerConfig { producer: Some(parts::producer(spec, false)), ..common(resource, &spec.workload) }
}

/// The config of a consumer's workers. It holds only what they read, so that a change of a binding rolls no worker. Of
/// the queue's policy they read the delivery limit: the guard against crash loops needs it.
pub fn consumer(resource: ResourceRef, spec: &NotifConsumerSpec) -> WorkerConfig {
    let policy = QueuePolicy { delivery_limit: spec.queue.policy.delivery_limit, ..QueuePolicy::default() };
    let consumer = ConsumerConfig {
        queue: QueueConfig { name: spec.queue.name.clone(), kind: QueueType::default(), max_priority: None, policy },
        bindings: Vec::new(),
        dead_letter_max_length: default_dead_letter_max_length(),
        consume: spec.consume.clone(),
        body_bytes: parts::LARGEST_BODY,
        declare: false,
    };
    WorkerConfig { consumer: Some(consumer), ..with_inbox(resource, spec) }
}

/// The config of a consumer's inbox API.
pub fn api(resource: ResourceRef, spec: &NotifConsumerSpec) -> WorkerConfig {
    WorkerConfig { api: Some(ApiConfig { port: spec.api.port }), ..with_inbox(resource, spec) }
}

fn with_inbox(resource: ResourceRef, spec: &NotifConsumerSpec) -> WorkerConfig {
    let (cache, store) = (spec.cache.clone(), spec.store.clone());
    WorkerConfig { cache, store, ..common(resource, &spec.workload) }
}

/// What every worker of a resource shares. The operator adds the TLS files: it mounts them.
fn common(resource: ResourceRef, workload: &Workload) -> WorkerConfig {
    WorkerConfig {
        version: VERSION,
        resource,
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
