//! The resources on the API server, seen and changed with the caller's client.

use hoopoe_crds::{Manifest, register::Requested};
use hoopoe_web::FieldFault;
use kube::{
    Client,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    names::Component,
    resource::{Kind, ResourceId},
};

use super::refusal::Refusal;

/// The field manager of registered resources. Fields that Helm or `kubectl` set stay theirs, and a difference is a 409.
const FIELD_MANAGER: &str = "hoopoe-register";
/// The label of resources that were registered here.
const REGISTERED_LABEL: &str = "hoopoe.app/registered";
/// Resources in one answer of the API server.
const PAGE: u32 = 500;

/// A resource as the answers describe it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Listed {
    /// `NotifProducer` or `NotifConsumer`.
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) namespace: String,
    /// Where it listens within the cluster: a producer's ingest, a consumer's inbox API.
    pub(super) url: Option<String>,
    /// Whether it was registered here.
    pub(super) registered: bool,
    /// Whether its condition `Ready` is true for its newest spec.
    pub(super) ready: bool,
}

/// The kind that a text names.
pub(super) fn kind_of(text: &str) -> Option<Kind> {
    [Kind::Producer, Kind::Consumer].into_iter().find(|kind| kind.as_str() == text)
}

/// A resource to apply: its kind, its name, and the document with our namespace and label in it.
pub(super) fn prepared(requested: Requested, namespace: &str) -> Result<(Kind, String, Value), Refusal> {
    let broken = requested.manifest.broken_rules();
    if !broken.is_empty() {
        return Err(broken.into());
    }
    let Requested { manifest, mut document } = requested;
    let metadata = &mut document["metadata"];
    match metadata.get("namespace").and_then(Value::as_str) {
        Some(other) if other != namespace => {
            let detail = format!("must be {namespace}, the only namespace that this port serves, or be left out");
            return Err(Refusal::Fields(vec![FieldFault::new("metadata.namespace", detail)]));
        }
        Some(_) | None => metadata["namespace"] = json!(namespace),
    }
    // People register what `kubectl get` printed. Only the API server writes these fields, and an apply with them is
    // refused.
    if let Some(metadata) = metadata.as_object_mut() {
        for written in ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"] {
            metadata.remove(written);
        }
    }
    metadata["labels"][REGISTERED_LABEL] = json!("true");
    if let Some(document) = document.as_object_mut() {
        document.remove("status");
    }
    let kind = match manifest {
        Manifest::Producer(_) => Kind::Producer,
        Manifest::Consumer(_) => Kind::Consumer,
    };
    Ok((kind, manifest.metadata().name.clone(), document))
}

/// Applies all of them, or none: all are tried first, without being kept.
pub(super) async fn apply(
    client: &Client,
    namespace: &str,
    all: &[(Kind, String, Value)],
) -> Result<Vec<Listed>, Refusal> {
    let params = PatchParams::apply(FIELD_MANAGER).validation_strict();
    if all.len() > 1 {
        for (kind, name, document) in all {
            let tried = params.clone().dry_run();
            kind.objects(client, namespace).patch(name, &tried, &Patch::Apply(document)).await?;
        }
    }
    let mut listed = Vec::new();
    for (kind, name, document) in all {
        let object = kind.objects(client, namespace).patch(name, &params, &Patch::Apply(document)).await?;
        tracing::info!("registered {} {namespace}/{name}", kind.as_str());
        listed.push(Listed::of(*kind, &object));
    }
    Ok(listed)
}

/// The resources of a kind, or the one of this name.
pub(super) async fn list(
    client: &Client,
    namespace: &str,
    kind: Kind,
    name: Option<&str>,
) -> Result<Vec<Listed>, Refusal> {
    let api = kind.objects(client, namespace);
    let (mut found, mut params) = (Vec::new(), ListParams::default().limit(PAGE));
    if let Some(name) = name {
        if !is_name(name) {
            return Ok(found);
        }
        params = params.fields(&format!("metadata.name={name}"));
    }
    loop {
        let page = api.list(&params).await?;
        found.extend(page.items.iter().map(|object| Listed::of(kind, object)));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(found),
        }
    }
}

/// Deletes one.
pub(super) async fn remove(client: &Client, namespace: &str, kind: Kind, name: &str) -> Result<(), Refusal> {
    if !is_name(name) {
        return Err(Refusal::NoResource);
    }
    kind.objects(client, namespace).delete(name, &DeleteParams::default()).await?;
    tracing::info!("unregistered {} {namespace}/{name}", kind.as_str());
    Ok(())
}

/// Whether a text may be part of a path as a resource's name.
fn is_name(name: &str) -> bool {
    let label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(label)
}

impl Listed {
    pub(super) fn of(kind: Kind, object: &DynamicObject) -> Self {
        let name = object.metadata.name.clone().unwrap_or_default();
        let namespace = object.metadata.namespace.clone().unwrap_or_default();
        let labels = object.metadata.labels.as_ref();
        Self {
            kind: kind.as_str(),
            url: url(kind, &name, &namespace, &object.data["spec"]),
            registered: labels.is_some_and(|labels| labels.contains_key(REGISTERED_LABEL)),
            ready: is_ready(object),
            name,
            namespace,
        }
    }
}

/// The condition `Ready`, if it speaks of the newest spec.
fn is_ready(object: &DynamicObject) -> bool {
    let status = &object.data["status"];
    let current = status["observedGeneration"].as_i64() >= object.metadata.generation;
    let conditions = status["conditions"].as_array();
    let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
    current && conditions.is_some_and(|conditions| conditions.iter().any(ready))
}

fn url(kind: Kind, name: &str, namespace: &str, spec: &Value) -> Option<String> {
    let (component, port) = match kind {
        Kind::Producer => (Component::Producer, &spec["ingress"]["http"]["port"]),
        Kind::Consumer if spec["api"]["enabled"] == json!(false) => return None,
        Kind::Consumer => (Component::Api, &spec["api"]["port"]),
    };
    let id = ResourceId { kind, namespace: namespace.to_owned(), name: name.to_owned() };
    let port = port.as_u64().unwrap_or(8080);
    Some(format!("http://{}.{namespace}.svc:{port}", component.child_name(&id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_label_becomes_part_of_a_path() {
        assert!(is_name("orders-2"));
        for bad in ["", "../secrets/x", "a/b", "a?b", "A", "a.b", &"x".repeat(64)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn ready_is_what_speaks_of_the_newest_spec() {
        let object = |generation: i64, observed: i64, ready: &str| -> DynamicObject {
            serde_json::from_value(json!({
                "apiVersion": "hoopoe.app/v1alpha1", "kind": "NotifProducer",
                "metadata": { "name": "orders", "namespace": "team", "generation": generation },
                "spec": { "ingress": { "http": { "port": 9000 } } },
                "status": { "observedGeneration": observed, "conditions": [{ "type": "Ready", "status": ready }] },
            }))
            .unwrap()
        };
        assert!(is_ready(&object(2, 2, "True")));
        assert!(!is_ready(&object(2, 1, "True")));
        assert!(!is_ready(&object(2, 2, "False")));
        let listed = Listed::of(Kind::Producer, &object(1, 1, "True"));
        assert_eq!(listed.url.as_deref(), Some("http://orders-producer.team.svc:9000"));
        assert!(listed.ready && !listed.registered);
    }
}
