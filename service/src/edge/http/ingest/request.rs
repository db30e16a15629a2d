//! The body and the idempotency key of a request: both routes read them in the same order, so that a request with
//! several faults has the same problem on both.

use std::time::Duration;

use axum::{body::Body, http::HeaderMap};
use bytes::Bytes;
use hoopoe_web::{BodyLimits, Query, read_body, require_json};

use super::idempotency_key::idempotency_key;
use crate::edge::http::Problem;

/// How long a body may take: 16 MiB at 5 Mbit/s.
const BODY_TIME: Duration = Duration::from_secs(30);

/// What a sender asks for.
pub(super) struct SendRequest<'a> {
    /// The body, not parsed yet.
    pub(super) body: Bytes,
    /// The `Idempotency-Key`.
    pub(super) key: Option<&'a str>,
}

impl<'a> SendRequest<'a> {
    /// Reads a request whose body has at most `bytes` bytes. The routes take no query parameter.
    pub(super) async fn read(
        headers: &'a HeaderMap,
        query: Option<&str>,
        body: Body,
        bytes: usize,
    ) -> Result<Self, Problem> {
        Query::parse(query, &[])?;
        require_json(headers)?;
        let key = idempotency_key(headers)?;
        let body = read_body(headers, body, BodyLimits { bytes, time: BODY_TIME }).await?;
        Ok(Self { body, key })
    }
}
