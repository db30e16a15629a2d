//! Limits that an API server and etcd can bear.

use hoopoe_crds::{NotifConsumer, NotifProducer};
use kube::CustomResourceExt;
use serde_json::Value;

use super::table::KINDS;

#[test]
fn each_crd_is_under_64_kib() {
    for crd in [NotifProducer::crd(), NotifConsumer::crd()] {
        let yaml = serde_yaml::to_string(&crd).unwrap().len();
        assert!(yaml < 64 * 1024, "{} has {yaml} bytes", crd.spec.names.kind);
    }
}

#[test]
fn every_list_and_map_and_every_field_that_a_pattern_reads_has_a_limit_and_every_field_a_description() {
    for kind in KINDS {
        walk("spec", &kind.schema()["properties"]["spec"]);
        let mut status = kind.schema()["properties"]["status"].clone();
        // From kube: a new resource has no status yet.
        status["nullable"] = Value::Bool(false);
        walk("status", &status);
    }
}

fn walk(path: &str, schema: &Value) {
    let has = |key: &str| schema.get(key).is_some();
    let is = |kind: &str| schema["type"] == kind;
    assert!(!is("array") || has("maxItems"), "{path} has no maxItems");
    assert!(!has("additionalProperties") || has("maxProperties"), "{path} has no maxProperties");
    // The pattern in a condition comes from Kubernetes.
    assert!(!has("pattern") || has("maxLength") || path.contains("conditions"), "{path} has no maxLength");
    assert!(!has("x-kubernetes-validations") || !is("string") || has("maxLength"), "{path} has no maxLength");
    assert!(!is("integer") || path.contains("conditions") || schema["format"] == "int64" || has("maximum"), "{path}");
    assert_ne!(schema["nullable"], true, "{path} may be null");
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        assert!(property["description"].is_string(), "{path}.{name} has no description");
        walk(&format!("{path}.{name}"), property);
    }
    if let Some(items) = schema.get("items") {
        walk(&format!("{path}[]"), items);
    }
}
