//! What became of a notification.

use crate::store::Outcome;

/// What became of one notification of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotificationFate {
    /// Stored by this commit.
    Stored {
        /// Its rev.
        rev: i64,
    },
    /// There already, with the same content.
    Repeat,
    /// There already, with other content.
    IdConflict,
    /// The database refuses a value in it; the reason, without payload.
    Refused(String),
}

impl From<Outcome> for NotificationFate {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Stored { rev } => Self::Stored { rev },
            Outcome::Repeat => Self::Repeat,
            Outcome::IdConflict => Self::IdConflict,
        }
    }
}
