//! Manifests as users write them: which are read, which are refused, and what the refusal says.

use hoopoe_crds::{Manifest, ManifestError, WorkerConfig, worker_config::ResourceRef, worker_configs};
use serde_json::{Value, json};

const PRODUCER: &str = include_str!("../../examples/producer.yaml");
const CONSUMER: &str = include_str!("../../examples/consumer.yaml");

fn one(text: &str) -> Manifest {
    let (mut manifests, others) = Manifest::read_all(text).unwrap();
    assert!(others.is_empty());
    manifests.remove(0)
}

fn document(text: &str) -> Value {
    one(text).to_value()
}

/// The fields that are reported as wrong after `change` is made to an example.
fn blamed(text: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut value = document(text);
    change(&mut value);
    let manifest = Manifest::from_value(&value).unwrap().unwrap();
    manifest.broken_rules().into_iter().map(|invalid| invalid.field).collect()
}

#[test]
fn the_examples_are_valid_and_become_worker_configs_that_read_back() {
    let Manifest::Producer(producer) = one(PRODUCER) else { panic!() };
    let Manifest::Consumer(consumer) = one(CONSUMER) else { panic!() };
    assert!(one(PRODUCER).broken_rules().is_empty());
    assert!(one(CONSUMER).broken_rules().is_empty());
    let resource = || ResourceRef { namespace: "shop".to_owned(), name: "one".to_owned() };
    let for_cluster = [
        worker_configs::for_cluster::producer(resource(), &producer.spec),
        worker_configs::for_cluster::consumer(resource(), &consumer.spec),
        worker_configs::for_cluster::api(resource(), &consumer.spec),
    ];
    let for_dev = WorkerConfig {
        producer: Some(worker_configs::for_dev::producer(&producer.spec)),
        consumer: Some(worker_configs::for_dev::consumer(&consumer.spec)),
        ..for_cluster[0].clone()
    };
    let configs = for_cluster.into_iter().chain([for_dev]);
    for config in configs {
        let text = serde_json::to_string(&config).unwrap();
        let (read, unknown) = WorkerConfig::from_yaml(&text).unwrap();
        assert_eq!(read, config);
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}

#[test]
fn several_documents_and_other_kinds_in_one_text() {
    let text = format!("{PRODUCER}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n---\n{CONSUMER}---\n");
    let (manifests, others) = Manifest::read_all(&text).unwrap();
    assert_eq!(manifests.iter().map(Manifest::kind).collect::<Vec<_>>(), ["NotifProducer", "NotifConsumer"]);
    assert_eq!(others, ["Secret s"]);
}

#[test]
fn unknown_keys_are_named_wherever_they_stand() {
    let mut value = document(CONSUMER);
    value["spec"]["quue"] = json!(1);
    value["spec"]["queue"]["policy"]["ttl"] = json!("5m");
    value["spec"]["bindings"][0]["key"] = json!("x");
    value["spec"]["placement"] = json!({ "spread": "None", "affinity": { "anything": { "goes": 1 } }, "zone": 1 });
    value["metadata"]["generation"] = json!(3);
    let Err(ManifestError::UnknownKeys { name, mut keys, .. }) = Manifest::from_value(&value) else { panic!() };
    keys.sort();
    assert_eq!(name, "inbox");
    assert_eq!(keys, ["spec.bindings[0].key", "spec.placement.zone", "spec.queue.policy.ttl", "spec.quue"]);
}

#[test]
fn a_wrong_type_is_named_by_its_path() {
    let mut value = document(CONSUMER);
    value["spec"]["consume"] = json!({ "prefetch": 65_536 });
    let error = Manifest::from_value(&value).unwrap_err().to_string();
    assert!(error.contains("spec.consume.prefetch"), "{error}");
    let mut value = document(CONSUMER);
    value["spec"]["cache"] = json!({ "ttl": "2 days" });
    let error = Manifest::from_value(&value).unwrap_err().to_string();
    assert!(error.contains("spec.cache.ttl") && error.contains("30s"), "{error}");
    let error = Manifest::read_all("kind: [").unwrap_err().to_string();
    assert!(error.contains("document 1"), "{error}");
    let error = Manifest::read_all(&format!("{PRODUCER}---\nname: x\n")).unwrap_err().to_string();
    assert!(error.contains("document 2") && error.contains("kind"), "{error}");
}

#[test]
fn a_key_that_stands_twice_is_refused_and_so_is_a_misspelt_kind() {
    let twice = format!("{PRODUCER}  replicas: 1\n  replicas: 3\n");
    let error = Manifest::read_all(&twice).unwrap_err().to_string();
    assert!(error.contains("duplicate") && error.contains("replicas"), "{error}");
    let error = WorkerConfig::from_yaml("version: 1\nversion: 1\n").unwrap_err().to_string();
    assert!(error.contains("duplicate") && error.contains("version"), "{error}");
    let misspelt = PRODUCER.replace("kind: NotifProducer", "kind: NotifProducr");
    let error = Manifest::read_all(&misspelt).unwrap_err();
    assert!(
        matches!(&error, ManifestError::Kind { kind, name } if kind == "NotifProducr" && name == "orders"),
        "{error}"
    );
}

#[test]
fn every_rule_names_its_field() {
    let producer: [(&str, Value); 14] = [
        ("/exchange/name", json!("amq.topic")),
        ("/exchange/name", json!("-x")),
        ("/exchange/name", json!("")),
        ("/exchange/name", json!("x".repeat(256))),
        ("/routingKey", json!("{kind}.{id}")),
        ("/routingKey", json!("{ow{kind}ner}")),
        ("/routingKey", json!("kind}")),
        ("/routingKey", json!("é")),
        ("/ingress/http/port", json!(8081)),
        ("/ingress/http/port", json!(0)),
        ("/limits/bodyBytes", json!(65_537)),
        ("/limits/bodyBytes", json!(0)),
        ("/publish/maxInFlight", json!(0)),
        ("/publish/timeout", json!("0s")),
    ];
    for (pointer, bad) in producer {
        let fields = blamed(PRODUCER, |value| *value.pointer_mut(&format!("/spec{pointer}")).unwrap() = bad.clone());
        assert_eq!(fields, [format!("spec{}", pointer.replace('/', "."))], "{bad}");
    }
    let consumer: [(&str, Value); 9] = [
        ("/queue/name", json!("x".repeat(252))),
        ("/consume/prefetch", json!(0)),
        ("/consume/lanes", json!(0)),
        ("/consume/batch/maxSize", json!(5001)),
        ("/deadLetter/maxLength", json!(0)),
        ("/cache/headItems", json!(201)),
        ("/api/port", json!(8081)),
        ("/bindings", json!([])),
        ("/replicas", json!(-1)),
    ];
    for (pointer, bad) in consumer {
        let fields = blamed(CONSUMER, |value| *value.pointer_mut(&format!("/spec{pointer}")).unwrap() = bad.clone());
        assert_eq!(fields, [format!("spec{}", pointer.replace('/', "."))], "{bad}");
    }
    assert_eq!(blamed(CONSUMER, |v| v["spec"]["queue"]["maxPriority"] = json!(5)), ["spec.queue.maxPriority"]);
    assert_eq!(blamed(CONSUMER, |v| v["spec"]["scaling"] = json!({ "min": 3, "max": 2 })), ["spec.scaling"]);
    assert_eq!(blamed(PRODUCER, |v| v["metadata"]["name"] = json!("x".repeat(41))), ["metadata.name"]);
    for arguments in [json!({ "x-match": "all-with-x" }), json!({ "x-hoopoe": "a/b" })] {
        let fields = blamed(CONSUMER, |v| v["spec"]["bindings"][0]["arguments"] = arguments);
        assert_eq!(fields, ["spec.bindings[0].arguments"]);
    }
    let workload: [(&str, Value, &str); 12] = [
        ("rollout", json!({ "maxSurge": "25" }), "spec.rollout.maxSurge"),
        ("rollout", json!({ "maxSurge": "%" }), "spec.rollout.maxSurge"),
        ("rollout", json!({ "maxUnavailable": "101%" }), "spec.rollout.maxUnavailable"),
        ("rollout", json!({ "maxUnavailable": -1 }), "spec.rollout.maxUnavailable"),
        ("rollout", json!({ "maxSurge": 0, "maxUnavailable": "0%" }), "spec.rollout"),
        ("disruption", json!({ "maxUnavailable": "+5%" }), "spec.disruption.maxUnavailable"),
        ("imagePullPolicy", json!("always"), "spec.imagePullPolicy"),
        ("service", json!({ "type": "ExternalName" }), "spec.service.type"),
        ("telemetry", json!({ "sampleRatio": "1.1" }), "spec.telemetry.sampleRatio"),
        ("telemetry", json!({ "sampleRatio": "NaN" }), "spec.telemetry.sampleRatio"),
        ("scaling", json!({ "max": 2, "targetDrain": "0s" }), "spec.scaling.targetDrain"),
        ("queue", json!({ "name": "q", "policy": { "messageTtl": "3650d1ms" } }), "spec.queue.policy.messageTtl"),
    ];
    for (field, bad, path) in workload {
        assert_eq!(blamed(CONSUMER, |value| value["spec"][field] = bad.clone()), [path], "{bad}");
    }
    for good in [json!({ "maxSurge": "0%", "maxUnavailable": 1 }), json!({ "maxSurge": "100%" }), json!({})] {
        assert!(blamed(CONSUMER, |value| value["spec"]["rollout"] = good.clone()).is_empty(), "{good}");
    }
    let longest = json!({ "name": "q", "policy": { "messageTtl": "3650d" } });
    assert!(blamed(CONSUMER, |value| value["spec"]["queue"] = longest).is_empty());
    let copy = blamed(CONSUMER, |v| {
        let binding = v["spec"]["bindings"][0].clone();
        v["spec"]["bindings"] = json!([binding, binding]);
    });
    assert_eq!(copy, ["spec.bindings[1]"]);
    // The broker's own exchanges are allowed in bindings, and so are the longest names.
    assert!(blamed(CONSUMER, |v| v["spec"]["bindings"][0]["exchange"] = json!("amq.topic")).is_empty());
    assert!(blamed(CONSUMER, |v| v["spec"]["queue"]["name"] = json!("x".repeat(251))).is_empty());
}

#[test]
fn a_worker_config_of_another_version_is_refused_and_unknown_keys_are_listed() {
    let text = "version: 1\nresource: {namespace: a, name: b}\napi: {port: 1, prot: 2}\nnew: {thing: 1}\n";
    let (config, mut unknown) = WorkerConfig::from_yaml(text).unwrap();
    unknown.sort();
    assert_eq!(config.api.unwrap().port, 1);
    assert_eq!(unknown, ["api.prot", "new"]);
    let error = WorkerConfig::from_yaml("version: 2\nanything: else\n").unwrap_err().to_string();
    assert!(error.contains("version is 2"), "{error}");
    let error = WorkerConfig::from_yaml("version: 1\nresource: {name: b}\n").unwrap_err().to_string();
    assert!(error.contains("namespace"), "{error}");
}
