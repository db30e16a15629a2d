//! A real API server with both committed CRDs, and the answers of `kubectl` for many documents at once.

use std::{collections::BTreeMap, sync::Arc};

use hoopoe_e2e::ControlPlane;
use serde_json::Value;
use tokio::sync::OnceCell;

pub const CRDS: [&str; 2] =
    [include_str!("../../../yaml/notifproducers.yaml"), include_str!("../../../yaml/notifconsumers.yaml")];

static DEFINED: OnceCell<()> = OnceCell::const_new();

/// A namespace of its own, on the API server that all tests of this binary share.
pub async fn plane(namespace: &str) -> Arc<ControlPlane> {
    let plane = ControlPlane::shared().await.unwrap();
    DEFINED.get_or_init(|| define(&plane)).await;
    plane.kubectl(&["create", "namespace", namespace]).await.unwrap();
    plane
}

pub async fn define(plane: &ControlPlane) {
    plane.apply(&CRDS.join("---\n")).await.unwrap();
    let crds = ["crd/notifproducers.hoopoe.app", "crd/notifconsumers.hoopoe.app"];
    plane.kubectl(&["wait", "--for=condition=Established", crds[0], crds[1], "--timeout=60s"]).await.unwrap();
    // An established CRD is not in every list of the API server at once.
    while plane.kubectl(&["get", "nprod,ncons"]).await.is_err()
        || plane.kubectl(&["explain", "ncons.spec"]).await.is_err()
    {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

/// Runs `kubectl ARGS -f -` with all documents, each under its own name, and returns the complaints by that name.
pub async fn complaints(plane: &ControlPlane, args: &[&str], documents: &[Value]) -> BTreeMap<String, String> {
    let text: Vec<_> = documents.iter().map(ToString::to_string).collect();
    let args: Vec<&str> = args.iter().copied().chain(["-f", "-"]).collect();
    let output = plane.kubectl_with(&args, &text.join("\n---\n")).await.unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut current = None;
    for line in complained.lines() {
        let named = documents.iter().filter_map(|document| document["metadata"]["name"].as_str());
        if line.starts_with("The Notif") || line.starts_with("Error") {
            current = named.filter(|name| line.contains(&format!("\"{name}\""))).max_by_key(|name| name.len());
            assert!(current.is_some(), "{line}");
        }
        let Some(name) = current else { panic!("{line}") };
        let complaint = found.entry(name.to_owned()).or_default();
        complaint.push_str(line);
        complaint.push('\n');
    }
    assert_eq!(said.lines().count() + found.len(), documents.len(), "{said}\n{complained}");
    found
}
