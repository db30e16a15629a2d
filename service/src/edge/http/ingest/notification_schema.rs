//! A notification as the producer takes it, as OpenAPI describes it: the names and limits come from [`crate::notif`],
//! which parses it.

use std::{borrow::Cow, ops::RangeInclusive};

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat, Type,
        schema::{AdditionalProperties, RefBuilder, SchemaType},
    },
};

use crate::{
    edge::http::parameters::TOKEN_PATTERN,
    notif::{Content, Field, Owner, limits},
};

/// A moment from 1970 to 2200: each month has the days that it really has, also in leap years.
const TIME_PATTERN: &str = concat!(
    "^((19[7-9][0-9]|2[01][0-9][0-9])-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|",
    "(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|",
    "(19(72|76|8[048]|9[26])|20([02468][048]|[13579][26])|21(0[48]|[2468][048]|[13579][26]))-02-29)",
    "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-2]):[0-5][0-9])$"
);
/// A text without NUL.
const TEXT_PATTERN: &str = r"^[^\u0000]*$";

const DESCRIPTION: &str = "A notification to one owner. The names of the original hoopoe service are taken too: \
    `receiver_info`, `action_type`,\n`actioner_info`, `action_data`, `fired_at`; one beside the name that it stands \
    for is refused.";

/// The body of a request that sends one notification.
pub(super) struct NotificationSchema;

impl PartialSchema for NotificationSchema {
    fn schema() -> RefOr<Schema> {
        let mut object = ObjectBuilder::new()
            .description(Some(DESCRIPTION))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        for field in Field::ALL {
            if let Some(property) = property(field) {
                object = object.property(field.name(), property);
            }
        }
        for field in Field::REQUIRED {
            object = object.required(field.name());
        }
        Schema::Object(object.build()).into()
    }
}

impl ToSchema for NotificationSchema {
    fn name() -> Cow<'static, str> {
        "Notification".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((MomentSchema::name().into_owned(), MomentSchema::schema()));
        schemas.push((TimeSchema::name().into_owned(), TimeSchema::schema()));
    }
}

/// The description of a field. `None`: the field is accepted, but the document does not show it.
fn property(field: Field) -> Option<RefOr<Schema>> {
    let schema = match field {
        Field::Id => {
            let about = "Its identity together with the owner; a text that is no UUID becomes one. Absent: made.";
            token(&limits::ID_BYTES, optional(Type::String)).description(Some(about)).into()
        }
        Field::Owner => {
            let bytes = 1..=Owner::MAX_BYTES;
            let about = format!("Who it is for: {} bytes without control characters.", span(&bytes));
            with_example(token(&bytes, Type::String.into()).description(Some(about)), "user-42")
        }
        Field::Kind => {
            let bytes = Content::KIND_BYTES;
            let about = format!("What happened: {} bytes.", span(&bytes));
            with_example(token(&bytes, Type::String.into()).description(Some(about)), "order.shipped")
        }
        Field::Actor => {
            let bytes = Content::ACTOR_BYTES;
            text(&bytes).description(Some(format!("Who caused it: at most {} bytes.", bytes.end()))).into()
        }
        Field::Title => at_most(&Content::TITLE_BYTES),
        Field::Body => at_most(&Content::BODY_BYTES),
        Field::Data => {
            let about = format!("Any JSON, at most {} deep, delivered as it was received.", Content::DATA_DEPTH);
            ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some(about)).into()
        }
        Field::Priority => {
            let (least, most) = Content::PRIORITY.into_inner();
            ObjectBuilder::new()
                .schema_type(optional(Type::Integer))
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
                .description(Some(format!("{least} to {most}.")))
                .minimum(Some(least))
                .maximum(Some(most))
                .into()
        }
        Field::CreatedAt => named::<MomentSchema>("When it happened. Absent: the time in a UUIDv7 id, else now."),
        Field::ExpiresAt => named::<TimeSchema>("Never shown after it."),
        Field::IsSeen => return None,
    };
    Some(schema)
}

/// A type, or `null`, which stands for an absent field.
fn optional(of: Type) -> SchemaType {
    SchemaType::from_iter([of, Type::Null])
}

fn span(bytes: &RangeInclusive<usize>) -> String {
    format!("{} to {}", bytes.start(), bytes.end())
}

/// A text without control characters. Each character has at least one byte, so a limit in bytes also limits the number
/// of characters.
fn token(bytes: &RangeInclusive<usize>, of: SchemaType) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(of)
        .min_length(Some(*bytes.start()))
        .max_length(Some(*bytes.end()))
        .pattern(Some(TOKEN_PATTERN))
}

#[expect(deprecated, reason = "readers of OpenAPI 3.0 know `example` and not `examples`")]
fn with_example(text: ObjectBuilder, example: &str) -> RefOr<Schema> {
    text.example(Some(example.into())).into()
}

/// An optional text.
fn text(bytes: &RangeInclusive<usize>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(optional(Type::String)).max_length(Some(*bytes.end())).pattern(Some(TEXT_PATTERN))
}

fn at_most(bytes: &RangeInclusive<usize>) -> RefOr<Schema> {
    text(bytes).description(Some(format!("At most {} bytes.", bytes.end()))).into()
}

/// A named schema, or `null`.
fn named<S: ToSchema>(about: &str) -> RefOr<Schema> {
    let of = RefBuilder::new().ref_location_from_schema_name(S::name()).description(Some(about));
    OneOfBuilder::new().item(of).item(ObjectBuilder::new().schema_type(Type::Null)).into()
}

/// RFC 3339 or Unix seconds, from 1970 to 2200.
struct MomentSchema;

impl PartialSchema for MomentSchema {
    fn schema() -> RefOr<Schema> {
        let seconds = ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0)).maximum(Some(7_258_118_400_i64));
        let description = Some("RFC 3339 or Unix seconds, from 1970 to 2200");
        Schema::OneOf(OneOfBuilder::new().item(TimeSchema::schema()).item(seconds).description(description).build())
            .into()
    }
}

/// RFC 3339, from 1970 to 2200.
struct TimeSchema;

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
