//! What goes wrong with an inbox, as the client is told.

use crate::{http::Problem, inbox::ReadError, store::StoreError};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => {
                tracing::warn!(error = %source, "the database is away");
                Self::StoreUnavailable
            }
            StoreError::OtherEpoch(at) => Self::OtherEpoch(Box::new(at.head)),
            StoreError::AboveHead(at) => Self::AboveHead(Box::new(at.head)),
            StoreError::Refused(_) | StoreError::Schema(_) | StoreError::Settings(_) | StoreError::Statement(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a read or a mark failed");
                Self::Internal
            }
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            ReadError::Overloaded => Self::StoreOverloaded,
            ReadError::Behind => Self::StoreUnavailable,
        }
    }
}
