//! Step 3: from a validated resource to the Kubernetes objects that it needs. Pure.

mod child;
mod error;
pub mod names;
mod platform;

use crate::{
    dereference::WorkerSecrets,
    scale::Replicas,
    validate::{ValidatedConsumer, ValidatedProducer},
};

pub use child::{Child, ChildKind};
pub use error::BuildError;
pub use platform::Platform;

/// The children of a producer, in the order in which they are applied.
pub fn producer(
    resource: &ValidatedProducer,
    secrets: &WorkerSecrets,
    platform: &Platform,
    replicas: Replicas,
) -> Result<Vec<Child>, BuildError> {
    let _ = (resource, secrets, platform, replicas);
    Ok(Vec::new())
}

/// The children of a consumer, in the order in which they are applied. `worker`, `api`: the counts of its two Deployments.
pub fn consumer(
    resource: &ValidatedConsumer,
    secrets: &WorkerSecrets,
    platform: &Platform,
    worker: Replicas,
    api: Replicas,
) -> Result<Vec<Child>, BuildError> {
    let _ = (resource, secrets, platform, worker, api);
    Ok(Vec::new())
}
