//! The committed document is the one that the code generates, and it describes what the server really sends.

use std::path::Path;

use hoopoe::edge::http::openapi::{document, openapi};

/// `HOOPOE_GENERATE=1` writes the file again, as `hoopoe openapi` does.
#[test]
fn the_committed_document_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let fresh = format!("{}\n", document());
    if std::env::var_os("HOOPOE_GENERATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "service/openapi.json is stale: make generate");
}

#[test]
fn every_reference_resolves_and_every_operation_has_an_id() {
    let document = serde_json::to_value(openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    let operations: Vec<_> =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values()).collect();
    assert_eq!(operations.len(), 7);
    assert!(operations.iter().all(|operation| operation["operationId"].is_string()));
}
