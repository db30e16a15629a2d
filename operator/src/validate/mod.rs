//! Step 2: from what the API server stores to what every later step may rely on. After it nobody looks at raw input.

use hoopoe_crds::{consumer::NotifConsumerSpec, producer::NotifProducerSpec};
use serde_json::Value;

use crate::resource::Meta;

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
