//! A resource that wants a queue.

use crate::resource::{Meta, ResourceId};

/// A resource that wants a queue. The older one is the smaller one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claimant {
    /// When it was made, Unix seconds: the older resource wins where neither has claimed the queue yet.
    pub created_at: i64,
    /// Which resource.
    pub id: ResourceId,
}

impl Claimant {
    /// From a resource's metadata.
    pub fn of(meta: &Meta) -> Self {
        Self { created_at: meta.created_at, id: meta.id.clone() }
    }
}
