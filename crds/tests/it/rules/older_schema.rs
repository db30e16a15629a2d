//! Resources that were stored before a rule existed: the rule must not prevent their deletion or their status.

use hoopoe_crds::NotifConsumer;
use hoopoe_e2e::ControlPlane;
use kube::CustomResourceExt;
use serde_json::{Value, json};

use super::{plane::define, table::Kind};

/// The schema without rules, patterns and limits.
fn loosened(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            // A property may be named like one of these keywords. The schema of a property is an object, and the value
            // of these keywords is not.
            let keywords =
                ["x-kubernetes-validations", "pattern", "maxLength", "minLength", "maximum", "minimum", "maxItems"];
            fields.retain(|key, value| value.is_object() || !keywords.contains(&key.as_str()));
            fields.values_mut().for_each(loosened);
        }
        Value::Array(items) => items.iter_mut().for_each(loosened),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn what_an_older_schema_stored_can_be_changed_elsewhere_given_a_status_and_deleted() {
    // An API server of its own, because the rules of a CRD that other tests use may not be removed.
    let plane = ControlPlane::start().await.unwrap();
    let mut older = serde_json::to_value(NotifConsumer::crd()).unwrap();
    loosened(&mut older["spec"]["versions"][0]["schema"]);
    plane.apply(&older.to_string()).await.unwrap();
    plane.kubectl(&["wait", "--for=condition=Established", "crd/notifconsumers.hoopoe.app"]).await.unwrap();
    while plane.kubectl(&["get", "ncons"]).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let bad = json!({
        "metadata": { "finalizers": ["hoopoe.app/topology"] },
        "spec": {
            "queue": { "name": "amq.old", "maxPriority": 5, "policy": { "messageTtl": "0s" } },
            "api": { "port": 8081 },
            "consume": { "lanes": 900 },
            "bindings": [{ "exchange": "a" }, { "exchange": "a" }],
        },
    });
    plane.apply(&Kind::Consumer.with([&bad]).to_string()).await.unwrap();

    define(&plane).await;
    // The rules are active: no other resource is accepted like this.
    let other = json!({ "metadata": { "name": "other" } });
    let other = Kind::Consumer.with([&bad, &other]).to_string();
    let refused = loop {
        let output = plane.kubectl_with(&["create", "-f", "-"], &other).await.unwrap();
        if !output.status.success() {
            break String::from_utf8_lossy(&output.stderr).into_owned();
        }
        // The old schema is still active.
        let released = r#"{"metadata": {"finalizers": null}}"#;
        plane.kubectl(&["patch", "ncons", "other", "--type=merge", "-p", released]).await.unwrap();
        plane.kubectl(&["delete", "ncons", "other"]).await.unwrap();
    };
    assert!(refused.contains("spec.consume.lanes"), "{refused}");

    let patch = async |args: &[&str], patch: Value| {
        let patch = patch.to_string();
        let whole = [&["patch", "ncons", "inbox", "--type=merge"], args, &["-p", &patch]].concat();
        plane.kubectl(&whole).await
    };
    let status = json!({ "status": { "observedGeneration": 1, "replicas": 0 } });
    patch(&["--subresource=status"], status).await.unwrap();
    patch(&[], json!({ "metadata": { "annotations": { "hoopoe.app/paused": "true" } } })).await.unwrap();
    patch(&[], json!({ "spec": { "replicas": 3 } })).await.unwrap();
    // The wrong field may be mended, and no other field may become wrong.
    let worse = patch(&[], json!({ "spec": { "deadLetter": { "maxLength": 0 } } })).await.unwrap_err().to_string();
    assert!(worse.contains("spec.deadLetter.maxLength"), "{worse}");
    patch(&[], json!({ "spec": { "api": { "port": 8080 } } })).await.unwrap();

    plane.kubectl(&["delete", "ncons", "inbox", "--wait=false"]).await.unwrap();
    patch(&[], json!({ "metadata": { "finalizers": null } })).await.unwrap();
    plane.kubectl(&["wait", "--for=delete", "ncons/inbox", "--timeout=30s"]).await.unwrap();
}
