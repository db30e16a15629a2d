//! Step 1: from what the API server stores to a proof that every rule holds. The steps that follow take the proof.

mod error;
mod pieces;
mod pod_template;
mod quantities;
mod workload;

use hoopoe_crds::Spec;

use crate::resource::Meta;

pub use error::ValidateError;

/// The proof that a resource holds every rule. Only [`validate`] makes one.
#[derive(Debug)]
pub struct Valid<'a, S> {
    meta: &'a Meta,
    spec: &'a S,
}

impl<'a, S> Valid<'a, S> {
    /// Which resource.
    pub fn meta(self) -> &'a Meta {
        self.meta
    }

    /// What it asks for. `spec.podTemplate` touches neither selector labels nor the container's name.
    pub fn spec(self) -> &'a S {
        self.spec
    }
}

impl<S> Clone for Valid<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Valid<'_, S> {}

/// Looks at every rule, those of the API server's CEL again: an object may have been stored under an older schema.
pub fn validate<'a, S: Spec>(meta: &'a Meta, spec: &'a S) -> Result<Valid<'a, S>, ValidateError> {
    let mut broken = hoopoe_crds::validate(&meta.id.name, spec);
    broken.extend(workload::broken_rules(&meta.id, spec.workload()));
    if broken.is_empty() { Ok(Valid { meta, spec }) } else { Err(ValidateError::FieldsInvalid(broken)) }
}

#[cfg(test)]
mod tests;
