//! Proofs of permission as arguments of a handler. A handler gets an owner from a request only through them.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use hoopoe_web::is_well_escaped;

use super::{Draining, Problem};
use crate::{
    identity::{Caller, MayPublish, Readable, Writable},
    notif::Owner,
};

/// What the guard adds to every request that it lets through.
#[derive(Clone)]
pub(super) struct Admission {
    /// The caller.
    pub(super) caller: Caller,
    /// Tells when the listener stops.
    pub(super) draining: Draining,
}

/// Closed by default: a route without the guard before it answers 500 and does nothing.
fn admission(parts: &Parts) -> Result<&Admission, Problem> {
    parts.extensions.get::<Admission>().ok_or_else(|| {
        tracing::error!("a route was called without the guard; the request is refused");
        Problem::internal()
    })
}

/// The `{owner}` of a path, decoded once: a slash is sent as `%2F`, an emoji as its escaped bytes.
async fn owner_in_path<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Owner, Problem> {
    let not_utf8 = || Problem::bad_parameter("owner", "must be percent-encoded UTF-8");
    if !is_well_escaped(parts.uri.path()) {
        return Err(not_utf8());
    }
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| not_utf8())?;
    let owner = params.iter().find(|(name, _)| *name == "owner").map(|(_, value)| value);
    Ok(Owner::parse(owner.unwrap_or_default())?)
}

impl<S: Send + Sync> FromRequestParts<S> for Readable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let owner = owner_in_path(parts, state).await?;
        Ok(admission(parts)?.caller.readable(owner)?)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Writable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let owner = owner_in_path(parts, state).await?;
        Ok(admission(parts)?.caller.writable(owner)?)
    }
}

impl<S: Sync> FromRequestParts<S> for MayPublish {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(admission(parts)?.caller.may_publish()?)
    }
}

/// For a route without an owner in its path. The handler asks the caller for the proof itself.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(admission(parts)?.caller.clone())
    }
}

impl<S: Sync> FromRequestParts<S> for Draining {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(admission(parts)?.draining.clone())
    }
}
