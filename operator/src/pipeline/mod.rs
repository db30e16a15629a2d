//! The steps of a resource before anything is written, composed once: both controllers, `plan`, `render` and `explain`
//! take them from here.
//!
//! [`prepare`] validates a resource and reads its Secrets. A [`Prepared`] resource says what it wants of its broker and
//! which Kubernetes objects it needs. [`ReconciledSpec`] is what differs between the kinds in these steps.

mod consumer;
mod producer;
mod spec;

use crate::{
    dereference::{self, BrokerAccess, DereferenceError, Dereferenced, SecretReader, WorkerSecrets},
    desired::{Child, DesiredError, Platform},
    resource::Meta,
    topology::Wanted,
    validate::{self, Valid, ValidateError},
};

pub use spec::{Live, ReconciledSpec};

/// A valid resource whose Secrets were read.
#[derive(Debug)]
pub struct Prepared<'a, S> {
    valid: Valid<'a, S>,
    broker: BrokerAccess,
    secrets: WorkerSecrets,
}

/// Why a resource cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// It breaks a rule.
    #[error(transparent)]
    Invalid(#[from] ValidateError),
    /// A Secret is missing or wrong.
    #[error(transparent)]
    Secrets(#[from] DereferenceError),
}

/// Validates a resource, and reads its Secrets. A resource that breaks a rule costs no read.
pub async fn prepare<'a, S: ReconciledSpec>(
    meta: &'a Meta,
    spec: &'a S,
    reader: &impl SecretReader,
) -> Result<Prepared<'a, S>, PrepareError> {
    let valid = validate::validate(meta, spec)?;
    let Dereferenced { broker, workers } = dereference::dereference(meta, spec, reader).await?;
    Ok(Prepared { valid, broker, secrets: workers })
}

impl<'a, S: ReconciledSpec> Prepared<'a, S> {
    /// How its broker is reached.
    pub fn broker(&self) -> &BrokerAccess {
        &self.broker
    }

    /// What it wants of its broker. `cluster`: the id of this cluster; `None`: the caller may not know it.
    pub fn topology(&self, cluster: Option<&'a str>) -> Wanted<'a> {
        S::topology(self.valid, cluster)
    }

    /// The Kubernetes objects that it needs, in the order in which they are applied.
    pub fn children(&self, platform: &Platform, live: Live) -> Result<Vec<Child>, DesiredError> {
        S::children(self.valid, &self.secrets, platform, live)
    }
}
