//! What the producer takes and answers, as OpenAPI describes it.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, ObjectBuilder, OneOfBuilder, Ref, RefOr, Response, Schema, Type,
        schema::{AnyOfBuilder, SchemaType},
    },
};
use uuid::Uuid;

use crate::edge::http::{ProblemDocument, problem_responses};

/// A moment from 1970 to 2200, with the days that each month really has, in leap years too.
const TIME_PATTERN: &str = "^((19[7-9][0-9]|2[01][0-9][0-9])-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|(19(72|76|8[048]|9[26])|20([02468][048]|[13579][26])|21(0[48]|[2468][048]|[13579][26]))-02-29)T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-2]):[0-5][0-9])$";

/// A notification to one owner. The names of the original hoopoe service are taken too: `receiver_info`, `action_type`,
/// `actioner_info`, `action_data`, `fired_at`; one beside the name that it stands for is refused.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Notification)]
#[allow(dead_code, reason = "only its description is used: crate::notif parses")]
pub(super) struct NotificationSchema {
    /// Its identity together with the owner; a text that is no UUID becomes one. Absent: made.
    #[schema(required = false, min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001f\u007f-\u009f]+$")]
    id: Option<String>,
    /// Who it is for: 1 to 190 bytes without control characters.
    #[schema(min_length = 1, max_length = 190, pattern = r"^[^\u0000-\u001f\u007f-\u009f]+$", example = "user-42")]
    owner: String,
    /// What happened: 1 to 64 bytes.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]+$",
        example = "order.shipped"
    )]
    kind: String,
    /// Who caused it: at most 190 bytes.
    #[schema(required = false, max_length = 190, pattern = r"^[^\u0000]*$")]
    actor: Option<String>,
    /// At most 512 bytes.
    #[schema(required = false, max_length = 512, pattern = r"^[^\u0000]*$")]
    title: Option<String>,
    /// At most 32768 bytes.
    #[schema(required = false, max_length = 32768, pattern = r"^[^\u0000]*$")]
    body: Option<String>,
    /// Any JSON, at most 128 deep, delivered as it was received.
    #[schema(required = false, value_type = Value)]
    data: Option<Value>,
    /// 0 to 9.
    #[schema(required = false, minimum = 0, maximum = 9)]
    priority: Option<u8>,
    /// When it happened. Absent: the time in a UUIDv7 id, else now.
    #[schema(required = false)]
    created_at: Option<MomentSchema>,
    /// Never shown after it.
    #[schema(required = false)]
    expires_at: Option<TimeSchema>,
}

/// RFC 3339 or Unix seconds, from 1970 to 2200.
#[derive(Deserialize)]
#[allow(dead_code, reason = "only its description is used: crate::notif parses")]
pub(super) struct MomentSchema(Value);

impl PartialSchema for MomentSchema {
    fn schema() -> RefOr<Schema> {
        let seconds = ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0)).maximum(Some(7_258_118_400_i64));
        let description = Some("RFC 3339 or Unix seconds, from 1970 to 2200");
        Schema::OneOf(OneOfBuilder::new().item(TimeSchema::schema()).item(seconds).description(description).build())
            .into()
    }
}

/// RFC 3339, from 1970 to 2200.
#[derive(Deserialize)]
#[allow(dead_code, reason = "only its description is used: crate::notif parses")]
pub(super) struct TimeSchema(String);

impl PartialSchema for TimeSchema {
    fn schema() -> RefOr<Schema> {
        let description = Some("RFC 3339, from 1970 to 2200");
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(TIME_PATTERN)).description(description);
        Schema::Object(text.build()).into()
    }
}

impl ToSchema for TimeSchema {
    fn name() -> Cow<'static, str> {
        "Time".into()
    }
}

impl ToSchema for MomentSchema {
    fn name() -> Cow<'static, str> {
        "Moment".into()
    }
}

/// 1 to 1,000 notifications. Each is judged by itself: one that is wrong has its problem among the results.
pub(super) struct BatchSchema;

impl PartialSchema for BatchSchema {
    fn schema() -> RefOr<Schema> {
        // What is no notification spoils no batch, so as the schema of a request any item is right.
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
