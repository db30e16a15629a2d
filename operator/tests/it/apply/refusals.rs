//! Objects that the API server refuses.

use hoopoe_operator::{
    apply::{Applier, ApplyError, ApplyMetrics},
    desired::ChildKind,
    scale::Replicas,
    status::Mends,
};
use serde_json::{Value, json};

use super::stand::{MINIMAL_PRODUCER, Stand, producer_children};
use crate::testkit::client::client;

async fn refused(stand: &Stand, template: Value) -> (String, String) {
    let (owner, mut spec) = stand.producer(MINIMAL_PRODUCER).await;
    spec.workload.pod_template = Some(template);
    let error = stand.apply(&owner, &producer_children(&owner, &spec, Replicas::Exactly(1))).await.unwrap_err();
    assert_eq!((error.problem().reason, error.problem().mends), ("Refused", Mends::Change), "{error}");
    let ApplyError::Refused { kind: ChildKind::Deployment, name, field, message } = error else { panic!("{error}") };
    assert_eq!(name, "orders-producer");
    (field, message)
}

#[tokio::test]
async fn a_template_that_no_api_server_takes_is_refused_with_its_field() {
    let stand = Stand::new("refused").await;
    let container = |more: Value| {
        let mut container = json!({"name": "hoopoe"});
        container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"spec": {"containers": [container]}})
    };
    let cases = [
        (json!({"spec": {"terminationGracePeriodSeconds": -1}}), "terminationGracePeriodSeconds"),
        (json!({"spec": {"hostNetwrok": true}}), "hostNetwrok"),
        (json!({"spec": {"nodeSelector": {"a b": "c"}}}), "nodeSelector"),
        (container(json!({"imagePullPolicy": "Sometimes"})), "imagePullPolicy"),
        (container(json!({"ports": [{"containerPort": 99999}]})), "containerPort"),
        (container(json!({"volumeMounts": [{"name": "nowhere", "mountPath": "/x"}]})), "volumeMounts"),
        (json!({"spec": {"containers": [{"name": "sidecar"}]}}), "image"),
    ];
    for (template, wanted) in cases {
        let (field, message) = refused(&stand, template.clone()).await;
        println!("{field}: {message}");
        assert!(format!("{field}: {message}").contains(wanted), "{template}: {field}: {message}");
    }
}

#[tokio::test]
async fn what_has_another_type_is_refused_too_where_nobody_looked_before() {
    let stand = Stand::new("mistyped").await;
    let (owner, spec) = stand.producer(MINIMAL_PRODUCER).await;
    let mut children = producer_children(&owner, &spec, Replicas::Exactly(1));
    let cases = [
        ("/spec/template/spec/containers/0/env/0/name", json!(5), "spec.template.spec.containers"),
        (
            "/spec/template/spec/terminationGracePeriodSeconds",
            json!("long"),
            "spec.template.spec.terminationGracePeriodSeconds",
        ),
        ("/spec/template/spec/containers/0/resources/limits/memory", json!("much"), "the object"),
        ("/spec/template/spec/containers/0/livenessProbe/httpGet/port", json!({}), "the object"),
    ];
    for (pointer, value, wanted) in cases {
        let deployment = children.iter_mut().find(|child| child.kind == ChildKind::Deployment).unwrap();
        let before = std::mem::replace(deployment.object.pointer_mut(pointer).unwrap(), value);
        let error = stand.apply(&owner, &children).await.unwrap_err();
        let ApplyError::Refused { field, message, .. } = &error else { panic!("{error}") };
        println!("{field}: {message}");
        assert!(field.starts_with(wanted), "{field}: {message}");
        let deployment = children.iter_mut().find(|child| child.kind == ChildKind::Deployment).unwrap();
        *deployment.object.pointer_mut(pointer).unwrap() = before;
    }
    stand.apply(&owner, &children).await.unwrap();
}

#[tokio::test]
async fn no_right_no_namespace_no_kind_and_no_answer_pass() {
    let stand = Stand::new("passing").await;
    let (owner, spec) = stand.producer(MINIMAL_PRODUCER).await;
    let children = producer_children(&owner, &spec, Replicas::Exactly(1));
    let stranger = client(&stand.plane.kubeconfig_for("stranger", None).unwrap()).await;
    let error = Applier::new(stranger, ApplyMetrics::default())
        .apply(&owner, &children, &stand.snapshot().await)
        .await
        .unwrap_err();
    assert_eq!((error.problem().reason, error.problem().mends), ("Forbidden", Mends::Retry), "{error}");

    let mut elsewhere = owner.clone();
    elsewhere.id.namespace = "nowhere".to_owned();
    let children = producer_children(&elsewhere, &spec, Replicas::Exactly(1));
    let error = stand.apply(&elsewhere, &children).await.unwrap_err();
    assert_eq!((error.problem().reason, error.problem().mends), ("NotServed", Mends::Retry), "{error}");

    let mut config = kube::Config::new("http://127.0.0.1:9".parse().unwrap());
    config.connect_timeout = Some(std::time::Duration::from_secs(1));
    let nobody = Applier::new(kube::Client::try_from(config).unwrap(), ApplyMetrics::default());
    let error = nobody.apply(&owner, &children, &stand.snapshot().await).await.unwrap_err();
    assert_eq!((error.problem().reason, error.problem().mends), ("Unanswered", Mends::Retry), "{error}");
}
