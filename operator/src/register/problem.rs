//! Every error of the register port: RFC 9457 `application/problem+json`, with the codes that `hoopoe dev` has for the same.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use hoopoe_crds::{
    Invalid,
    register::{MAX_BYTES, RegistrationError},
};
use kube::core::Status;
use serde::Serialize;
use serde_json::json;

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No route has this path, or no resource this kind and name. 404.
    #[error("nothing is served at this path, or there is no such resource")]
    NotFound,
    /// 405.
    #[error("this path does not take this method; see the header Allow")]
    MethodNotAllowed,
    /// A query parameter is wrong. 400.
    #[error("the URL is wrong: {}", join(.0))]
    BadUrl(Vec<Fault>),
    /// 400.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// It ended before its announced length. 400.
    #[error("the body broke off before its end")]
    BodyBroken,
    /// There is no token, or it is no `Bearer`. 401.
    #[error("the header Authorization must be Bearer and a token of the cluster")]
    Unauthorized,
    /// 408.
    #[error("the body did not arrive in time")]
    BodyTimeout,
    /// 413.
    #[error("the body is larger than the {MAX_BYTES} bytes that are taken here")]
    TooLarge,
    /// 415.
    #[error("the header Content-Type must be application/json")]
    UnsupportedMediaType,
    /// The body is JSON; some of its fields are wrong. 422.
    #[error("the body is wrong: {}", join(.0))]
    Fields(Vec<Fault>),
    /// What the API server said to the caller's token; its status passes through.
    #[error("{}", .0.message)]
    Refused(Box<Status>),
    /// 503.
    #[error("the API server cannot be reached")]
    ApiUnreachable,
    /// 503.
    #[error("more registrations at once than are taken here")]
    Busy,
}

/// One fault of one field or parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Its name; empty for the body as a whole.
    pub field: String,
    /// What is wrong.
    pub detail: String,
}

impl Fault {
    /// A fault of this field.
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

fn join(faults: &[Fault]) -> String {
    let sentence = |fault: &Fault| format!("{} {}", fault.field, fault.detail).trim().to_owned();
    faults.iter().map(sentence).collect::<Vec<_>>().join("; ")
}

impl Problem {
    /// Status, code and title.
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::NotFound => (S::NOT_FOUND, "not_found", "Not found"),
            Self::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed"),
            Self::BadUrl(_) => (S::BAD_REQUEST, "bad_url", "Wrong path or query"),
            Self::NotJson(_) => (S::BAD_REQUEST, "not_json", "The body is not JSON"),
            Self::BodyBroken => (S::BAD_REQUEST, "body_broken", "The body broke off"),
            Self::Unauthorized => (S::UNAUTHORIZED, "unauthorized", "Who is asking?"),
            Self::BodyTimeout => (S::REQUEST_TIMEOUT, "body_timeout", "The body was too slow"),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "too_large", "The body is too large"),
            Self::UnsupportedMediaType => (S::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Not application/json"),
            Self::Fields(_) => (S::UNPROCESSABLE_ENTITY, "invalid_field", "Wrong fields"),
            Self::Refused(status) => refused(status.code),
            Self::ApiUnreachable => (S::SERVICE_UNAVAILABLE, "api_unavailable", "The API server is away"),
            Self::Busy => (S::SERVICE_UNAVAILABLE, "busy", "Too many requests at once"),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::BadUrl(faults) | Self::Fields(faults) => faults.clone(),
            Self::Refused(status) => {
                let causes = status.details.iter().flat_map(|details| &details.causes);
                causes.map(|cause| Fault::new(cause.field.as_str(), cause.message.as_str())).collect()
            }
            Self::NotFound
            | Self::MethodNotAllowed
            | Self::NotJson(_)
            | Self::BodyBroken
            | Self::Unauthorized
            | Self::BodyTimeout
            | Self::TooLarge
            | Self::UnsupportedMediaType
            | Self::ApiUnreachable
            | Self::Busy => Vec::new(),
        }
    }
}

/// What the API server's status becomes: its own where a client can do something about it, else 503.
fn refused(code: u16) -> (StatusCode, &'static str, &'static str) {
    match code {
        400 => (StatusCode::BAD_REQUEST, "refused", "The API server refused it"),
        401 => (StatusCode::UNAUTHORIZED, "unauthorized", "Who is asking?"),
        403 => (StatusCode::FORBIDDEN, "forbidden", "Forbidden"),
        404 => (StatusCode::NOT_FOUND, "not_found", "Not found"),
        409 => (StatusCode::CONFLICT, "conflict", "Somebody else set it"),
        422 => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", "Wrong fields"),
        429 => (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "api_unavailable", "The API server is away"),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, title) = self.kind();
        let mut document = json!({
            "type": format!("urn:hoopoe:problem:{code}"), "title": title, "status": status.as_u16(),
            "detail": self.to_string(), "code": code,
        });
        let faults = self.faults();
        if !faults.is_empty() {
            document["errors"] = json!(faults);
        }
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, document.to_string()).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<RegistrationError> for Problem {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::NotJson(detail) => Self::NotJson(detail),
            RegistrationError::Field { field, detail } => Self::Fields(vec![Fault::new(field, detail)]),
        }
    }
}

impl From<Vec<Invalid>> for Problem {
    fn from(broken: Vec<Invalid>) -> Self {
        Self::Fields(broken.into_iter().map(|rule| Fault::new(rule.field, rule.detail)).collect())
    }
}

impl From<kube::Error> for Problem {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Refused(status),
            error => {
                tracing::warn!(%error, "a registration did not reach the API server");
                Self::ApiUnreachable
            }
        }
    }
}
