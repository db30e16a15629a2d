//! The kinds of problems: a status, a code that never changes, and a title.

use axum::http::StatusCode;

/// One kind of problem. A surface adds its own as constants, so the codes of a surface are a bounded set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemKind {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable name that programs compare; also a label of metrics.
    pub code: &'static str,
    /// The code in words.
    pub title: &'static str,
}

impl ProblemKind {
    /// No route has this path.
    pub const NOT_FOUND: Self = Self::new(StatusCode::NOT_FOUND, "not_found", "Not found");
    /// The path is known, the method is not.
    pub const METHOD_NOT_ALLOWED: Self =
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed");
    /// A path segment or a query parameter is wrong.
    pub const BAD_URL: Self = Self::new(StatusCode::BAD_REQUEST, "bad_url", "Wrong path or query");
    /// A header is wrong.
    pub const BAD_HEADER: Self = Self::new(StatusCode::BAD_REQUEST, "bad_header", "Wrong header");
    /// The body is not UTF-8, not JSON, or nested too deep.
    pub const NOT_JSON: Self = Self::new(StatusCode::BAD_REQUEST, "not_json", "The body is not JSON");
    /// The body ended before its announced length, or its framing is broken.
    pub const BODY_BROKEN: Self = Self::new(StatusCode::BAD_REQUEST, "body_broken", "The body is incomplete");
    /// The caller is not known.
    pub const UNAUTHORIZED: Self = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized");
    /// The caller is known and may not do this.
    pub const FORBIDDEN: Self = Self::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden");
    /// The body did not arrive in time.
    pub const BODY_TIMEOUT: Self = Self::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", "The body was too slow");
    /// The body is over its limit.
    pub const TOO_LARGE: Self = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large");
    /// The body is not announced as JSON.
    pub const UNSUPPORTED_MEDIA_TYPE: Self =
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body is not application/json");
    /// The body is JSON; some of its fields are wrong.
    pub const INVALID_FIELD: Self = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", "Wrong fields");
    /// The server is at fault; its log says why.
    pub const INTERNAL: Self = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error");
    /// More requests at once than the process takes.
    pub const BUSY: Self = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too many requests at once");

    /// A kind.
    pub const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title }
    }
}
