//! The schema of a piece of Kubernetes' own API: open, for the API server checks it when the operator applies it.

use schemars::{Schema, SchemaGenerator, json_schema};

pub(super) fn kubernetes_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
}

/// At most 128 of them.
pub(super) fn kubernetes_objects(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 128,
        "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
    })
}
