//! Problems of inboxes that cannot be read or marked.

use std::error::Error;

use axum::http::StatusCode;
use hoopoe_web::{FieldFault, ProblemKind};

use super::Problem;
use crate::{
    inbox::ReadError,
    notif::OwnerError,
    store::{Head, StoreError},
};

const OTHER_EPOCH: ProblemKind = ProblemKind::new(StatusCode::CONFLICT, "other_epoch", "The inbox has a new history");
const ABOVE_HEAD: ProblemKind =
    ProblemKind::new(StatusCode::UNPROCESSABLE_ENTITY, "above_head", "The position is ahead of the inbox");
const STORE_UNAVAILABLE: ProblemKind =
    ProblemKind::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", "The database cannot be reached");
const STORE_OVERLOADED: ProblemKind =
    ProblemKind::new(StatusCode::SERVICE_UNAVAILABLE, "store_overloaded", "The database is overloaded");

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => {
                tracing::warn!(error = %source, "the database cannot be reached");
                Self::new(STORE_UNAVAILABLE, "the database cannot be reached")
            }
            StoreError::OtherEpoch(at) => {
                let must = format!("must have the epoch {}", at.head.epoch);
                bad_upto(OTHER_EPOCH, "upto has another epoch than the inbox: read the inbox again", must, at.head)
            }
            StoreError::AboveHead(at) => {
                let must = format!("must be at most {}", at.head.position());
                bad_upto(ABOVE_HEAD, "upto is above the rev of the inbox", must, at.head)
            }
            StoreError::Refused(_) | StoreError::Schema(_) | StoreError::Settings(_) | StoreError::Statement(_) => {
                tracing::error!(error = &error as &dyn Error, "a read or a mark failed");
                Self::internal()
            }
        }
    }
}

/// The `upto` of a mark is wrong. The answer gives the present position of the inbox.
fn bad_upto(kind: ProblemKind, detail: &'static str, must: String, head: Head) -> Problem {
    Problem::new(kind, detail).errors_are(vec![FieldFault::new("upto", must)]).with(|members| members.head = Some(head))
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            ReadError::Overloaded => Self::new(STORE_OVERLOADED, "too many requests wait for the database"),
            ReadError::Behind => {
                Self::new(STORE_UNAVAILABLE, "the database has not reached the position that the request names")
            }
        }
    }
}

impl From<OwnerError> for Problem {
    fn from(error: OwnerError) -> Self {
        Self::bad_parameter("owner", error.to_string())
    }
}
