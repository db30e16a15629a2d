//! The body of a mark, as OpenAPI describes it: the names and limits are those that [`super::mark_body`] reads by.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, SchemaFormat, Type,
        schema::{AdditionalProperties, ArrayBuilder, RefBuilder},
    },
};

use super::mark_body::MAX_IDS;
use crate::store::MarkState;

/// The body of a request that marks rows.
pub(super) struct MarkSchema;

impl PartialSchema for MarkSchema {
    fn schema() -> RefOr<Schema> {
        let by_id = reference("MarkIds", "These rows.");
        let up_to = reference("MarkUpTo", "All that the client had seen.");
        OneOfBuilder::new().item(by_id).item(up_to).description(Some("Which rows become what.")).into()
    }
}

impl ToSchema for MarkSchema {
    fn name() -> Cow<'static, str> {
        "Mark".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        let up_to_a_head = |state: &MarkState| state.goes_up_to_a_head();
        schemas.extend(
            [
                ("MarkIds", by_id()),
                ("MarkUpTo", up_to()),
                ("MarkAs", states("What a row becomes.", |_| true)),
                ("MarkUpToAs", states("What rows up to a head become.", up_to_a_head)),
            ]
            .map(|(name, schema)| (name.to_owned(), schema)),
        );
    }
}

fn by_id() -> RefOr<Schema> {
    let id = ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    let ids = ArrayBuilder::new()
        .items(id)
        .description(Some("The ids of items."))
        .min_items(Some(1))
        .max_items(Some(MAX_IDS));
    form("Rows by id.", ("ids", ids.into()), "MarkAs")
}

fn up_to() -> RefOr<Schema> {
    let head = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("The `<epoch>-<rev>` of the head that the client saw."))
        .pattern(Some(r"^[0-9]{1,18}\.[0-9]{1,18}-[0-9]{1,18}$"));
    form("Rows up to a head.", ("upto", head.into()), "MarkUpToAs")
}

/// An object that names rows in one member, and their new state in the other.
fn form(about: &str, (name, rows): (&str, RefOr<Schema>), states: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .description(Some(about))
        .property(name, rows)
        .property("as", reference(states, "What they become."))
        .required(name)
        .required("as")
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .into()
}

fn states(about: &str, allowed: impl Fn(&MarkState) -> bool) -> RefOr<Schema> {
    let names = MarkState::ALL.into_iter().filter(allowed).map(MarkState::name);
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).enum_values(Some(names)).into()
}

fn reference(name: &str, about: &str) -> Ref {
    RefBuilder::new().ref_location_from_schema_name(name).description(Some(about)).build()
}
