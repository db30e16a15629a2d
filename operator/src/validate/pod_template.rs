//! Rules about a `podTemplate` that CEL cannot check.

use hoopoe_crds::Invalid;
use serde_json::{Value, json};

use super::pieces;
use crate::{
    names::{CONTAINER, Component, MIGRATE_CONTAINER, SECRETS_HASH_ANNOTATION},
    resource::ResourceId,
    strategic_merge::{self, Unfit},
};

/// The rules that `spec.podTemplate` breaks. The patch is tried on a template that has only what must stay, so that
/// every way of removing it is found.
pub(super) fn broken_rules(id: &ResourceId, patch: &Value) -> Vec<Invalid> {
    let selector = Component::worker_of(id.kind).selector(id);
    let mut template = json!({
        "metadata": { "labels": selector, "annotations": { SECRETS_HASH_ANNOTATION: "kept" } },
        "spec": { "containers": [{ "name": CONTAINER }], "initContainers": [{ "name": MIGRATE_CONTAINER }] },
    });
    if let Err(Unfit { path, detail }) = strategic_merge::merge(&mut template, patch) {
        return vec![broken(&path, detail)];
    }
    let mut found = pieces::broken_template(&template);
    let Value::Object(parts) = &template else { return found };
    if let Some(part) = parts.keys().find(|part| !matches!(part.as_str(), "metadata" | "spec")) {
        found.push(broken(part, "is not a field of a pod template, which has only metadata and spec".to_owned()));
    }
    let (labels, annotations) = (&template["metadata"]["labels"], &template["metadata"]["annotations"]);
    for (label, value) in &selector {
        if labels[label] != *value {
            let detail = format!("must not change {label}: the Deployment selects its pods by this label");
            found.push(broken("metadata.labels", detail));
        }
    }
    if annotations[SECRETS_HASH_ANNOTATION] != "kept" {
        let detail = format!("must not change {SECRETS_HASH_ANNOTATION}: the operator rolls pods by it");
        found.push(broken("metadata.annotations", detail));
    }
    let containers = template["spec"]["containers"].as_array();
    if !containers.is_some_and(|containers| containers.iter().any(|container| container["name"] == CONTAINER)) {
        let detail = format!("must not remove or rename the container {CONTAINER}");
        found.push(broken("spec.containers", detail));
    }
    found
}

fn broken(path: &str, detail: String) -> Invalid {
    let field = if path.is_empty() { "spec.podTemplate".to_owned() } else { format!("spec.podTemplate.{path}") };
    Invalid { field, detail }
}
