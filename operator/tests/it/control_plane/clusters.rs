//! Two clusters share one broker, and have resources with the same namespace and name.

use serde_json::{Value, json};

use crate::control_plane::kit::{Kit, Namespace, only};
use crate::testkit::wait::eventually;

async fn workers(shop: &Namespace<'_>) -> Value {
    shop.get("deploy/inbox-consumer").await["spec"]["replicas"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_clusters_with_the_same_names_one_wins_and_the_other_says_so_and_deletes_nothing() {
    let (one, other) = tokio::join!(Kit::unattended(), Kit::start());
    let (here, there) = (one.namespace("twins").await, other.namespace("twins").await);
    let flags = only("twins");
    let (first, second) = tokio::join!(one.start_operator(&flags), other.start_operator(&flags));

    here.consumer("inbox", "queue: {name: twins}, bindings: [{exchange: amq.topic, routingKey: here}]").await;
    here.ready("ncons/inbox").await;
    let policy = one.broker("/api/policies/%2F/hoopoe.twins.inbox").await;
    there.consumer("inbox", "queue: {name: twins}, bindings: [{exchange: amq.topic, routingKey: there}]").await;
    let taken = there.reason("ncons/inbox", "Stalled", "QueueTaken").await;
    let uid = one.plane.kubectl(&["get", "ns", "kube-system", "-o", "jsonpath={.metadata.uid}"]).await.unwrap();
    let message = taken["message"].as_str().unwrap();
    assert!(message.contains("twins/inbox of the cluster") && message.contains(&uid), "{message}");
    assert_eq!(workers(&there).await, 0, "another's queue is not drained");

    // The same names with another queue: the claim would have to overwrite the other cluster's.
    there.kubectl(&["delete", "ncons/inbox", "--timeout=60s"]).await;
    there.consumer("inbox", "queue: {name: twins.other}, bindings: [{exchange: amq.topic}]").await;
    there.reason("ncons/inbox", "Stalled", "QueueTaken").await;
    there.kubectl(&["delete", "ncons/inbox", "--timeout=60s"]).await;

    assert_eq!(one.broker("/api/policies/%2F/hoopoe.twins.inbox").await, policy, "the claim is untouched");
    assert_eq!(one.broker("/api/queues/%2F/twins.other").await, Value::Null);
    assert!(one.publish("amq.topic", "here").await && !one.publish("amq.topic", "there").await);
    // The resource of the first cluster is edited and repaired as before.
    here.patch("ncons/inbox", &json!({ "spec": { "queue": { "policy": { "maxLength": 9 } } } })).await;
    eventually("the policy has the limit", async || {
        one.broker("/api/policies/%2F/hoopoe.twins.inbox").await["definition"]["max-length"] == 9
    })
    .await;
    here.ready("ncons/inbox").await;

    // Once that resource is deleted, the name is free.
    here.patch("ncons/inbox", &json!({ "spec": { "queue": { "deletionPolicy": "Delete" } } })).await;
    here.kubectl(&["delete", "ncons/inbox", "--timeout=80s"]).await;
    there.consumer("inbox", "queue: {name: twins}, bindings: [{exchange: amq.topic, routingKey: there}]").await;
    there.ready("ncons/inbox").await;
    assert!(one.publish("amq.topic", "there").await);
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_of_before_there_were_ids_is_taken_over_and_an_operator_without_one_leaves_it() {
    let kit = Kit::unattended().await;
    let shop = kit.namespace("older-claim").await;
    let policy = async || kit.broker("/api/policies/%2F/hoopoe.older-claim.inbox").await;
    // All rights except the one to read the id of the cluster.
    let user = "without-identity";
    kit.bind_lease(user).await;
    shop.kubectl(&["create", "rolebinding", user, "--clusterrole=hoopoe-operator", &format!("--user={user}")]).await;
    let start = async |more: &[&str]| kit.start_operator_as(user, &[&only("older-claim")[..], more].concat()).await;

    let operator = start(&[]).await;
    shop.consumer("inbox", "queue: {name: older-claim}, bindings: [{exchange: amq.topic}]").await;
    shop.ready("ncons/inbox").await;
    assert_eq!(policy().await["pattern"], r"^older-claim$");
    assert!(operator.log().contains("--cluster-id"), "{}", operator.log());
    operator.stop().await;

    let operator = start(&["--cluster-id", "cluster-7"]).await;
    eventually("the claim says whose", async || {
        policy().await["pattern"] == "^older-claim$(?#hoopoe-cluster=cluster-7)"
    })
    .await;
    shop.ready("ncons/inbox").await;
    // The broker's statistics are some seconds old.
    eventually("it is in force", async || {
        kit.broker("/api/queues/%2F/older-claim").await["policy"] == "hoopoe.older-claim.inbox"
    })
    .await;
    operator.stop().await;

    let operator = start(&[]).await;
    shop.patch("ncons/inbox", &json!({ "spec": { "queue": { "policy": { "maxLength": 5 } } } })).await;
    eventually("the limit", async || policy().await["definition"]["max-length"] == 5).await;
    assert_eq!(policy().await["pattern"], "^older-claim$(?#hoopoe-cluster=cluster-7)", "the claim is unchanged");
    operator.stop().await;
}
