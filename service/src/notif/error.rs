//! Why a body is no notification.

/// One fault of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field as the sender wrote it (an alias stays an alias); empty for the body as a whole.
    pub field: String,
    /// What is wrong, with the limit; never the value.
    pub detail: String,
}

/// Why a body is no notification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Over `body_bytes`. 413.
    #[error("failed to take a body of {size} bytes: the limit is {limit}")]
    TooLarge {
        /// As received.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// Not UTF-8, not JSON, or nested too deep. 400 over HTTP.
    #[error("failed to read JSON: {0}")]
    NotJson(String),
    /// Fields that are missing, unknown, double, or over a limit. 422.
    #[error("failed to validate: {}", join(.0))]
    Fields(Vec<FieldError>),
}

fn join(errors: &[FieldError]) -> String {
    errors.iter().map(|error| format!("{} {}", error.field, error.detail)).collect::<Vec<_>>().join("; ")
}
