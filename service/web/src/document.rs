//! A problem as it is sent: the members of RFC 9457, `code` and `errors`, and what a surface adds.

use serde::Serialize;

/// One fault of one field, parameter or header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldFault {
    /// Its name as the sender wrote it; empty for the body as a whole.
    pub field: String,
    /// What is wrong, with the limit.
    pub detail: String,
}

impl FieldFault {
    /// A fault of this field.
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

/// A problem on the wire.
#[derive(Clone, Debug, Serialize)]
pub struct ProblemDocument<M> {
    /// What every problem has.
    #[serde(flatten)]
    pub standard: StandardMembers,
    /// What the surface adds.
    #[serde(flatten)]
    pub members: M,
}

/// A problem on the wire.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StandardMembers {
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
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub errors: Vec<FieldFault>,
}

/// The members of a surface that adds none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoMembers {}

#[cfg(feature = "openapi")]
mod openapi {
    use std::borrow::Cow;

    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{Object, RefOr, Schema},
    };

    use super::{ProblemDocument, StandardMembers};

    /// One object with the members of both: the fields are flattened on the wire too.
    impl<M: PartialSchema> PartialSchema for ProblemDocument<M> {
        fn schema() -> RefOr<Schema> {
            let (mut document, members) = (object(StandardMembers::schema()), object(M::schema()));
            document.properties.extend(members.properties);
            document.required.extend(members.required);
            Schema::Object(document).into()
        }
    }

    impl<M: ToSchema> ToSchema for ProblemDocument<M> {
        fn name() -> Cow<'static, str> {
            "Problem".into()
        }

        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            StandardMembers::schemas(schemas);
            M::schemas(schemas);
        }
    }

    /// A derived schema of a struct is an object.
    fn object(schema: RefOr<Schema>) -> Object {
        match schema {
            RefOr::T(Schema::Object(object)) => object,
            RefOr::T(_) | RefOr::Ref(_) => Object::default(),
        }
    }
}
