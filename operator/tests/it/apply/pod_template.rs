//! Our strategic merge patch has the same result as the API server's.

use hoopoe_operator::{
    desired::{Child, ChildKind},
    scale::Replicas,
    strategic_merge,
};
use kube::{
    Api,
    api::{DynamicObject, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use super::stand::{FULL_CONSUMER, Stand, consumer_children};

/// Patches of a pod template with the container `hoopoe`, the init containers `migrate` and `wait`, and the volume
/// `config`.
fn patches() -> Vec<Value> {
    let container = |more: Value| {
        let mut container = json!({"name": "hoopoe"});
        container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"spec": {"containers": [container]}})
    };
    vec![
        json!({"metadata": {"labels": {"a": "b"}, "annotations": {"example.org/contact": null}}}),
        json!({"spec": {"containers": [{"name": "first", "image": "x"}]}}),
        json!({"spec": {"initContainers": [{"name": "new", "image": "x"}, {"name": "migrate", "image": "y"}]}}),
        json!({"spec": {"initContainers": [{"name": "migrate", "image": "y"}, {"name": "new", "image": "x"}]}}),
        json!({"spec": {"initContainers": [{"name": "wait", "$patch": "delete"}]}}),
        json!({"spec": {"initContainers": [{"name": "only", "image": "x"}, {"$patch": "replace"}]}}),
        json!({"spec": {"$setElementOrder/initContainers": [{"name": "wait"}, {"name": "migrate"}]}}),
        json!({"spec": {
            "$setElementOrder/initContainers": [{"name": "wait"}, {"name": "new"}, {"name": "migrate"}],
            "initContainers": [{"name": "new", "image": "x"}, {"name": "migrate", "image": "z"}],
        }}),
        json!({"spec": {"volumes": [{"name": "config", "$retainKeys": ["name", "emptyDir"], "emptyDir": {}}]}}),
        json!({"spec": {"volumes": [{"name": "config", "projected": {"defaultMode": 256}}]}}),
        json!({"spec": {"volumes": [
            {"name": "config", "$patch": "delete"},
            {"name": "config", "configMap": {"name": "x"}},
        ]}}),
        json!({"spec": {"tolerations": [{"key": "only", "operator": "Exists"}]}}),
        json!({"spec": {"nodeSelector": {"a": "b"}, "affinity": null}}),
        json!({"spec": {"securityContext": {"$patch": "replace", "runAsNonRoot": true, "runAsUser": 1000}}}),
        json!({"spec": {"securityContext": {"fsGroup": 5, "seccompProfile": {"type": "Unconfined"}}}}),
        json!({"spec": {"topologySpreadConstraints": [{"topologyKey": "topology.kubernetes.io/zone", "maxSkew": 4}]}}),
        json!({"spec": {
            "imagePullSecrets": [{"name": "more"}],
            "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}],
        }}),
        container(json!({"env": [{"name": "NEW", "value": "1"}, {"name": "HOOPOE_LOG", "value": "debug"}]})),
        container(json!({"env": [{"name": "HOOPOE_AMQP_URL", "$patch": "delete"}]})),
        container(json!({"env": [
            {"name": "HOOPOE_AMQP_URL", "$patch": "delete"},
            {"name": "HOOPOE_AMQP_URL", "value": "x"},
        ]})),
        container(json!({"ports": [{"containerPort": 8081, "name": "metrics"}, {"containerPort": 7000}]})),
        container(json!({"volumeMounts": [{"mountPath": "/etc/hoopoe", "subPath": "x"}]})),
        container(json!({"command": ["sh"], "args": ["-c"], "livenessProbe": null})),
        container(json!({"resources": {"limits": {"memory": "1Gi", "cpu": "2"}, "requests": {"$patch": "delete"}}})),
        container(json!({"resources": {"$patch": "replace", "limits": {"memory": "1Gi"}}})),
        container(json!({"readinessProbe": {"$retainKeys": ["exec", "periodSeconds"], "exec": {"command": ["true"]}}})),
        container(json!({"securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}}})),
    ]
}

#[tokio::test]
async fn a_pod_template_is_patched_as_kubectl_patch_does_it() {
    let stand = Stand::new("patched").await;
    let (owner, spec) = stand.consumer(FULL_CONSUMER).await;
    let none = Replicas::Exactly(0);
    let children = consumer_children(&owner, &spec, none, none);
    stand.apply(&owner, &children).await.unwrap();
    let resource = ChildKind::Deployment.resource();
    let api: Api<DynamicObject> = Api::namespaced_with(stand.client.clone(), &stand.namespace, &resource);
    let live = api.get("inbox-consumer").await.unwrap();
    for patch in patches() {
        let dry = PatchParams { dry_run: true, ..PatchParams::default() };
        let strategic = Patch::Strategic(json!({"spec": {"template": patch}}));
        let theirs = api.patch("inbox-consumer", &dry, &strategic).await.unwrap();
        let mut ours = live.clone();
        // Its status may have changed since.
        ours.metadata.resource_version = None;
        strategic_merge::merge(&mut ours.data["spec"]["template"], &patch).unwrap();
        // The API server sets the same defaults in both objects.
        let dry = PostParams { dry_run: true, ..PostParams::default() };
        let ours = api.replace("inbox-consumer", &dry, &ours).await.unwrap();
        assert_eq!(ours.data["spec"]["template"], theirs.data["spec"]["template"], "{patch}");
    }
    // The API server empties a map that is deleted, and an empty probe cannot be stored; our patch removes it.
    let mut template = live.data["spec"]["template"].clone();
    let patch = json!({"spec": {"containers": [{"name": "hoopoe", "livenessProbe": {"$patch": "delete"}}]}});
    strategic_merge::merge(&mut template, &patch).unwrap();
    assert!(template["spec"]["containers"][0].get("livenessProbe").is_none());
}

#[tokio::test]
async fn a_pod_template_is_in_the_object_and_leaves_with_the_spec() {
    let stand = Stand::new("template").await;
    let (owner, mut spec) = stand.consumer(FULL_CONSUMER).await;
    let none = Replicas::Exactly(0);
    let pod = || async { stand.get(ChildKind::Deployment, "inbox-consumer").await["spec"]["template"]["spec"].clone() };
    let applied = |children: Vec<Child>| {
        let (stand, owner) = (&stand, &owner);
        async move { stand.apply(owner, &children).await.unwrap() }
    };
    applied(consumer_children(&owner, &spec, none, none)).await;
    let names: Vec<_> =
        pod().await["initContainers"].as_array().unwrap().iter().map(|container| container["name"].clone()).collect();
    assert_eq!(names, ["migrate", "wait"]);
    spec.workload.pod_template = None;
    applied(consumer_children(&owner, &spec, none, none)).await;
    assert_eq!(pod().await["initContainers"].as_array().unwrap().len(), 1);
}
