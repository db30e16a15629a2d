//! The parameters of requests, as OpenAPI describes them. The argument of a handler that reads a parameter also
//! describes it.

use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Required, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use super::inbox::IfNoneMatch;
use crate::{
    identity::{Readable, Writable},
    notif::Owner,
};

/// A text without control characters.
pub(super) const TOKEN_PATTERN: &str = r"^[^\u0000-\u001f\u007f-\u009f]+$";

/// The parameter `owner`.
fn owner(place: ParameterIn, about: &str) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(Owner::MAX_BYTES))
        .pattern(Some(TOKEN_PATTERN));
    let parameter = ParameterBuilder::new().name("owner").parameter_in(place).required(Required::True);
    parameter.description(Some(about)).schema(Some(schema)).build()
}

fn owner_in_path() -> Vec<Parameter> {
    vec![owner(ParameterIn::Path, "Whose inbox, percent-encoded: a slash is %2F")]
}

impl IntoParams for Readable {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        owner_in_path()
    }
}

impl IntoParams for Writable {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        owner_in_path()
    }
}

/// For a route whose path has no owner.
pub(super) struct OwnerInQuery;

impl IntoParams for OwnerInQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![owner(ParameterIn::Query, "Whose inbox")]
    }
}

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let parameter = ParameterBuilder::new().name("If-None-Match").parameter_in(ParameterIn::Header);
        let parameter = parameter.required(Required::False).description(Some("The `ETag` of an earlier answer"));
        vec![parameter.schema(Some(text)).build()]
    }
}
