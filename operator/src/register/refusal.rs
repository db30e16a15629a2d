//! Why the register port refused a request, and the problem document of each refusal. `hoopoe dev` uses the same codes.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hoopoe_crds::{Invalid, register::RegistrationError};
use hoopoe_web::{BadUrl, BodyError, FieldFault, NoMembers, NotBearer, ProblemKind};
use kube::core::Status;

/// A problem of this port has only the standard members.
pub(super) type Problem = hoopoe_web::Problem<NoMembers>;

const API_UNREACHABLE: ProblemKind =
    ProblemKind::new(StatusCode::SERVICE_UNAVAILABLE, "api_unavailable", "The API server cannot be reached");

/// Why a request was not served.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// There is no resource of this kind and name. 404.
    #[error("there is no resource of this kind and name")]
    NoResource,
    /// The bearer token is missing. 401.
    #[error("the header Authorization must be Bearer and a token of this cluster")]
    NoToken,
    /// A query parameter is wrong. 400.
    #[error("the query is wrong")]
    Url(BadUrl),
    /// The body cannot be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body is not JSON. 400.
    #[error("the body is not JSON")]
    NotJson(String),
    /// Some fields of the body are wrong. 422.
    #[error("the body is wrong")]
    Fields(Vec<FieldFault>),
    /// What the API server answered to the caller's token; its status passes through.
    #[error("{}", .0.message)]
    ApiServer(Box<Status>),
    /// 503.
    #[error("the API server cannot be reached")]
    ApiUnreachable,
    /// 503.
    #[error("too many requests are in progress at this port; try again")]
    Busy,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::NoResource => Self::new(ProblemKind::NOT_FOUND, detail),
            Refusal::NoToken => Self::new(ProblemKind::UNAUTHORIZED, detail),
            Refusal::Url(bad) => bad.into(),
            Refusal::Body(error) => error.into(),
            Refusal::NotJson(detail) => Self::not_json(detail),
            Refusal::Fields(faults) => Self::bad_fields(faults),
            Refusal::ApiServer(status) => Self::new(kind_of(status.code), detail).errors_are(causes(&status)),
            Refusal::ApiUnreachable => Self::new(API_UNREACHABLE, detail),
            Refusal::Busy => Self::new(ProblemKind::BUSY, detail),
        }
    }
}

/// Which status an answer of the API server becomes: its own if a client can do something about it, otherwise 503.
fn kind_of(code: u16) -> ProblemKind {
    match code {
        400 => ProblemKind::new(StatusCode::BAD_REQUEST, "refused", "The API server refused the request"),
        401 => ProblemKind::UNAUTHORIZED,
        403 => ProblemKind::FORBIDDEN,
        404 => ProblemKind::NOT_FOUND,
        409 => ProblemKind::new(StatusCode::CONFLICT, "conflict", "Another client set the same field"),
        422 => ProblemKind::INVALID_FIELD,
        429 => ProblemKind::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests"),
        _ => API_UNREACHABLE,
    }
}

fn causes(status: &Status) -> Vec<FieldFault> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes.map(|cause| FieldFault::new(cause.field.as_str(), cause.message.as_str())).collect()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

impl From<BadUrl> for Refusal {
    fn from(bad: BadUrl) -> Self {
        Self::Url(bad)
    }
}

impl From<NotBearer> for Refusal {
    fn from(_: NotBearer) -> Self {
        Self::NoToken
    }
}

impl From<RegistrationError> for Refusal {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::NotJson(detail) => Self::NotJson(detail),
            RegistrationError::Field { field, detail } => Self::Fields(vec![FieldFault::new(field, detail)]),
        }
    }
}

impl From<Vec<Invalid>> for Refusal {
    fn from(broken: Vec<Invalid>) -> Self {
        Self::Fields(broken.into_iter().map(|rule| FieldFault::new(rule.field, rule.detail)).collect())
    }
}

impl From<kube::Error> for Refusal {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::ApiServer(status),
            error => {
                tracing::warn!(%error, "a request to /notif/register did not reach the API server");
                Self::ApiUnreachable
            }
        }
    }
}
