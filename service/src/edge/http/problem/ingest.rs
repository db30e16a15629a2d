//! Problems of notifications that were not accepted.

use std::time::Duration;

use axum::http::StatusCode;
use hoopoe_web::{BodyError, FieldFault, ProblemKind};

use super::Problem;
use crate::{
    broker::PublishError,
    ingest::{IngestError, Refused},
    notif::{FieldError, ParseError},
};

/// How long a sender must wait when an early retry would make the cause worse: a full queue, a broker that blocks, a
/// missing exchange.
const RETRY_LATER: Duration = Duration::from_secs(5);

const ID_CONFLICT: ProblemKind = ProblemKind::new(StatusCode::CONFLICT, "id_conflict", "The id is taken");
const RATE_LIMITED: ProblemKind =
    ProblemKind::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many notifications");

impl From<Refused> for Problem {
    fn from(Refused { error, id }: Refused) -> Self {
        Self::from(error).with(|members| members.id = id)
    }
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        let detail = error.to_string();
        match error {
            IngestError::Parse(error) => error.into(),
            IngestError::RoutingKey(fault) => Self::bad_fields(vec![field_fault(fault)]),
            IngestError::IdConflict => Self::new(ID_CONFLICT, detail),
            IngestError::RateLimited(wait) => Self::new(RATE_LIMITED, detail).retry_in(wait),
            IngestError::Publish(error) => error.into(),
        }
    }
}

impl From<ParseError> for Problem {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::TooLarge { limit, .. } => BodyError::TooLarge { limit }.into(),
            ParseError::NotJson(detail) => Self::not_json(detail),
            ParseError::Fields(errors) => Self::bad_fields(errors.into_iter().map(field_fault).collect()),
        }
    }
}

fn field_fault(FieldError { field, detail }: FieldError) -> FieldFault {
    FieldFault { field, detail }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let problem =
            |code, title| Self::new(ProblemKind::new(StatusCode::SERVICE_UNAVAILABLE, code, title), error.to_string());
        match error {
            PublishError::Unroutable => problem("unroutable", "No queue takes the notification"),
            PublishError::Nacked => problem("queue_full", "A queue is full or unavailable").retry_in(RETRY_LATER),
            PublishError::Timeout(_) => problem("confirm_timeout", "The broker did not confirm in time"),
            PublishError::Blocked => problem("broker_blocked", "The broker blocks publishers").retry_in(RETRY_LATER),
            PublishError::Unavailable => problem("broker_unavailable", "The broker cannot be reached"),
            PublishError::ExchangeMissing => {
                problem("exchange_missing", "The exchange does not exist").retry_in(RETRY_LATER)
            }
            PublishError::TooManyInFlight(_) => {
                problem("too_many_in_flight", "Too many notifications wait for a confirm")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{http::header, response::IntoResponse};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_passes_says_when_to_retry() {
        for (error, seconds) in [
            (IngestError::RateLimited(Duration::from_millis(1)), "1"),
            (IngestError::Publish(PublishError::Blocked), "5"),
            (IngestError::Publish(PublishError::Unroutable), "1"),
        ] {
            let response = Problem::from(error).into_response();
            let status = response.status().as_u16();
            assert!(status == 429 || status == 503, "{response:?}");
            assert_eq!(response.headers()[header::RETRY_AFTER], seconds);
        }
    }

    #[test]
    fn a_refusal_names_its_notification() {
        let id = Uuid::now_v7();
        let refused = Refused { error: IngestError::IdConflict, id: Some(id) };
        let json = serde_json::to_value(Problem::from(refused).into_document()).unwrap();
        assert_eq!((&json["code"], &json["id"]), (&"id_conflict".into(), &id.to_string().into()));
        assert!(json.get("head").is_none());
    }
}
