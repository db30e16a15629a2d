//! Problems of callers that are not identified or not permitted.

use hoopoe_web::ProblemKind;

use super::Problem;
use crate::identity::{Denied, VerifyError};

const VERIFIER_UNAVAILABLE: ProblemKind = ProblemKind::new(
    axum::http::StatusCode::SERVICE_UNAVAILABLE,
    "verifier_unavailable",
    "Credentials cannot be verified",
);

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::new(ProblemKind::FORBIDDEN, denied.to_string())
    }
}

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        let kind = match error {
            VerifyError::Rejected => ProblemKind::UNAUTHORIZED,
            VerifyError::Unavailable => VERIFIER_UNAVAILABLE,
        };
        Self::new(kind, error.to_string())
    }
}
