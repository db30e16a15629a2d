//! A batch, and what the producer answers, as OpenAPI describes them.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, ObjectBuilder, Ref, RefOr, Response, Schema,
        schema::{AnyOfBuilder, SchemaType},
    },
};
use uuid::Uuid;

use super::notification_schema::NotificationSchema;
use crate::edge::http::{ProblemDocument, problem_responses};

/// 1 to 1,000 notifications. Each is judged by itself: one that is wrong has its problem among the results.
pub(super) struct BatchSchema;

impl PartialSchema for BatchSchema {
    fn schema() -> RefOr<Schema> {
        // In a request schema every item is valid, because an item that is not a notification does not make the batch
        // fail.
        let anything =
            ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some("An item with a problem"));
        let item = AnyOfBuilder::new().item(Ref::from_schema_name(NotificationSchema::name())).item(anything);
        let array = ArrayBuilder::new().items(item).min_items(Some(1)).max_items(Some(1000));
        Schema::Array(array.build()).into()
    }
}

impl ToSchema for BatchSchema {
    fn name() -> Cow<'static, str> {
        "Batch".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((NotificationSchema::name().into_owned(), NotificationSchema::schema()));
        NotificationSchema::schemas(schemas);
    }
}

/// A notification that the broker has.
#[derive(Serialize, ToSchema)]
#[schema(as = Accepted)]
pub(super) struct AcceptedSchema {
    /// Its id, as the inbox will show it.
    pub(super) id: Uuid,
}

/// What became of a batch.
#[derive(Serialize, ToSchema)]
pub(super) struct BatchAnswer {
    /// One for each notification, in the batch's order.
    pub(super) results: Vec<BatchResult>,
}

/// What became of one notification of a batch.
#[derive(Serialize, ToSchema)]
pub(super) struct BatchResult {
    /// Its id; null where it could not be read.
    #[schema(required)]
    pub(super) id: Option<Uuid>,
    /// 202, or the problem's status.
    pub(super) status: u16,
    /// Why it was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) error: Option<ProblemDocument>,
}

/// The problems of sending one.
pub(super) struct SendProblems;

impl IntoResponses for SendProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problem_responses(&[400, 408, 413, 415, 422, 429, 500, 503])
    }
}

/// The problems of a batch as a whole; a rate limit or an absent broker is an item's.
pub(super) struct BatchProblems;

impl IntoResponses for BatchProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problem_responses(&[400, 408, 413, 415, 422, 500, 503])
    }
}
