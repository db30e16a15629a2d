//! The one form of every error over HTTP: RFC 9457 `application/problem+json`, with a `code` that stays the same for ever.

use std::time::Duration;

use axum::http::StatusCode;

use super::FieldFault;
use crate::{
    broker::PublishError,
    notif::{OwnerError, ParseError},
    store::Head,
};

/// How long a sender waits before it tries again what failed for a reason that passes: one reconnect's backoff.
const RETRY: Duration = Duration::from_secs(1);
/// Longer where retrying soon adds to the cause: a full queue, a broker that blocks, a missing exchange.
const RETRY_LATER: Duration = Duration::from_secs(5);

/// Why a request was not served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No route has this path. 404.
    #[error("nothing is served at this path")]
    NotFound,
    /// The path is known, the method is not. 405.
    #[error("this path does not take this method; see the header Allow")]
    MethodNotAllowed,
    /// A path segment or a query parameter is wrong. 400.
    #[error("the URL is wrong: {}", join(.0))]
    BadUrl(Vec<FieldFault>),
    /// A header is wrong. 400.
    #[error("a header is wrong: {}", join(std::slice::from_ref(.0)))]
    BadHeader(FieldFault),
    /// Not UTF-8, not JSON, or nested too deep. 400.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// The body ended before its announced length, or its framing is broken. 400.
    #[error("the body broke off before its end")]
    BodyBroken,
    /// The caller may not do this to this owner. 403.
    #[error("the caller may not do this")]
    Forbidden,
    /// The body did not arrive in time. 408.
    #[error("the body did not arrive within {0:?}")]
    BodyTimeout(Duration),
    /// Two notifications of one batch have the same owner and id, and differ. 409.
    #[error("an earlier notification of this batch has the same owner and id, and other content")]
    IdConflict,
    /// `upto` is of another epoch. 409, with the head.
    #[error("upto is of another epoch than the inbox: read it again")]
    OtherEpoch(Box<Head>),
    /// The body is over its limit. 413.
    #[error("the body is larger than the {limit} bytes that are taken here")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// The body is not announced as JSON. 415.
    #[error("the header Content-Type must be application/json")]
    UnsupportedMediaType,
    /// The body is JSON; some of its fields are wrong. 422.
    #[error("the body is wrong: {}", join(.0))]
    Fields(Vec<FieldFault>),
    /// `upto` is above the owner's rev. 422, with the head.
    #[error("upto is above the rev of the inbox")]
    AboveHead(Box<Head>),
    /// The pod's rate limit. 429.
    #[error("more notifications a second than this producer takes")]
    RateLimited(Duration),
    /// We are at fault; the log says why. 500.
    #[error("an error inside Hoopoe; its log says more")]
    Internal,
    /// More requests at once than this process takes. 503.
    #[error("more requests at once than this process takes")]
    Busy,
    /// The broker did not take it. 503.
    #[error("{0}")]
    Publish(PublishError),
    /// The database is away. 503.
    #[error("the database cannot be reached")]
    StoreUnavailable,
    /// Too many requests wait for the database. 503.
    #[error("too many requests wait for the database")]
    StoreOverloaded,
}

fn join(faults: &[FieldFault]) -> String {
    faults
        .iter()
        .map(|fault| format!("{} {}", fault.field, fault.detail).trim().to_owned())
        .collect::<Vec<_>>()
        .join("; ")
}

impl Problem {
    /// One wrong parameter.
    pub fn bad_parameter(name: &str, detail: impl Into<String>) -> Self {
        Self::BadUrl(vec![FieldFault::new(name, detail)])
    }

    /// One wrong field of the body.
    pub fn bad_field(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Fields(vec![FieldFault::new(name, detail)])
    }

    /// Status, code and title.
    pub(super) fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed"),
            Self::BadUrl(_) => (StatusCode::BAD_REQUEST, "bad_url", "Wrong path or query"),
            Self::BadHeader(_) => (StatusCode::BAD_REQUEST, "bad_header", "Wrong header"),
            Self::NotJson(_) => (StatusCode::BAD_REQUEST, "not_json", "The body is not JSON"),
            Self::BodyBroken => (StatusCode::BAD_REQUEST, "body_broken", "The body broke off"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Forbidden"),
            Self::BodyTimeout(_) => (StatusCode::REQUEST_TIMEOUT, "body_timeout", "The body was too slow"),
            Self::IdConflict => (StatusCode::CONFLICT, "id_conflict", "The id is taken"),
            Self::OtherEpoch(_) => (StatusCode::CONFLICT, "other_epoch", "The inbox has a new history"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large"),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Not application/json")
            }
            Self::Fields(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", "Wrong fields"),
            Self::AboveHead(_) => (StatusCode::UNPROCESSABLE_ENTITY, "above_head", "Ahead of the inbox"),
            Self::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many notifications"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Too many requests at once"),
            Self::Publish(error) => {
                let (code, title) = publish_kind(error);
                (StatusCode::SERVICE_UNAVAILABLE, code, title)
            }
            Self::StoreUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", "The database is away"),
            Self::StoreOverloaded => {
                (StatusCode::SERVICE_UNAVAILABLE, "store_overloaded", "The database is overloaded")
            }
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.kind().0
    }

    /// The stable code, also the label of metrics: a bounded set.
    pub fn code(&self) -> &'static str {
        self.kind().1
    }

    /// When a retry makes sense, rounded up to whole seconds on the wire; on every 429 and 503.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited(wait) => Some(*wait),
            Self::Publish(PublishError::Nacked | PublishError::Blocked | PublishError::ExchangeMissing) => {
                Some(RETRY_LATER)
            }
            Self::Publish(
                PublishError::Unroutable
                | PublishError::Timeout(_)
                | PublishError::Unavailable
                | PublishError::TooManyInFlight(_),
            )
            | Self::Busy
            | Self::StoreUnavailable
            | Self::StoreOverloaded => Some(RETRY),
            Self::NotFound
            | Self::MethodNotAllowed
            | Self::BadUrl(_)
            | Self::BadHeader(_)
            | Self::NotJson(_)
            | Self::BodyBroken
            | Self::Forbidden
            | Self::BodyTimeout(_)
            | Self::IdConflict
            | Self::OtherEpoch(_)
            | Self::TooLarge { .. }
            | Self::UnsupportedMediaType
            | Self::Fields(_)
            | Self::AboveHead(_)
            | Self::Internal => None,
        }
    }
}

fn publish_kind(error: &PublishError) -> (&'static str, &'static str) {
    match error {
        PublishError::Unroutable => ("unroutable", "No queue takes it"),
        PublishError::Nacked => ("queue_full", "A queue is full or unavailable"),
        PublishError::Timeout(_) => ("confirm_timeout", "The broker did not confirm in time"),
        PublishError::Blocked => ("broker_blocked", "The broker blocks publishers"),
        PublishError::Unavailable => ("broker_unavailable", "The broker is away"),
        PublishError::ExchangeMissing => ("exchange_missing", "The exchange does not exist"),
        PublishError::TooManyInFlight(_) => ("too_many_in_flight", "Too many notifications wait for a confirm"),
    }
}

impl From<ParseError> for Problem {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::TooLarge { limit, .. } => Self::TooLarge { limit },
            ParseError::NotJson(detail) => Self::NotJson(detail),
            ParseError::Fields(errors) => Self::Fields(errors.into_iter().map(FieldFault::from).collect()),
        }
    }
}

impl From<OwnerError> for Problem {
    fn from(error: OwnerError) -> Self {
        Self::bad_parameter("owner", error.to_string())
    }
}
