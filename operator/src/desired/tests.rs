//! Whole children against committed YAML, and each rule by itself.
//!
//! `HOOPOE_GENERATE=1 cargo test -p hoopoe-operator --lib desired` writes the YAML again.

use hoopoe_crds::{
    Span, WorkerConfig,
    consumer::NotifConsumerSpec,
    producer::NotifProducerSpec,
    workload::{Autoscale, IntOrPercent, Monitoring, Placement, Rollout, ServiceAccount, Spread, Toggle},
};
use serde_json::{Value, json};

use super::{
    fixtures::{
        consumer_secrets, full_consumer, full_producer, minimal_consumer, minimal_producer, platform, producer_secrets,
    },
    *,
};
use crate::{names, validate};

fn producer_children(edit: impl FnOnce(&mut NotifProducerSpec), replicas: Replicas) -> Vec<Child> {
    let (meta, mut spec) = minimal_producer();
    edit(&mut spec);
    let secrets = producer_secrets(&spec);
    producer(validate::validate(&meta, &spec).unwrap(), &secrets, &platform(), replicas).unwrap()
}

fn consumer_children(edit: impl FnOnce(&mut NotifConsumerSpec)) -> Vec<Child> {
    let (meta, mut spec) = minimal_consumer();
    edit(&mut spec);
    let secrets = consumer_secrets(&spec);
    let one = Replicas::Exactly(1);
    consumer(validate::validate(&meta, &spec).unwrap(), &secrets, &platform(), one, one).unwrap()
}

/// The children of a producer that has one worker.
fn children(edit: impl FnOnce(&mut NotifProducerSpec)) -> Vec<Child> {
    producer_children(edit, Replicas::Exactly(1))
}

fn find<'a>(children: &'a [Child], kind: ChildKind, name: &str) -> &'a Value {
    &children.iter().find(|child| child.kind == kind && child.name == name).unwrap().object
}

fn deployment(children: &[Child]) -> &Value {
    let child = children.iter().find(|child| child.kind == ChildKind::Deployment).unwrap();
    &child.object["spec"]
}

fn pod(children: &[Child]) -> &Value {
    &deployment(children)["template"]["spec"]
}

fn worker_config(children: &[Child], component: &str) -> (String, Value) {
    let of_component = |child: &&Child| child.object["metadata"]["labels"]["app.kubernetes.io/component"] == component;
    let child = children.iter().filter(of_component).find(|child| child.kind == ChildKind::ConfigMap).unwrap();
    assert_eq!(child.object["immutable"], true);
    let text = child.object["data"]["worker.yaml"].as_str().unwrap();
    let (_, unknown) = WorkerConfig::from_yaml(text).unwrap();
    assert_eq!(unknown, Vec::<String>::new());
    (child.name.clone(), serde_yaml::from_str(text).unwrap())
}

fn matches_golden(name: &str, children: &[Child]) {
    let documents = children.iter().map(|child| {
        let initial = child.initial_replicas.map(|count| format!("# initial replicas: {count}\n")).unwrap_or_default();
        format!("---\n{initial}{}", serde_yaml::to_string(&child.object).unwrap())
    });
    let text: String = documents.collect();
    let path = format!("{}/tests/golden/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("HOOPOE_GENERATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = golden.lines().zip(text.lines()).position(|(golden, text)| golden != text);
    assert!(golden == text, "{path} differs from line {differs:?} on: if it is as it should be: make generate");
}

#[test]
fn the_children_of_a_minimal_producer() {
    matches_golden("minimal-producer", &children(|_| ()));
}

#[test]
fn the_children_of_a_full_producer() {
    let (meta, spec) = full_producer();
    let secrets = producer_secrets(&spec);
    let resource = validate::validate(&meta, &spec).unwrap();
    matches_golden("full-producer", &producer(resource, &secrets, &platform(), Replicas::LeftToAutoscaler(3)).unwrap());
}

#[test]
fn the_children_of_a_minimal_consumer() {
    matches_golden("minimal-consumer", &consumer_children(|_| ()));
}

#[test]
fn the_children_of_a_full_consumer() {
    let (meta, spec) = full_consumer();
    let secrets = consumer_secrets(&spec);
    let resource = validate::validate(&meta, &spec).unwrap();
    let (worker, api) = (Replicas::Exactly(4), Replicas::LeftToAutoscaler(3));
    matches_golden("full-consumer", &consumer(resource, &secrets, &platform(), worker, api).unwrap());
}

#[test]
fn children_come_in_the_order_of_their_kinds_and_each_belongs_to_the_resource() {
    let children = consumer_children(|spec| spec.workload.network_policy = Some(enabled_network_policy()));
    let kinds: Vec<_> = children.iter().map(|child| child.kind).collect();
    let mut sorted = kinds.clone();
    sorted.sort();
    assert_eq!(kinds, sorted);
    for Child { object, name, .. } in &children {
        let owner = &object["metadata"]["ownerReferences"][0];
        assert_eq!(
            (&owner["kind"], &owner["name"], &owner["controller"]),
            (&json!("NotifConsumer"), &json!("inbox"), &json!(true))
        );
        assert_eq!(object["metadata"]["namespace"], "shop");
        assert_eq!(object["metadata"]["name"], json!(name));
        assert_eq!(object["metadata"]["labels"][names::MANAGED_BY_LABEL], names::MANAGED_BY);
    }
}

fn enabled_network_policy() -> hoopoe_crds::workload::NetworkPolicySettings {
    hoopoe_crds::workload::NetworkPolicySettings { enabled: true, ..Default::default() }
}

#[test]
fn nothing_in_the_spec_moves_a_selector() {
    let (meta, spec) = full_producer();
    let secrets = producer_secrets(&spec);
    let full =
        producer(validate::validate(&meta, &spec).unwrap(), &secrets, &platform(), Replicas::Exactly(1)).unwrap();
    let minimal = children(|_| ());
    assert_eq!(deployment(&full)["selector"], deployment(&minimal)["selector"]);
    for (key, value) in deployment(&full)["selector"]["matchLabels"].as_object().unwrap() {
        assert_eq!(deployment(&full)["template"]["metadata"]["labels"][key], *value);
    }
}

#[test]
fn a_worker_is_told_only_what_differs_from_the_default() {
    let (name, config) = worker_config(&children(|_| ()), "producer");
    let telemetry = json!({"otlpEndpoint": "http://otel.observability:4318"});
    let resource = json!({"namespace": "shop", "name": "orders"});
    let producer = json!({"exchange": {"name": "shop.events"}});
    assert_eq!(config, json!({"version": 1, "resource": resource, "producer": producer, "telemetry": telemetry}));
    assert!(name.starts_with("orders-producer-") && name.len() == "orders-producer-".len() + 16, "{name}");
    let said = children(|spec| spec.routing_key = "{kind}".to_owned());
    assert_eq!(worker_config(&said, "producer").0, name, "a default that is written out is the default");
    let other = children(|spec| spec.limits.rate_per_second = Some(5));
    let (changed, config) = worker_config(&other, "producer");
    assert_ne!(changed, name);
    assert_eq!(config["producer"], json!({"exchange": {"name": "shop.events"}, "limits": {"ratePerSecond": 5}}));
    let volume = &pod(&other)["volumes"][0]["projected"]["sources"][0]["configMap"]["name"];
    assert_eq!(*volume, json!(changed), "the pod template names the config, so a change of it is a rollout");
}

#[test]
fn topology_alone_rolls_no_consumer_and_the_delivery_limit_does() {
    let name = |edit: fn(&mut NotifConsumerSpec)| worker_config(&consumer_children(edit), "consumer").0;
    let before = name(|_| ());
    assert_eq!(name(|spec| spec.bindings[0].routing_key = "order.*".to_owned()), before);
    assert_eq!(name(|spec| spec.dead_letter.max_length = 7), before);
    assert_eq!(name(|spec| spec.queue.policy.max_length = Some(7)), before);
    assert_ne!(name(|spec| spec.queue.policy.delivery_limit = 50), before);
    assert_ne!(name(|spec| spec.cache.head_items = 10), before);
}

#[test]
fn a_rotated_credential_changes_the_pod_template_of_those_who_use_it() {
    let (meta, spec) = minimal_consumer();
    let mut secrets = consumer_secrets(&spec);
    let resource = validate::validate(&meta, &spec).unwrap();
    let hashes = |secrets: &WorkerSecrets| {
        let one = Replicas::Exactly(1);
        let children = consumer(resource, secrets, &platform(), one, one).unwrap();
        ["inbox-consumer", "inbox-api"]
            .map(|name| find(&children, ChildKind::Deployment, name)["spec"]["template"].clone())
    };
    let before = hashes(&secrets);
    secrets.worker.hash = "rotated".to_owned();
    let after = hashes(&secrets);
    assert!(before[0] != after[0] && before[1] == after[1]);
    assert_eq!(after[0]["metadata"]["annotations"][names::SECRETS_HASH_ANNOTATION], "rotated");
}

#[test]
fn pods_are_restricted_and_say_no_user() {
    for children in [children(|_| ()), consumer_children(|_| ())] {
        let pod = pod(&children);
        let of_pod = json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
        assert_eq!(pod["securityContext"], of_pod);
        let all =
            ["containers", "initContainers"].map(|list| pod[list].as_array().cloned().unwrap_or_default()).concat();
        for container in all {
            let expected = json!({
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
            });
            assert_eq!(container["securityContext"], expected, "{}", container["name"]);
        }
        assert_eq!((&pod["automountServiceAccountToken"], &pod["enableServiceLinks"]), (&json!(false), &json!(false)));
    }
}

#[test]
fn each_role_runs_its_command_with_probes_on_the_admin_port() {
    let children = consumer_children(|_| ());
    for (name, role) in [("inbox-consumer", "consumer"), ("inbox-api", "api")] {
        let pod = &find(&children, ChildKind::Deployment, name)["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        assert_eq!(container["command"], json!(["hoopoe", role, "--config", "/etc/hoopoe/worker.yaml"]));
        assert_eq!(container["livenessProbe"]["httpGet"], json!({"path": "/healthz", "port": "admin"}));
        assert_eq!(container["readinessProbe"]["httpGet"], json!({"path": "/readyz", "port": "admin"}));
        let ports = container["ports"].as_array().unwrap();
        assert!(ports.contains(&json!({"name": "admin", "containerPort": 8081, "protocol": "TCP"})));
        assert_eq!(pod["initContainers"][0]["command"], json!(["hoopoe", "migrate", "up"]));
        assert_eq!(container["lifecycle"]["preStop"]["sleep"]["seconds"] == 5, role == "api");
    }
}

#[test]
fn the_grace_period_covers_what_a_worker_may_still_do() {
    let grace = |pod: &Value| pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    let consumer = |drain| grace(pod(&consumer_children(|spec| spec.consume.drain_timeout = drain)));
    assert_eq!(consumer(Span::from_secs(30)), 40);
    assert_eq!(consumer(Span::from_millis(1500)), 12);
    assert_eq!(grace(pod(&children(|spec| spec.publish.timeout = Span::from_secs(60)))), 80);
}

#[test]
fn memory_follows_what_a_worker_may_hold() {
    let limit = |pod: &Value| pod["containers"][0]["resources"]["limits"]["memory"].as_str().unwrap().to_owned();
    let consumer = |prefetch, lanes, batch| {
        let children = consumer_children(|spec| {
            spec.consume.prefetch = prefetch;
            spec.consume.lanes = lanes;
            spec.consume.batch.max_size = batch;
        });
        limit(pod(&children))
    };
    // 64 MiB and 4000 of 68 KiB.
    assert_eq!(consumer(1000, 2, 500), "336Mi");
    assert_eq!(consumer(2000, 2, 500), "464Mi");
    assert_eq!(consumer(1000, 4, 500), "608Mi");
    assert_eq!(consumer(10, 1, 500), "80Mi");
    assert_eq!(limit(pod(&children(|_| ()))), "208Mi");
    let own = json!({"limits": {"memory": "1Gi"}});
    let children = children(|spec| spec.workload.resources = Some(own.clone()));
    assert_eq!(pod(&children)["containers"][0]["resources"], own);
}

fn placed(placement: Placement) -> Vec<Child> {
    children(|spec| spec.workload.placement = Some(placement))
}

fn spread(spread: Spread) -> Placement {
    serde_json::from_value(json!({ "spread": spread })).unwrap()
}

#[test]
fn preferred_is_the_default_and_means_anti_affinity_by_node_and_spread_over_zones() {
    let default = children(|_| ());
    assert_eq!(pod(&default), pod(&placed(spread(Spread::Preferred))));
    let anti = &pod(&default)["affinity"]["podAntiAffinity"];
    let term = &anti["preferredDuringSchedulingIgnoredDuringExecution"][0];
    assert_eq!(
        (&term["weight"], &term["podAffinityTerm"]["topologyKey"]),
        (&json!(70), &json!("kubernetes.io/hostname"))
    );
    let zones = &pod(&default)["topologySpreadConstraints"][0];
    assert_eq!(
        (&zones["topologyKey"], &zones["whenUnsatisfiable"]),
        (&json!("topology.kubernetes.io/zone"), &json!("ScheduleAnyway"))
    );
    assert_eq!(deployment(&default)["strategy"], json!({"type": "RollingUpdate"}));
}

#[test]
fn required_keeps_one_revision_apart_and_rolls_without_a_spare_node() {
    let required = placed(spread(Spread::Required));
    let anti = &pod(&required)["affinity"]["podAntiAffinity"];
    let term = &anti["requiredDuringSchedulingIgnoredDuringExecution"][0];
    assert_eq!(term["matchLabelKeys"], json!(["pod-template-hash"]));
    assert_eq!(term["labelSelector"]["matchLabels"], deployment(&required)["selector"]["matchLabels"]);
    assert_eq!(deployment(&required)["strategy"]["rollingUpdate"], json!({"maxSurge": 0, "maxUnavailable": 1}));
    assert!(pod(&required)["topologySpreadConstraints"].is_null());
}

#[test]
fn a_rollout_of_the_specs_own_wins_and_is_never_one_that_the_api_server_refuses() {
    let rolling = |placement: Spread, surge: Option<IntOrPercent>, unavailable: Option<IntOrPercent>| {
        let children = children(|spec| {
            spec.workload.placement = Some(spread(placement));
            spec.workload.rollout = Some(Rollout {
                max_surge: surge,
                max_unavailable: unavailable,
                min_ready_seconds: None,
                progress_deadline: None,
                revision_history_limit: 3,
            });
        });
        deployment(&children)["strategy"]["rollingUpdate"].clone()
    };
    let percent = |text: &str| Some(IntOrPercent::Percent(text.to_owned()));
    let int = |number| Some(IntOrPercent::Int(number));
    assert_eq!(rolling(Spread::Preferred, None, None), Value::Null);
    assert_eq!(rolling(Spread::Preferred, percent("50%"), None), json!({"maxSurge": "50%"}));
    assert_eq!(rolling(Spread::Required, None, int(2)), json!({"maxSurge": 0, "maxUnavailable": 2}));
    assert_eq!(rolling(Spread::Required, None, int(0)), json!({"maxSurge": 1, "maxUnavailable": 0}));
    assert_eq!(rolling(Spread::Required, None, percent("00%")), json!({"maxSurge": 1, "maxUnavailable": "00%"}));
    assert_eq!(rolling(Spread::Required, percent("20%"), None), json!({"maxSurge": "20%", "maxUnavailable": 1}));
}

#[test]
fn none_leaves_the_scheduler_alone_and_the_specs_own_affinity_stands_beside_ours() {
    let none = placed(spread(Spread::None));
    assert!(pod(&none)["affinity"].is_null() && pod(&none)["topologySpreadConstraints"].is_null());
    let own = json!({"podAffinityTerm": {"topologyKey": "rack"}, "weight": 1});
    let affinity = json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [own]}});
    let both = placed(Placement { affinity: Some(affinity), ..spread(Spread::Preferred) });
    let terms = &pod(&both)["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"];
    assert_eq!((terms.as_array().unwrap().len(), &terms[0]), (2, &own));
}

#[test]
fn a_node_that_is_gone_is_tolerated_as_long_as_asked() {
    let seconds = |children: &[Child]| -> Vec<i64> {
        let tolerations = pod(children)["tolerations"].as_array().unwrap().clone();
        tolerations.iter().map(|toleration| toleration["tolerationSeconds"].as_i64().unwrap()).collect()
    };
    assert_eq!(seconds(&children(|_| ())), [30, 30]);
    let own = json!({"key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 1});
    let placement = Placement { toleration_seconds: 7, tolerations: vec![own], ..spread(Spread::None) };
    assert_eq!(seconds(&placed(placement)), [1, 7]);
}

#[test]
fn an_autoscaler_stands_only_where_the_count_is_left_to_it() {
    let autoscale = |spec: &mut NotifProducerSpec| spec.autoscale = Some(Autoscale { min: 2, max: 5, cpu: 70 });
    let left = producer_children(autoscale, Replicas::LeftToAutoscaler(4));
    let hpa = &find(&left, ChildKind::HorizontalPodAutoscaler, "orders-producer")["spec"];
    assert_eq!((&hpa["minReplicas"], &hpa["maxReplicas"]), (&json!(2), &json!(5)));
    assert_eq!(hpa["scaleTargetRef"]["name"], "orders-producer");
    assert!(deployment(&left).get("replicas").is_none());
    let initial: Vec<_> = left.iter().filter_map(|child| child.initial_replicas).collect();
    assert_eq!(initial, [4]);
    let stopped = producer_children(autoscale, Replicas::Exactly(0));
    assert!(
        stopped
            .iter()
            .all(|child| child.kind != ChildKind::HorizontalPodAutoscaler && child.initial_replicas.is_none())
    );
    assert_eq!(deployment(&stopped)["replicas"], 0);
}

#[test]
fn a_pod_monitor_is_made_where_its_kind_is_served_or_it_is_asked_for() {
    let made = |toggle: Toggle, served: bool| {
        let (meta, mut spec) = minimal_producer();
        spec.workload.monitoring = Some(Monitoring { pod_monitor: toggle, labels: [].into(), interval: None });
        let secrets = producer_secrets(&spec);
        let platform = Platform { serves_pod_monitor: served, ..platform() };
        let resource = validate::validate(&meta, &spec).unwrap();
        let children = producer(resource, &secrets, &platform, Replicas::Exactly(1)).unwrap();
        children.iter().any(|child| child.kind == ChildKind::PodMonitor)
    };
    assert!(made(Toggle::Auto, true) && made(Toggle::Enabled, false));
    assert!(!made(Toggle::Auto, false) && !made(Toggle::Disabled, true));
}

#[test]
fn a_service_account_of_the_specs_own_is_not_made() {
    let own = ServiceAccount { name: Some("mine".to_owned()), annotations: [].into() };
    let children = children(|spec| spec.workload.service_account = Some(own));
    assert!(children.iter().all(|child| child.kind != ChildKind::ServiceAccount));
    assert_eq!(pod(&children)["serviceAccountName"], "mine");
}

#[test]
fn without_an_api_there_is_nothing_of_it() {
    let children = consumer_children(|spec| spec.api.enabled = false);
    assert!(children.iter().all(|child| !child.name.contains("-api")));
    assert!(children.iter().all(|child| child.kind != ChildKind::Service), "no client connects to a consumer");
}

#[test]
fn a_network_policy_lets_out_to_dns_and_to_what_the_secrets_name() {
    let policy = |children: &[Child], name: &str| find(children, ChildKind::NetworkPolicy, name)["spec"].clone();
    let children = consumer_children(|spec| spec.workload.network_policy = Some(enabled_network_policy()));
    let spec = policy(&children, "inbox-consumer");
    assert_eq!(spec["policyTypes"], json!(["Egress"]));
    let ports =
        |rule: &Value| rule["ports"].as_array().unwrap().iter().map(|port| port["port"].as_u64().unwrap()).collect();
    let all: Vec<Vec<u64>> = spec["egress"].as_array().unwrap().iter().map(ports).collect();
    assert_eq!(all, [vec![53, 53], vec![5432], vec![5672], vec![4318]]);
    assert_eq!(policy(&children, "inbox-api")["podSelector"]["matchLabels"]["app.kubernetes.io/component"], "api");
}

#[test]
fn an_own_image_is_pulled_without_the_secrets_of_the_default_one() {
    let own = children(|spec| spec.workload.image = Some("other:1".to_owned()));
    assert!(pod(&own)["imagePullSecrets"].is_null());
    assert_eq!(pod(&own)["containers"][0]["image"], "other:1");
    assert_eq!(pod(&children(|_| ()))["imagePullSecrets"], json!([{"name": "default-pull"}]));
}

#[test]
fn a_variable_of_the_specs_own_takes_the_place_of_one_of_that_name() {
    let own = json!({"name": "HOOPOE_AMQP_URL", "value": "amqp://elsewhere"});
    let children = children(|spec| spec.workload.extra_env = vec![own.clone(), json!({"name": "A", "value": "b"})]);
    assert_eq!(pod(&children)["containers"][0]["env"], json!([own, {"name": "A", "value": "b"}]));
}

#[test]
fn the_pod_template_is_applied_last_and_what_does_not_fit_is_named() {
    let containers = json!([{"name": "hoopoe", "livenessProbe": null}]);
    let patch = json!({"spec": {"terminationGracePeriodSeconds": 3, "containers": containers}});
    let patched = children(|spec| spec.workload.pod_template = Some(patch));
    assert_eq!(pod(&patched)["terminationGracePeriodSeconds"], 3);
    assert!(pod(&patched)["containers"][0].get("livenessProbe").is_none());
    // Only on the whole template there is an affinity that such a directive could change.
    let (meta, mut spec) = minimal_producer();
    let patch = json!({"spec": {"affinity": {"podAntiAffinity": {"$patch": "merge"}}}});
    spec.workload.pod_template = Some(patch);
    let secrets = producer_secrets(&spec);
    let resource = validate::validate(&meta, &spec).unwrap();
    let error = producer(resource, &secrets, &platform(), Replicas::Exactly(1)).unwrap_err();
    let said = "failed to apply spec.podTemplate.spec.affinity.podAntiAffinity.$patch: must be replace or delete";
    assert_eq!(error.to_string(), said);
}
