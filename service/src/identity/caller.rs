//! The caller of a request, and the only place that decides what it may do.

use super::{Denied, MayPublish, Readable, Writable};
use crate::notif::Owner;

/// A verified caller. Only verifiers make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller(Identity);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity {
    /// Authentication is not built yet: every caller may do everything.
    Anonymous,
}

impl Caller {
    /// A caller whose identity is not known.
    pub(super) fn anonymous() -> Self {
        Self(Identity::Anonymous)
    }

    /// The proof that it may read this inbox.
    pub fn readable(&self, owner: Owner) -> Result<Readable, Denied> {
        match self.0 {
            Identity::Anonymous => Ok(Readable::granted(owner)),
        }
    }

    /// The proof that it may change the read state of this inbox.
    pub fn writable(&self, owner: Owner) -> Result<Writable, Denied> {
        match self.0 {
            Identity::Anonymous => Ok(Writable::granted(owner)),
        }
    }

    /// The proof that it may send notifications.
    pub fn may_publish(&self) -> Result<MayPublish, Denied> {
        match self.0 {
            Identity::Anonymous => Ok(MayPublish::granted()),
        }
    }
}
