//! Checks that no field of a schema is forgotten: each is edited, or listed as immutable.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Edit, Immutable, consumer, producer};

/// The paths of all fields that have no fields of their own.
fn leaves(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    let open = schema["x-kubernetes-preserve-unknown-fields"] == true;
    match schema["properties"].as_object().filter(|_| !open) {
        Some(properties) => {
            for (name, schema) in properties {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                leaves(schema, &path, found);
            }
        }
        None if schema["items"]["properties"].is_object() => leaves(&schema["items"], &format!("{path}[]"), found),
        None => {
            found.insert(path.to_owned());
        }
    }
}

fn compare(crd: &str, edits: &[Edit], immutable: &[Immutable]) {
    let crd: Value = serde_yaml::from_str(crd).unwrap();
    let mut fields = BTreeSet::new();
    leaves(&crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"], "", &mut fields);
    assert!(fields.len() > 40, "{fields:?}");
    let listed = edits.iter().map(|edit| edit.field).chain(immutable.iter().map(|field| field.field));
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    let forgotten: Vec<_> = fields.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&fields).collect();
    assert!(
        forgotten.is_empty() && unknown.is_empty(),
        "neither edited nor immutable: {forgotten:?}; no fields: {unknown:?}"
    );
    let blind: Vec<_> = edits.iter().filter(|edit| edit.seen.is_empty()).map(|edit| edit.field).collect();
    assert!(blind.is_empty(), "edited, but not checked anywhere: {blind:?}");
}

#[test]
fn no_field_of_a_producer_is_forgotten() {
    let crd = include_str!("../../../../../crds/yaml/notifproducers.yaml");
    compare(crd, &producer::edits(), &producer::immutable());
}

#[test]
fn no_field_of_a_consumer_is_forgotten() {
    let crd = include_str!("../../../../../crds/yaml/notifconsumers.yaml");
    compare(crd, &consumer::edits(), &consumer::immutable());
}
