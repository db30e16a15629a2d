//! Other controllers that decide how many workers run.

use serde_json::json;

use crate::control_plane::kit::{Kit, Namespace};
use crate::testkit::wait::eventually;

async fn workers(shop: &Namespace<'_>) -> Option<i64> {
    let path = ["get", "deploy/inbox-consumer", "--ignore-not-found", "-o", "jsonpath={.spec.replicas}"];
    shop.kubectl(&path).await.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_horizontal_pod_autoscaler_on_the_consumer_itself_is_obeyed() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("hpa").await;
    shop.consumer("inbox", "queue: {name: hpa}, bindings: [{exchange: amq.topic, routingKey: hpa}]").await;
    shop.ready("ncons/inbox").await;
    // A real autoscaler raises a count below its minimum without any metric.
    shop.apply_object(&json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": "inbox", "namespace": "hpa" },
        "spec": {
            "scaleTargetRef": { "apiVersion": "hoopoe.app/v1alpha1", "kind": "NotifConsumer", "name": "inbox" },
            "minReplicas": 3, "maxReplicas": 5,
            "metrics": [{ "type": "Resource", "resource": {
                "name": "cpu",
                "target": { "type": "Utilization", "averageUtilization": 50 },
            } }],
        },
    }))
    .await;
    eventually("three workers", async || workers(&shop).await == Some(3)).await;
    // It is Ready the whole time, at first with one worker.
    eventually("the status says so", async || shop.get("ncons/inbox").await["status"]["ready"] == "3/3").await;
    shop.ready("ncons/inbox").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_brings_workers_and_its_end_takes_them_away() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("backlog").await;
    let scaling = "scaling: {min: 0, max: 4, targetDrain: 5s, stabilization: 5s, idle: 10s}";
    let spec = format!("queue: {{name: backlog}}, bindings: [{{exchange: amq.topic, routingKey: backlog}}], {scaling}");
    shop.consumer("inbox", &spec).await;
    eventually("an idle queue has no worker", async || workers(&shop).await == Some(0)).await;
    shop.ready("ncons/inbox").await;
    for _ in 0..20 {
        assert!(kit.publish("amq.topic", "backlog").await);
    }
    eventually("workers come", async || workers(&shop).await > Some(0)).await;
    eventually("the status says so", async || {
        shop.get("ncons/inbox").await["status"]["desiredReplicas"].as_i64() > Some(0)
    })
    .await;
    // Pods of kwok drain nothing: while messages are in hand, the count never goes to zero.
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    assert!(workers(&shop).await > Some(0));
    kit.rabbit.management(hoopoe_e2e::Method::DELETE, "/api/queues/%2F/backlog/contents", None).await.unwrap();
    eventually("and go", async || workers(&shop).await == Some(0)).await;
}
