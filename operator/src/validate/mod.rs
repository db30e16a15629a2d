//! Step 2: from what the API server stores to what every later step may rely on. After it nobody looks at raw input.

mod error;
mod pod_template;
mod workload;

use hoopoe_crds::{
    Invalid, Manifest,
    consumer::NotifConsumerSpec,
    manifest::{API_VERSION, Metadata, Resource},
    producer::NotifProducerSpec,
    workload::Workload,
};
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

/// A producer as the API server stores it → one that holds every rule. Those of CEL are looked at again: an object may have been
/// stored under an older schema.
pub fn producer(meta: Meta, spec: NotifProducerSpec) -> Result<ValidatedProducer, ValidateError> {
    let manifest = Manifest::Producer(Box::new(as_manifest(&meta, spec.clone())));
    all_hold(hoopoe_crds::validate(&manifest), &meta, &spec.workload)?;
    let pod_template = spec.workload.pod_template.clone();
    Ok(ValidatedProducer { meta, spec, pod_template })
}

/// A consumer as the API server stores it → one that holds every rule, as [`producer`].
pub fn consumer(meta: Meta, spec: NotifConsumerSpec) -> Result<ValidatedConsumer, ValidateError> {
    let manifest = Manifest::Consumer(Box::new(as_manifest(&meta, spec.clone())));
    all_hold(hoopoe_crds::validate(&manifest), &meta, &spec.workload)?;
    let pod_template = spec.workload.pod_template.clone();
    Ok(ValidatedConsumer { meta, spec, pod_template })
}

fn all_hold(mut broken: Vec<Invalid>, meta: &Meta, workload: &Workload) -> Result<(), ValidateError> {
    broken.extend(workload::broken_rules(&meta.id, workload));
    if broken.is_empty() { Ok(()) } else { Err(ValidateError::FieldsInvalid(broken)) }
}

/// As its author would write it.
pub(crate) fn as_manifest<S>(meta: &Meta, spec: S) -> Resource<S> {
    Resource {
        api_version: API_VERSION.to_owned(),
        kind: meta.id.kind.as_str().to_owned(),
        metadata: Metadata {
            name: meta.id.name.clone(),
            namespace: meta.id.namespace.clone(),
            labels: meta.labels.clone(),
            annotations: meta.annotations.clone(),
        },
        spec,
    }
}

#[cfg(test)]
mod tests;
