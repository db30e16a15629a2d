//! Keys of a document that its type does not know: those that an API server would prune.
//!
//! They are found by the type's JSON schema and not while it is read, since a flattened struct hides them from its
//! reader.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

/// The paths of all unknown keys, in the document's order, e.g. `spec.queue.nmae`.
pub fn unknown_keys<T: JsonSchema>(document: &Value) -> Vec<String> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut found = Vec::new();
    walk(document, &[schema.as_value()], "", &mut found);
    found
}

/// Walks a value beside every schema that may describe it.
fn walk(value: &Value, schemas: &[&Value], path: &str, found: &mut Vec<String>) {
    let schemas: Vec<&Value> = schemas.iter().flat_map(|schema| alternatives(schema)).collect();
    match value {
        Value::Object(entries) => {
            for (key, child) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let known: Vec<&Value> = schemas.iter().filter_map(|schema| property(schema, key)).collect();
                if !known.is_empty() {
                    walk(child, &known, &path, found);
                } else if !schemas.iter().any(|schema| is_open(schema)) {
                    found.push(path);
                }
            }
        }
        Value::Array(items) => {
            let of_items: Vec<&Value> = schemas.iter().filter_map(|schema| schema.get("items")).collect();
            for (index, item) in items.iter().enumerate() {
                walk(item, &of_items, &format!("{path}[{index}]"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A schema and those that it offers as alternatives.
fn alternatives(schema: &Value) -> Vec<&Value> {
    let mut all = vec![schema];
    for keyword in ["anyOf", "oneOf", "allOf"] {
        let offered = schema.get(keyword).and_then(Value::as_array);
        all.extend(offered.into_iter().flatten().flat_map(alternatives));
    }
    all
}

fn property<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    let named = schema.get("properties").and_then(Value::as_object).and_then(|properties| properties.get(key));
    named.or_else(|| schema.get("additionalProperties").filter(|schema| schema.is_object()))
}

/// Whether any key is accepted: in a map, or in a piece of Kubernetes' own API.
fn is_open(schema: &Value) -> bool {
    let Some(schema) = schema.as_object() else { return schema.as_bool() == Some(true) };
    let preserves = schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
    let says_nothing = |schema: &Map<String, Value>| !schema.contains_key("properties") && !schema.contains_key("type");
    let has_alternatives = ["anyOf", "oneOf", "allOf"].iter().any(|keyword| schema.contains_key(*keyword));
    preserves
        || schema.get("additionalProperties") == Some(&Value::Bool(true))
        || (says_nothing(schema) && !has_alternatives)
}
