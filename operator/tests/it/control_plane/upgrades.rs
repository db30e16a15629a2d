//! A new default image, and resources that an older schema stored.

use serde_json::json;

use super::{
    faulty_client::{self, Fault},
    kit::{Kit, only},
};
use crate::testkit::{definitions::OURS, wait::eventually};

const RESOURCES: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_default_image_rolls_a_few_at_a_time() {
    let kit = Kit::unattended().await;
    let kubeconfig = kit.plane.kubeconfig_for("operator", None).unwrap();
    let shop = kit.namespace("images").await;
    let flags = [&only("images")[..], &["--worker-image", "example.invalid/hoopoe:1"]].concat();
    let operator = faulty_client::operator(&kubeconfig, Fault::CrashAfter(u32::MAX), &flags).await;
    for number in 0..RESOURCES {
        // With minReadySeconds a rollout takes a while, so that the rollouts in progress can be counted.
        let spec = "exchange: {name: images}, rollout: {minReadySeconds: 3}";
        shop.producer(&format!("p{number}"), spec).await;
    }
    shop.kubectl(&["wait", "--for=condition=Ready", "nprod", "--all", "--timeout=90s"]).await;
    drop(operator);
    let flags = ["--watch-namespace", "images", "--lease-name", "images-again", "--upgrade-max-concurrent", "4"];
    let flags = [&flags[..], &["--worker-image", "example.invalid/hoopoe:2"]].concat();
    let operator = faulty_client::operator(&kubeconfig, Fault::CrashAfter(u32::MAX), &flags).await;
    let (mut most, mut done) = (0, 0);
    eventually("all have the new image", async || {
        let deployments = shop.list("deploy").await;
        let new = deployments.iter().filter(|deployment| {
            deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "example.invalid/hoopoe:2"
        });
        let (rolled, rolling): (Vec<_>, Vec<_>) = new.partition(|deployment| {
            let status = &deployment["status"];
            deployment["metadata"]["generation"] == status["observedGeneration"]
                && status["updatedReplicas"] == 1
                && status["replicas"] == 1
                && status["availableReplicas"] == 1
        });
        (most, done) = (most.max(rolling.len()), rolled.len());
        done == RESOURCES
    })
    .await;
    assert!((1..=4).contains(&most), "{most} rolled at one time");
    drop(operator);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_older_schema_stored_is_told_and_can_be_deleted() {
    let kit = Kit::start().await;
    let shop = kit.namespace("older").await;
    // The older schema: today's without rules and without most fields.
    let crd = "notifconsumers.hoopoe.app";
    let current = kit.plane.kubectl(&["get", "crd", crd, "-o", "json"]).await.unwrap();
    let mut older: serde_json::Value = serde_json::from_str(&current).unwrap();
    let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    older["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = schema;
    older["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        .as_object_mut()
        .unwrap()
        .remove("x-kubernetes-validations");
    older["spec"]["versions"][0].as_object_mut().unwrap().remove("selectableFields");
    for field in ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"] {
        older["metadata"].as_object_mut().unwrap().remove(field);
    }
    older.as_object_mut().unwrap().remove("status");
    kit.plane.apply(&older.to_string()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let operator = kit.start_operator(&[]).await;
    shop.consumer("good", "queue: {name: older.good}, bindings: [{exchange: amq.topic}]").await;
    shop.consumer("bad", "queue: {name: amq.older}, bindings: [{exchange: amq.topic}]").await;
    shop.ready("ncons/good").await;
    shop.reason("ncons/bad", "Ready", "FieldsInvalid").await;
    // Back to today's schema. Resources that break its rules still get a status, and can be deleted.
    kit.plane.apply(OURS[1]).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    shop.ready("ncons/good").await;
    shop.kubectl(&["delete", "ncons", "--all", "--timeout=80s"]).await;
    operator.stop().await;
}
