//! The fields that both kinds have, on one of a resource's Deployments.

use serde_json::json;

use super::Edit;

/// The names of the children of one kind of resource.
pub struct Names {
    pub deployment: &'static str,
    pub account: &'static str,
    pub service: &'static str,
    pub budget: &'static str,
    pub network_policy: &'static str,
    pub pod_monitor: &'static str,
    /// The Deployments that roll when a field of every pod changes.
    pub all: &'static [&'static str],
}

/// The edits of the fields that both kinds have.
// One row for each field.
#[allow(clippy::too_many_lines)]
pub fn edits(names: &Names) -> Vec<Edit> {
    let Names { deployment, account, service, budget, network_policy, pod_monitor, all } = *names;
    let of_deployment = deployment.strip_prefix("deploy/").unwrap();
    let pod = |field, value, pointer, seen| Edit::of(field, value).object(deployment, pointer, seen).rolls(all);
    let rollout = |field, value, pointer, seen| Edit::of(field, value).object(deployment, pointer, seen);
    let toleration = json!({ "key": "special", "operator": "Exists" });
    let affinity = json!({ "nodeAffinity": { "preferredDuringSchedulingIgnoredDuringExecution": [
        { "weight": 3, "preference": { "matchExpressions": [{ "key": "disk", "operator": "Exists" }] } },
    ] } });
    vec![
        pod(
            "image",
            json!("example.invalid/hoopoe:7"),
            "/spec/template/spec/containers/0/image",
            json!("example.invalid/hoopoe:7"),
        ),
        pod("imagePullPolicy", json!("Never"), "/spec/template/spec/containers/0/imagePullPolicy", json!("Never")),
        pod(
            "imagePullSecrets[].name",
            json!([{ "name": "pull" }]),
            "/spec/template/spec/imagePullSecrets/0/name",
            json!("pull"),
        ),
        rollout("replicas", json!(2), "/spec/replicas", json!(2)),
        rollout("lifecycle", json!("Stopped"), "/spec/replicas", json!(0)),
        pod(
            "resources",
            json!({ "limits": { "memory": "77Mi" } }),
            "/spec/template/spec/containers/0/resources/limits/memory",
            json!("77Mi"),
        )
        .beside(json!({ "lifecycle": "Running" })),
        pod(
            "placement.affinity",
            affinity,
            "/spec/template/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/weight",
            json!(3),
        ),
        pod(
            "placement.nodeSelector",
            json!({ "kubernetes.io/os": "linux" }),
            "/spec/template/spec/nodeSelector/kubernetes.io~1os",
            json!("linux"),
        ),
        pod("placement.tolerations", json!([toleration]), "/spec/template/spec/tolerations/0/key", json!("special")),
        pod("placement.tolerationSeconds", json!(44), "/spec/template/spec/tolerations/1/tolerationSeconds", json!(44)),
        pod(
            "placement.priorityClassName",
            json!("system-cluster-critical"),
            "/spec/template/spec/priorityClassName",
            json!("system-cluster-critical"),
        ),
        pod("placement.spread", json!("None"), "/spec/template/spec/topologySpreadConstraints", json!(null)),
        rollout("rollout.maxSurge", json!("30%"), "/spec/strategy/rollingUpdate/maxSurge", json!("30%")),
        rollout("rollout.maxUnavailable", json!(2), "/spec/strategy/rollingUpdate/maxUnavailable", json!(2)),
        rollout("rollout.minReadySeconds", json!(1), "/spec/minReadySeconds", json!(1)),
        rollout("rollout.progressDeadline", json!("3m"), "/spec/progressDeadlineSeconds", json!(180)),
        rollout("rollout.revisionHistoryLimit", json!(5), "/spec/revisionHistoryLimit", json!(5)),
        Edit::of("disruption.maxUnavailable", json!("40%")).object(budget, "/spec/maxUnavailable", "40%"),
        Edit::of("serviceAccount.annotations", json!({ "iam": "a" })).object(account, "/metadata/annotations/iam", "a"),
        pod("serviceAccount.name", json!("existing"), "/spec/template/spec/serviceAccountName", json!("existing"))
            .object(account, "", json!(null)),
        Edit::of("service.type", json!("NodePort")).object(service, "/spec/type", "NodePort"),
        Edit::of("service.annotations", json!({ "lb": "b" })).object(service, "/metadata/annotations/lb", "b"),
        pod("labels", json!({ "team": "t" }), "/spec/template/metadata/labels/team", json!("t")).object(
            budget,
            "/metadata/labels/team",
            "t",
        ),
        pod("annotations", json!({ "note": "n" }), "/spec/template/metadata/annotations/note", json!("n")).object(
            service,
            "/metadata/annotations/note",
            "n",
        ),
        // Our variables follow those of the Secrets; this one keeps its own place among them.
        pod(
            "extraEnv",
            json!([{ "name": "HOOPOE_AMQP_URL", "value": "e" }, { "name": "HOOPOE_POSTGRES_URL", "value": "e" }]),
            "/spec/template/spec/containers/0/env/0/value",
            json!("e"),
        ),
        Edit::of("monitoring.labels", json!({ "release": "p" })).object(pod_monitor, "/metadata/labels/release", "p"),
        Edit::of("monitoring.interval", json!("15s")).object(
            pod_monitor,
            "/spec/podMetricsEndpoints/0/interval",
            "15s",
        ),
        Edit::of("monitoring.podMonitor", json!("Disabled")).object(pod_monitor, "", json!(null)),
        Edit::of("networkPolicy.enabled", json!(true)).object(network_policy, "/spec/policyTypes/0", "Egress"),
        Edit::of("networkPolicy.ingressFrom", json!([{ "ipBlock": { "cidr": "10.1.0.0/16" } }])).object(
            network_policy,
            "/spec/ingress/0/from/0/ipBlock/cidr",
            "10.1.0.0/16",
        ),
        Edit::of("networkPolicy.egressTo", json!([{ "ipBlock": { "cidr": "10.2.0.0/16" } }])).item(
            network_policy,
            "/spec/egress",
            json!({ "to": [{ "ipBlock": { "cidr": "10.2.0.0/16" } }] }),
        ),
        Edit::of("telemetry.otlpEndpoint", json!("http://10.3.0.1:4318"))
            .config(of_deployment, "/telemetry/otlpEndpoint", "http://10.3.0.1:4318")
            .rolls(all),
        Edit::of("telemetry.sampleRatio", json!("0.5"))
            .config(of_deployment, "/telemetry/sampleRatio", "0.5")
            .rolls(all),
        pod(
            "podTemplate",
            json!({ "spec": { "dnsPolicy": "Default" } }),
            "/spec/template/spec/dnsPolicy",
            json!("Default"),
        ),
    ]
}
