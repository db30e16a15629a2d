//! The headers of every answer that shows an inbox, and the 304.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::{InboxState, etag::etag, metrics::Source};
use crate::store::Position;

const POLL_INTERVAL: HeaderName = HeaderName::from_static("x-poll-interval");
const STALE: HeaderName = HeaderName::from_static("x-hoopoe-stale");

impl InboxState {
    /// 304: the client holds this state.
    pub(in crate::edge::http) fn not_modified(&self, position: Position, stale: bool) -> Response {
        self.metrics().count(StatusCode::NOT_MODIFIED.as_u16(), Source::head);
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        self.validate(response.headers_mut(), position, stale);
        response
    }

    /// 200 with a JSON body that shows this state.
    pub(in crate::edge::http) fn show(
        &self,
        body: impl Into<Bytes>,
        position: Position,
        stale: bool,
        source: Source,
    ) -> Response {
        self.metrics().count(StatusCode::OK.as_u16(), source);
        let mut response = body.into().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.validate(headers, position, stale);
        response
    }

    fn validate(&self, headers: &mut HeaderMap, position: Position, stale: bool) {
        headers.insert(header::ETAG, etag(position));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("Authorization"));
        headers.insert(POLL_INTERVAL, self.poll_interval());
        if stale {
            headers.insert(STALE, HeaderValue::from_static("true"));
        }
    }
}
