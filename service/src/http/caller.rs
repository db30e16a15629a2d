//! Who is asking. The one place where a caller's identity is checked, and the only one that decides what it may do.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};

use super::Problem;
use crate::notif::Owner;

/// The caller of a request. Every route asks it before it does anything; [`super::Guard`] puts it into every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular: authentication is not built yet, and every caller may do everything.
    Anonymous,
}

impl Caller {
    /// Finds out who is asking, before any handler runs.
    pub fn identify(headers: &HeaderMap) -> Result<Self, Problem> {
        let _ = headers;
        Ok(Self::Anonymous)
    }

    /// Whether it may read this inbox.
    pub fn may_read(&self, owner: &Owner) -> Result<(), Problem> {
        let _ = owner;
        match self {
            Self::Anonymous => Ok(()),
        }
    }

    /// Whether it may change the read state of this inbox.
    pub fn may_write(&self, owner: &Owner) -> Result<(), Problem> {
        let _ = owner;
        match self {
            Self::Anonymous => Ok(()),
        }
    }

    /// Whether it may send notifications.
    pub fn may_publish(&self) -> Result<(), Problem> {
        match self {
            Self::Anonymous => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    /// Closed by default: a route that does not stand behind the guard answers 500 and does nothing.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("a route stands outside the guard");
            Problem::Internal
        })
    }
}
