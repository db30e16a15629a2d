//! Changes that other clients make to our children.

use serde_json::json;

use crate::control_plane::kit::Kit;
use crate::testkit::wait::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_put_back_and_a_rollout_restart_is_not() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("drift").await;
    shop.producer("events", "exchange: {name: drift}").await;
    shop.ready("nprod/events").await;
    shop.kubectl(&["scale", "deploy/events-producer", "--replicas=5"]).await;
    eventually("one worker again", async || shop.get("deploy/events-producer").await["spec"]["replicas"] == 1).await;
    shop.kubectl(&["delete", "svc/events-producer", "sa/events-producer"]).await;
    eventually("both are back", async || {
        shop.exists("svc/events-producer").await && shop.exists("sa/events-producer").await
    })
    .await;
    let wrong = json!({
        "metadata": { "labels": { "app.kubernetes.io/instance": null } },
        "spec": { "selector": { "app.kubernetes.io/component": "wrong" } },
    });
    shop.patch("svc/events-producer", &wrong).await;
    eventually("selector and label are back", async || {
        let service = shop.get("svc/events-producer").await;
        service["spec"]["selector"]["app.kubernetes.io/component"] == "producer"
            && service["metadata"]["labels"]["app.kubernetes.io/instance"] == "events"
    })
    .await;
    shop.kubectl(&["rollout", "restart", "deploy/events-producer"]).await;
    shop.kubectl(&["rollout", "status", "deploy/events-producer", "--timeout=60s"]).await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let template = shop.get("deploy/events-producer").await["spec"]["template"]["metadata"]["annotations"].clone();
    assert!(template["kubectl.kubernetes.io/restartedAt"].is_string(), "{template}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_is_not_ours_is_left_alone_and_told() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("taken").await;
    shop.kubectl(&["create", "service", "clusterip", "events-producer", "--tcp=1:1"]).await;
    shop.producer("events", "exchange: {name: taken}").await;
    let said = shop.reason("nprod/events", "Stalled", "NameTaken").await;
    assert!(said["message"].as_str().unwrap().contains("events-producer"), "{said}");
    assert_eq!(shop.get("svc/events-producer").await["spec"]["ports"][0]["port"], 1);
    shop.kubectl(&["delete", "svc/events-producer"]).await;
    shop.ready("nprod/events").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_consumers_on_one_queue_one_works_and_the_other_says_so() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("rivals").await;
    let spec = "queue: {name: rivals}, bindings: [{exchange: amq.topic, routingKey: rivals}]";
    shop.consumer("first", spec).await;
    shop.ready("ncons/first").await;
    shop.consumer("second", spec).await;
    let said = shop.reason("ncons/second", "Stalled", "QueueTaken").await;
    assert!(said["message"].as_str().unwrap().contains("rivals/first"), "{said}");
    shop.kubectl(&["delete", "ncons/second", "--timeout=60s"]).await;
    assert!(kit.publish("amq.topic", "rivals").await, "the loser deletes nothing");
    shop.ready("ncons/first").await;
}
