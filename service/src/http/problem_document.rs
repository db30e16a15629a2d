//! A problem as it is sent.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{notif::FieldError, store::Head};

/// One fault of one field, parameter or header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldFault {
    /// Its name as the sender wrote it; empty for the body as a whole.
    pub field: String,
    /// What is wrong, with the limit.
    pub detail: String,
}

/// A problem on the wire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// A URN made from the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// What programs compare: a stable name of the kind of problem.
    pub code: &'static str,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldFault>,
    /// The notification's id: a retry that carries it cannot make a second notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<Uuid>,
    /// Where the inbox stands, where that is what the request got wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<crate::store::Head>)]
    pub head: Option<Head>,
}

impl FieldFault {
    /// A fault of this field.
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

impl From<FieldError> for FieldFault {
    fn from(FieldError { field, detail }: FieldError) -> Self {
        Self { field, detail }
    }
}
