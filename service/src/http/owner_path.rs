//! The `{owner}` of a path, decoded once: a slash comes as `%2F`, an emoji as its escaped bytes.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};

use super::{Problem, query::is_well_escaped};
use crate::notif::Owner;

/// Whose inbox the path names.
#[derive(Clone, Debug)]
pub struct OwnerPath(pub Owner);

impl<S: Send + Sync> FromRequestParts<S> for OwnerPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let not_utf8 = || Problem::bad_parameter("owner", "must be percent-encoded UTF-8");
        if !is_well_escaped(parts.uri.path()) {
            return Err(not_utf8());
        }
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| not_utf8())?;
        let owner = params.iter().find(|(name, _)| *name == "owner").map(|(_, value)| value);
        Ok(Self(Owner::parse(owner.unwrap_or_default())?))
    }
}
