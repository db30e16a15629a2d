//! Proofs that a caller may do something. Their fields are private: only [`super::Caller`] makes one.

use crate::notif::Owner;

/// The caller may not do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the caller may not do this")]
pub struct Denied;

/// An owner whose inbox the caller may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readable(Owner);

/// An owner whose read state the caller may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writable(Owner);

/// The caller may send notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MayPublish(());

impl Readable {
    pub(super) fn granted(owner: Owner) -> Self {
        Self(owner)
    }

    /// The owner of the inbox.
    pub fn owner(&self) -> &Owner {
        &self.0
    }
}

impl Writable {
    pub(super) fn granted(owner: Owner) -> Self {
        Self(owner)
    }

    /// The owner of the inbox.
    pub fn owner(&self) -> &Owner {
        &self.0
    }
}

impl MayPublish {
    pub(super) fn granted() -> Self {
        Self(())
    }
}
