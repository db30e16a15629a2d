//! What differs between the kinds before anything is written.

use hoopoe_crds::Spec;

use crate::{
    dereference::{PointsAtSecrets, WorkerSecrets},
    desired::{Child, DesiredError, Platform},
    resource::Kind,
    topology::Wanted,
    validate::Valid,
};

/// A spec as the steps see it: what each of them does for its kind.
pub trait ReconciledSpec: Spec + PointsAtSecrets {
    /// Which kind it is of.
    const KIND: Kind;

    /// What it wants of its broker. `cluster`: the id of this cluster; `None`: the caller may not know it.
    fn topology<'a>(valid: Valid<'a, Self>, cluster: Option<&'a str>) -> Wanted<'a>
    where
        Self: Sized;

    /// The Kubernetes objects that it needs, in the order in which they are applied.
    fn children(
        valid: Valid<'_, Self>,
        secrets: &WorkerSecrets,
        platform: &Platform,
        live: Live,
    ) -> Result<Vec<Child>, DesiredError>
    where
        Self: Sized;
}

/// What is known of a resource that runs already: it decides the counts that the spec leaves open.
#[derive(Clone, Copy, Debug, Default)]
pub struct Live {
    /// The count of the workers' Deployment; `None`: there is none yet.
    pub workers: Option<i32>,
    /// The count of the inbox API's Deployment; `None`: there is none yet.
    pub api: Option<i32>,
    /// What the scaler decided: `status.desiredReplicas`.
    pub decided: Option<i32>,
    /// Another resource holds the queue, so this one must not drain it.
    pub queue_taken: bool,
}
