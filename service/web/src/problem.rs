//! The one form of every error over HTTP: RFC 9457 `application/problem+json`, with a `code` that never changes.

use std::{borrow::Cow, fmt, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{BadUrl, BodyError, FieldFault, ProblemDocument, ProblemKind, StandardMembers};

/// How long a client waits before it tries again after a 429 or a 503, unless the problem says otherwise.
const RETRY: Duration = Duration::from_secs(1);

/// Why a request was not served. `M`: the members that a surface adds to the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem<M>(Box<Told<M>>);

/// The content of a problem. It is boxed, so that a `Result` with a problem in it stays small.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told<M> {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    errors: Vec<FieldFault>,
    retry_after: Option<Duration>,
    members: M,
}

impl<M: Default> Problem<M> {
    /// A problem of this kind. 429 and 503 ask for a retry after a second; see [`Problem::retry_in`].
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        let passes = matches!(kind.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        let (detail, retry_after) = (detail.into(), passes.then_some(RETRY));
        Self(Box::new(Told { kind, detail, errors: Vec::new(), retry_after, members: M::default() }))
    }

    /// A problem of this kind whose detail lists the faults after `what`.
    fn with_faults(kind: ProblemKind, what: &str, errors: Vec<FieldFault>) -> Self {
        let sentence = |fault: &FieldFault| format!("{} {}", fault.field, fault.detail).trim().to_owned();
        let faults = errors.iter().map(sentence).collect::<Vec<_>>().join("; ");
        Self::new(kind, format!("{what}: {faults}")).errors_are(errors)
    }

    /// No route has this path. 404.
    pub fn not_found() -> Self {
        Self::new(ProblemKind::NOT_FOUND, "nothing is served at this path")
    }

    /// The path is known, the method is not. 405.
    pub fn method_not_allowed() -> Self {
        Self::new(ProblemKind::METHOD_NOT_ALLOWED, "this path does not take this method; see the header Allow")
    }

    /// One parameter of the path or the query is wrong. 400.
    pub fn bad_parameter(name: &str, detail: impl Into<String>) -> Self {
        BadUrl::parameter(name, detail).into()
    }

    /// A header is wrong. 400.
    pub fn bad_header(fault: FieldFault) -> Self {
        Self::with_faults(ProblemKind::BAD_HEADER, "a header is wrong", vec![fault])
    }

    /// The body is not UTF-8, not JSON, or nested too deep. 400.
    pub fn not_json(detail: impl fmt::Display) -> Self {
        Self::new(ProblemKind::NOT_JSON, format!("the body is not JSON: {detail}"))
    }

    /// The body is JSON; these of its fields are wrong. 422.
    pub fn bad_fields(faults: Vec<FieldFault>) -> Self {
        Self::with_faults(ProblemKind::INVALID_FIELD, "the body is wrong", faults)
    }

    /// One field of the body is wrong. 422.
    pub fn bad_field(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::bad_fields(vec![FieldFault::new(name, detail)])
    }

    /// The server is at fault; the caller has logged why. 500.
    pub fn internal() -> Self {
        Self::new(ProblemKind::INTERNAL, "Hoopoe failed with an internal error; its log gives the cause")
    }
}

impl<M> Problem<M> {
    /// The fields at fault.
    #[must_use]
    pub fn errors_are(mut self, errors: Vec<FieldFault>) -> Self {
        self.0.errors = errors;
        self
    }

    /// When a retry makes sense.
    #[must_use]
    pub fn retry_in(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Changes the members that the surface adds to the document.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut M)) -> Self {
        change(&mut self.0.members);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.kind.status
    }

    /// The stable code, also a label of metrics.
    pub fn code(&self) -> &'static str {
        self.0.kind.code
    }

    /// The fields, parameters or headers at fault.
    pub fn errors(&self) -> &[FieldFault] {
        &self.0.errors
    }

    /// When a retry makes sense, rounded up to whole seconds on the wire; on every 429 and 503.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The document that is sent.
    pub fn into_document(self) -> ProblemDocument<M> {
        let Told { kind: ProblemKind { status, code, title }, detail, errors, retry_after: _, members } = *self.0;
        let standard = StandardMembers {
            kind: format!("urn:hoopoe:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: detail.into_owned(),
            code,
            errors,
        };
        ProblemDocument { standard, members }
    }
}

impl<M> fmt::Display for Problem<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl<M: fmt::Debug> std::error::Error for Problem<M> {}

/// `Retry-After` counts whole seconds, at least one: 0 would tell clients to spin.
pub fn retry_seconds(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX))
}

impl<M: Serialize> IntoResponse for Problem<M> {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.status(), self.retry_after());
        // A document of texts and numbers always serializes.
        let body = serde_json::to_vec(&self.into_document()).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, retry_seconds(wait));
        }
        response
    }
}

impl<M: Default> From<BadUrl> for Problem<M> {
    fn from(BadUrl(faults): BadUrl) -> Self {
        Self::with_faults(ProblemKind::BAD_URL, "the URL is wrong", faults)
    }
}

impl<M: Default> From<BodyError> for Problem<M> {
    fn from(error: BodyError) -> Self {
        let kind = match error {
            BodyError::UnsupportedMediaType => ProblemKind::UNSUPPORTED_MEDIA_TYPE,
            BodyError::TooLarge { .. } => ProblemKind::TOO_LARGE,
            BodyError::Timeout(_) => ProblemKind::BODY_TIMEOUT,
            BodyError::Broken => ProblemKind::BODY_BROKEN,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NoMembers;

    #[test]
    fn what_passes_says_when_to_retry_and_nothing_else_does() {
        let busy = || Problem::<NoMembers>::new(ProblemKind::BUSY, "too many");
        for (problem, seconds) in
            [(busy(), "1"), (busy().retry_in(Duration::from_millis(1)), "1"), (busy().retry_in(RETRY * 5), "5")]
        {
            let response = problem.into_response();
            assert_eq!(
                (response.status().as_u16(), &response.headers()[header::RETRY_AFTER]),
                (503, &seconds.parse().unwrap())
            );
        }
        let response = Problem::<NoMembers>::bad_field("owner", "must be there").into_response();
        assert_eq!(response.status(), 422);
        assert!(response.headers().get(header::RETRY_AFTER).is_none());
    }

    #[test]
    fn a_document_names_code_field_and_the_surface_s_own_members() {
        #[derive(Default, Serialize)]
        struct Members {
            id: Option<u8>,
        }
        let problem =
            Problem::<Members>::bad_field("kind", "must be 1 to 64 bytes").with(|members| members.id = Some(7));
        let json = serde_json::to_string(&problem.into_document()).unwrap();
        let expected = concat!(
            r#"{"type":"urn:hoopoe:problem:invalid_field","title":"Wrong fields","status":422,"#,
            r#""detail":"the body is wrong: kind must be 1 to 64 bytes","code":"invalid_field","#,
            r#""errors":[{"field":"kind","detail":"must be 1 to 64 bytes"}],"id":7}"#
        );
        assert_eq!(json, expected);
        let bare = serde_json::to_value(Problem::<NoMembers>::not_found().into_document()).unwrap();
        assert!(bare.get("errors").is_none() && bare.get("id").is_none(), "{bare}");
    }

    #[test]
    fn a_401_asks_for_a_bearer_token() {
        let response = Problem::<NoMembers>::new(ProblemKind::UNAUTHORIZED, "no token").into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }
}
