//! An operator without some of its rights, and a cluster that does not serve every kind of a group.

use serde_json::{Value, json};

use crate::control_plane::kit::Kit;
use crate::testkit::wait::eventually;

/// A kind of Prometheus' operator that we do not use.
const SERVICE_MONITOR: &str = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: \
                               servicemonitors.monitoring.coreos.com, annotations: {api-approved.kubernetes.io: \
                               \"unapproved, a test\"}}, \
    spec: {group: monitoring.coreos.com, names: {kind: ServiceMonitor, plural: servicemonitors, singular: \
    servicemonitor}, scope: Namespaced, versions: [{name: v1, served: true, storage: true, \
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]}}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_that_is_forbidden_in_one_namespace_is_told_and_holds_up_no_other() {
    let kit = Kit::unattended().await;
    kit.plane.apply(SERVICE_MONITOR).await.unwrap();
    let (open, closed) = (kit.namespace("open").await, kit.namespace("closed").await);
    // This user has no rights in the whole cluster.
    kit.bind_lease("of-some").await;
    kit.bind_identity("of-some").await;
    let role = kit.plane.kubectl(&["get", "clusterrole", "hoopoe-operator", "-o", "json"]).await.unwrap();
    let mut role: Value = serde_json::from_str(&role).unwrap();
    role["rules"].as_array_mut().unwrap().retain(|rule| rule["resources"] != json!(["secrets"]));
    let less = json!({
        "apiVersion": role["apiVersion"],
        "kind": role["kind"],
        "metadata": { "name": "less" },
        "rules": role["rules"],
    });
    kit.plane.apply(&less.to_string()).await.unwrap();
    open.kubectl(&["create", "rolebinding", "operator", "--clusterrole=hoopoe-operator", "--user=of-some"]).await;
    closed.kubectl(&["create", "rolebinding", "operator", "--clusterrole=less", "--user=of-some"]).await;

    let flags = ["--watch-namespace", "open", "--watch-namespace", "closed", "--lease-name", "of-some"];
    let operator = kit.start_operator_as("of-some", &flags).await;
    for shop in [&open, &closed] {
        shop.producer("events", &format!("exchange: {{name: {}}}", shop.name)).await;
    }
    open.ready("nprod/events").await;
    let broken = "hoopoe_operator_watches_broken{kind=\"Secret\"} 1";
    eventually("the metric", async || operator.metrics().await.contains(broken)).await;
    let readyz = operator.readyz().await;
    assert!(readyz.starts_with("ok\n"), "{readyz}");
    assert!(
        readyz.contains("the watch of Secret in the namespace closed") && readyz.contains("grant list and watch"),
        "{readyz}"
    );
    // The group is served without our kind: we do not watch the kind, so no fault is reported.
    assert!(!readyz.contains("PodMonitor"), "{readyz}");
    let lines = operator.log().lines().filter(|line| line.contains("a watch broke") && line.contains("Secret")).count();
    assert_eq!(lines, 1, "said once: {}", operator.log());
    assert!(!closed.exists("deploy/events-producer").await);

    closed.kubectl(&["create", "rolebinding", "more", "--clusterrole=hoopoe-operator", "--user=of-some"]).await;
    closed.ready("nprod/events").await;
    eventually("all is well", async || operator.readyz().await == "ok").await;

    // Secrets of deleted resources do not stay in memory.
    assert!(operator.metrics().await.contains("hoopoe_operator_secrets_kept 2"), "{}", operator.metrics().await);
    closed.kubectl(&["delete", "nprod/events", "--timeout=60s"]).await;
    eventually("its Secret is forgotten", async || operator.metrics().await.contains("hoopoe_operator_secrets_kept 1"))
        .await;
    open.ready("nprod/events").await;
    operator.stop().await;
}
