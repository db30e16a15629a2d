//! Why a body is not a notification.

/// One fault of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field as the sender wrote it (an alias stays an alias). Empty for the body as a whole.
    pub field: String,
    /// What is wrong, with the limit, but without the value.
    pub detail: String,
}

/// Why a body is not a notification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The body is over `body_bytes`. 413.
    #[error("failed to take a body of {size} bytes: the limit is {limit}")]
    TooLarge {
        /// The size as received, in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// It is not UTF-8, not JSON, or nested too deep. 400 over HTTP.
    #[error("failed to read JSON: {0}")]
    NotJson(String),
    /// Fields are missing, unknown, given twice, or over a limit. 422.
    #[error("failed to validate: {}", join(.0))]
    Fields(Vec<FieldError>),
}

fn join(errors: &[FieldError]) -> String {
    errors.iter().map(|error| format!("{} {}", error.field, error.detail)).collect::<Vec<_>>().join("; ")
}
