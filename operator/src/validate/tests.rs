//! What is refused, and which field is named.

use hoopoe_crds::{Span, producer::NotifProducerSpec};
use serde_json::{Value, json};

use super::*;
use crate::desired::fixtures::{full_consumer, full_producer, minimal_producer};

fn refused(edit: impl FnOnce(&mut NotifProducerSpec)) -> Vec<String> {
    let (meta, mut spec) = minimal_producer();
    edit(&mut spec);
    match validate(&meta, &spec) {
        Ok(_) => Vec::new(),
        Err(ValidateError::FieldsInvalid(broken)) => broken.into_iter().map(|invalid| invalid.field).collect(),
    }
}

fn with_template(patch: Value) -> Vec<String> {
    refused(|spec| spec.workload.pod_template = Some(patch))
}

#[test]
fn what_is_right_passes_with_its_pod_template() {
    let (meta, spec) = full_producer();
    let valid = validate(&meta, &spec).unwrap();
    assert_eq!((valid.meta(), valid.spec()), (&meta, &spec));
    assert!(valid.spec().workload.pod_template.is_some());
    let (meta, spec) = full_consumer();
    assert_eq!(validate(&meta, &spec).unwrap().spec(), &spec);
    assert_eq!(refused(|_| ()), Vec::<String>::new());
}

#[test]
fn a_rule_of_the_schema_is_looked_at_again() {
    let (mut meta, mut spec) = full_consumer();
    spec.queue.name = "amq.mine".to_owned();
    meta.id.name = "Not-a-label".to_owned();
    let error = validate(&meta, &spec).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("spec.queue.name must not start with amq.") && text.contains("metadata.name"), "{text}");
    assert_eq!((error.problem().reason, error.problem().mends), ("FieldsInvalid", crate::status::Mends::Change));
}

#[test]
fn a_pod_template_may_touch_neither_selector_labels_nor_the_containers_name_in_whatever_way() {
    let labels = "spec.podTemplate.metadata.labels";
    let containers = "spec.podTemplate.spec.containers";
    let annotations = "spec.podTemplate.metadata.annotations";
    let key = "app.kubernetes.io/component";
    assert_eq!(with_template(json!({"metadata": {"labels": {key: "other"}}})), [labels]);
    assert_eq!(with_template(json!({"metadata": {"labels": {key: null}}})), [labels]);
    assert_eq!(with_template(json!({"metadata": {"labels": {"$patch": "replace", "a": "b"}}})), [labels; 3]);
    assert_eq!(with_template(json!({"metadata": {"labels": null}})), [labels; 3]);
    assert_eq!(with_template(json!({"metadata": {"labels": "none"}})), [labels; 4]);
    assert_eq!(with_template(json!({"metadata": {"$retainKeys": ["labels"]}})), [annotations]);
    assert_eq!(with_template(json!({"metadata": {"annotations": {"hoopoe.app/secrets-hash": "0"}}})), [annotations]);
    assert_eq!(with_template(json!({"spec": {"containers": [{"name": "hoopoe", "$patch": "delete"}]}})), [containers]);
    let replaced = json!([{"name": "other"}, {"$patch": "replace"}]);
    assert_eq!(with_template(json!({"spec": {"containers": replaced}})), [containers]);
    assert_eq!(with_template(json!({"spec": {"$patch": "delete"}})), [containers]);
    assert_eq!(with_template(json!({"$patch": "delete"})).len(), 5);
    let harmless = json!({
        "metadata": {"labels": {"team": "shop", key: "producer"}, "annotations": {"a": "b"}},
        "spec": {"containers": [
            {"name": "sidecar", "image": "x"},
            {"name": "hoopoe", "env": [{"name": "A", "value": "b"}]},
        ]},
    });
    assert_eq!(with_template(harmless), Vec::<String>::new());
}

#[test]
fn a_pod_template_that_is_none_is_named_where_it_goes_wrong() {
    assert_eq!(with_template(json!([])), ["spec.podTemplate"]);
    assert_eq!(with_template(json!({"spce": {}})), ["spec.podTemplate.spce"]);
    assert_eq!(
        with_template(json!({"spec": {"containers": [{"image": "x"}]}})),
        ["spec.podTemplate.spec.containers[0]"]
    );
    assert_eq!(with_template(json!({"spec": {"containers": ["x"]}})), ["spec.podTemplate.spec.containers[0]"]);
    assert_eq!(with_template(json!({"spec": {"$patch": "merge"}})), ["spec.podTemplate.spec.$patch"]);
}

#[test]
fn pieces_of_kubernetes_that_do_not_read_are_named() {
    let pieces = |edit: fn(&mut hoopoe_crds::workload::Workload)| refused(|spec| edit(&mut spec.workload));
    let container = |container: Value| with_template(json!({"spec": {"containers": [container]}}));
    let port = json!({"name": "hoopoe", "livenessProbe": {"httpGet": {"port": {}}}});
    assert_eq!(container(port), ["spec.podTemplate.spec.containers[0].livenessProbe.httpGet.port"]);
    let memory = json!({"name": "hoopoe", "resources": {"limits": {"memory": "much"}}});
    assert_eq!(container(memory), ["spec.podTemplate.spec.containers[0].resources.limits.memory"]);
    assert_eq!(with_template(json!({"spec": {"nodeSelector": ["a"]}})), ["spec.podTemplate.spec.nodeSelector"]);
    let field = ["spec.resources.requests.cpu"];
    assert_eq!(pieces(|workload| workload.resources = Some(json!({"requests": {"cpu": "half"}}))), field);
    assert_eq!(pieces(|workload| workload.resources = Some(json!({"requests": []}))), ["spec.resources.requests"]);
    let env = json!({"name": "A", "value": 5});
    assert_eq!(refused(|spec| spec.workload.extra_env = vec![env]), ["spec.extraEnv[0].value"]);
    let placement = |text: &str| {
        let placement = serde_json::from_str(text).unwrap();
        refused(|spec| spec.workload.placement = Some(placement))
    };
    assert_eq!(placement(r#"{"affinity": {"nodeAffinity": 1}}"#), ["spec.placement.affinity.nodeAffinity"]);
    let toleration = r#"{"tolerations": [{"key": "a"}, {"tolerationSeconds": "5"}]}"#;
    assert_eq!(placement(toleration), ["spec.placement.tolerations[1].tolerationSeconds"]);
    let peers = serde_json::from_str(r#"{"enabled": true, "egressTo": [{"ipBlock": "10.0.0.0/8"}]}"#).unwrap();
    let field = ["spec.networkPolicy.egressTo[0].ipBlock"];
    assert_eq!(refused(|spec| spec.workload.network_policy = Some(peers)), field);
}

#[test]
fn labels_annotations_and_variables_that_would_clash_are_named() {
    let label = |label: &str| {
        let label = label.to_owned();
        refused(|spec| drop(spec.workload.labels.insert(label, "x".to_owned())))
    };
    assert_eq!(label("app.kubernetes.io/name"), ["spec.labels[app.kubernetes.io/name]"]);
    assert_eq!(label("app.kubernetes.io/managed-by"), ["spec.labels[app.kubernetes.io/managed-by]"]);
    assert_eq!(label("app.kubernetes.io/version"), Vec::<String>::new());
    let annotation = SECRETS_HASH.to_owned();
    let annotated = refused(|spec| drop(spec.workload.annotations.insert(annotation, "x".to_owned())));
    assert_eq!(annotated, ["spec.annotations[hoopoe.app/secrets-hash]"]);
    let twice = vec![json!({"name": "A", "value": "1"}), json!({"value": "2"}), json!({"name": "A"})];
    let fields = refused(|spec| spec.workload.extra_env = twice);
    assert_eq!(fields, ["spec.extraEnv[1].name", "spec.extraEnv[2].name"]);
}

const SECRETS_HASH: &str = crate::names::SECRETS_HASH_ANNOTATION;

#[test]
fn a_rollout_that_could_never_be_done_is_refused() {
    let rollout = |deadline: Option<u64>, ready: i32| {
        refused(|spec| {
            spec.workload.rollout = Some(hoopoe_crds::workload::Rollout {
                max_surge: None,
                max_unavailable: None,
                min_ready_seconds: Some(ready),
                progress_deadline: deadline.map(Span::from_secs),
                revision_history_limit: 3,
            });
        })
    };
    let field = ["spec.rollout.progressDeadline"];
    assert_eq!(rollout(Some(10), 10), field);
    assert_eq!(rollout(None, 600), field);
    assert_eq!(rollout(Some(0), 0), field);
    assert_eq!(rollout(Some(1 << 31), 0), field);
    assert_eq!(rollout(Some(11), 10), Vec::<String>::new());
    assert_eq!(rollout(None, 599), Vec::<String>::new());
}
