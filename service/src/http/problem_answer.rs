//! A problem as an answer: the document, the status, and when to come back.

use std::time::Duration;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{FieldFault, Problem, ProblemDocument};

/// A problem with a notification whose id is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// What went wrong.
    pub problem: Problem,
    /// The notification.
    pub id: Option<Uuid>,
}

impl Problem {
    /// As it is sent, with the notification's id where that is known.
    pub fn document(&self, id: Option<Uuid>) -> ProblemDocument {
        let (status, code, title) = self.kind();
        let (errors, head) = match self {
            Self::BadUrl(faults) | Self::Fields(faults) => (faults.clone(), None),
            Self::BadHeader(fault) => (vec![fault.clone()], None),
            Self::AboveHead(head) => {
                let detail = format!("must be at most {}", head.position());
                (vec![FieldFault::new("upto", detail)], Some(**head))
            }
            Self::OtherEpoch(head) => {
                let detail = format!("must be of the epoch {}", head.epoch);
                (vec![FieldFault::new("upto", detail)], Some(**head))
            }
            Self::NotFound
            | Self::MethodNotAllowed
            | Self::NotJson(_)
            | Self::BodyBroken
            | Self::Forbidden
            | Self::BodyTimeout(_)
            | Self::IdConflict
            | Self::TooLarge { .. }
            | Self::UnsupportedMediaType
            | Self::RateLimited(_)
            | Self::Internal
            | Self::Busy
            | Self::Publish(_)
            | Self::StoreUnavailable
            | Self::StoreOverloaded => (Vec::new(), None),
        };
        ProblemDocument {
            kind: format!("urn:hoopoe:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: self.to_string(),
            code,
            errors,
            id,
            head,
        }
    }

    fn answer(&self, id: Option<Uuid>) -> Response {
        let body = serde_json::to_vec(&self.document(id)).unwrap_or_default();
        let mut response = (self.status(), [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(wait) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, retry_seconds(wait));
        }
        response
    }
}

/// `Retry-After` counts whole seconds; none of ours says 0, which would be an invitation to spin.
pub(crate) fn retry_seconds(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.answer(None)
    }
}

impl IntoResponse for Identified {
    fn into_response(self) -> Response {
        self.problem.answer(self.id)
    }
}

impl From<Problem> for Identified {
    fn from(problem: Problem) -> Self {
        Self { problem, id: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::PublishError;

    #[test]
    fn what_passes_says_when_to_retry_and_nothing_else_does() {
        let passing = [
            Problem::RateLimited(Duration::from_millis(1)),
            Problem::Busy,
            Problem::Publish(PublishError::Blocked),
            Problem::Publish(PublishError::Unroutable),
            Problem::StoreUnavailable,
            Problem::StoreOverloaded,
        ];
        for problem in passing {
            let status = problem.status().as_u16();
            assert!(status == 429 || status == 503, "{problem:?}");
            let response = problem.into_response();
            let seconds: u64 = response.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
            assert!((1..=5).contains(&seconds), "{seconds}");
        }
        let response = Problem::bad_field("owner", "must be there").into_response();
        assert_eq!(response.status(), 422);
        assert!(response.headers().get(header::RETRY_AFTER).is_none());
    }

    #[test]
    fn a_document_names_code_field_and_id() {
        let id = Uuid::now_v7();
        let json =
            serde_json::to_value(Problem::bad_field("kind", "must be 1 to 64 bytes").document(Some(id))).unwrap();
        assert_eq!(json["code"], "invalid_field");
        assert_eq!(json["type"], "urn:hoopoe:problem:invalid_field");
        assert_eq!(json["status"], 422);
        assert_eq!(json["errors"], serde_json::json!([{"field": "kind", "detail": "must be 1 to 64 bytes"}]));
        assert_eq!(json["id"], id.to_string());
        assert!(json.get("head").is_none());
    }
}
