//! Secrets that are missing, incomplete, wrong, or rotated.

use serde_json::json;

use crate::control_plane::kit::Kit;
use crate::testkit::wait::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_secret_or_key_is_named_and_picked_up_when_it_appears() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("missing").await;
    shop.apply("NotifProducer", "events", "broker: {secretRef: {name: later}}, exchange: {name: missing}").await;
    let said = shop.reason("nprod/events", "CredentialsValid", "SecretMissing").await;
    assert!(said["message"].as_str().unwrap().contains("later"), "{said}");
    let metadata = json!({ "name": "later", "namespace": "missing" });
    let later = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": { "user": "x" } });
    shop.apply_object(&later).await;
    let said = shop.reason("nprod/events", "CredentialsValid", "SecretKeyMissing").await;
    assert!(said["message"].as_str().unwrap().contains("the key uri"), "{said}");
    shop.secret(
        "later",
        "amqp://hoopoe:wrong@127.0.0.1",
        &[("managementUri", &kit.rabbit.management_url().replace("secret", "wrong"))],
    )
    .await;
    shop.reason("nprod/events", "CredentialsValid", "Unauthorized").await;
    shop.secret("later", &kit.rabbit.url(), &[("managementUri", &kit.rabbit.management_url())]).await;
    shop.ready("nprod/events").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_credential_rolls_exactly_the_workers_that_use_it() {
    let kit = Kit::shared().await;
    let shop = kit.namespace("rotation").await;
    shop.producer("events", "exchange: {name: rotation}").await;
    shop.consumer("inbox", "queue: {name: rotation}, bindings: [{exchange: rotation}]").await;
    shop.ready("nprod/events").await;
    shop.ready("ncons/inbox").await;
    let generations = async || {
        let mut all = Vec::new();
        for name in ["events-producer", "inbox-consumer", "inbox-api"] {
            all.push(shop.get(&format!("deploy/{name}")).await["metadata"]["generation"].as_i64().unwrap());
        }
        all
    };
    let before = generations().await;
    shop.secret("redis", "redis://:new@redis:6379", &[]).await;
    eventually("the consumer rolls", async || generations().await[1] > before[1]).await;
    eventually("the API rolls", async || generations().await[2] > before[2]).await;
    shop.ready("ncons/inbox").await;
    let after = generations().await;
    assert_eq!(after[0], before[0], "the producer uses no Redis");
    // A change of an unused key rolls no workers.
    shop.secret("redis", "redis://:new@redis:6379", &[("note", "changed")]).await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(generations().await, after);
}
