//! What an edit of a resource causes.

use serde_json::{Value, json};

use crate::control_plane::kit::Kit;
use crate::testkit::wait::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_of_a_consumer_reach_broker_and_children_and_what_left_the_spec_goes() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("edits").await;
    shop.producer("events", "exchange: {name: edits}").await;
    shop.consumer("inbox", "queue: {name: edits}, bindings: [{exchange: edits, routingKey: a}]").await;
    shop.ready("ncons/inbox").await;
    let edit = async |spec: Value| shop.patch("ncons/inbox", &json!({ "spec": spec })).await;
    let deployment = async || shop.get("deploy/inbox-consumer").await["spec"].clone();

    edit(json!({ "bindings": [{ "exchange": "edits", "routingKey": "b" }] })).await;
    eventually("the binding moved", async || !kit.publish("edits", "a").await && kit.publish("edits", "b").await).await;
    edit(json!({ "queue": { "policy": { "maxLength": 9 } } })).await;
    eventually("the policy has the limit", async || {
        kit.broker("/api/policies/%2F/hoopoe.edits.inbox").await["definition"]["max-length"] == 9
    })
    .await;
    edit(json!({ "consume": { "prefetch": 77 } })).await;
    eventually("the config names the prefetch", async || {
        shop.kubectl(&["get", "cm", "-o", "yaml"]).await.contains("prefetch: 77")
    })
    .await;
    edit(json!({ "image": "example.invalid/hoopoe:2", "replicas": 3 })).await;
    eventually("image and count", async || {
        let spec = deployment().await;
        spec["replicas"] == 3 && spec["template"]["spec"]["containers"][0]["image"] == "example.invalid/hoopoe:2"
    })
    .await;
    shop.ready("ncons/inbox").await;
    edit(json!({ "lifecycle": "Stopped" })).await;
    eventually("no worker runs", async || deployment().await["replicas"] == 0).await;
    shop.ready("ncons/inbox").await;
    assert_ne!(kit.broker("/api/queues/%2F/edits").await, Value::Null, "topology stays");
    edit(json!({ "lifecycle": "Running", "api": { "enabled": false } })).await;
    eventually("the API is gone", async || {
        !shop.exists("deploy/inbox-api").await && !shop.exists("svc/inbox-api").await
    })
    .await;
    edit(json!({ "api": { "enabled": true } })).await;
    eventually("the API is back", async || shop.exists("deploy/inbox-api").await).await;
    shop.ready("ncons/inbox").await;
    // The scale subresource works while `scaling` is not set.
    shop.kubectl(&["scale", "ncons/inbox", "--replicas=2"]).await;
    eventually("two workers", async || deployment().await["replicas"] == 2).await;
    // The API server refuses a change of an immutable field.
    let refused = kit
        .plane
        .kubectl(&[
            "-n",
            "edits",
            "patch",
            "ncons",
            "inbox",
            "--type=merge",
            "-p",
            r#"{"spec":{"queue":{"name":"other"}}}"#,
        ])
        .await;
    assert!(refused.is_err(), "the queue's name cannot change");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_resource_is_read_and_not_written() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("paused").await;
    shop.producer("events", "exchange: {name: paused}").await;
    shop.ready("nprod/events").await;
    shop.kubectl(&["annotate", "nprod/events", "hoopoe.app/paused=true"]).await;
    shop.reason("nprod/events", "Paused", "Annotated").await;
    shop.patch("nprod/events", &json!({ "spec": { "replicas": 4 } })).await;
    shop.kubectl(&["delete", "pdb/events-producer"]).await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(shop.get("deploy/events-producer").await["spec"]["replicas"], 1);
    assert!(!shop.exists("pdb/events-producer").await);
    shop.kubectl(&["annotate", "nprod/events", "hoopoe.app/paused-"]).await;
    eventually("it is carried out", async || {
        shop.get("deploy/events-producer").await["spec"]["replicas"] == 4 && shop.exists("pdb/events-producer").await
    })
    .await;
}
