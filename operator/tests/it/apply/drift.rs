//! An object that is as wanted is left alone, and a change by another client is undone.

use std::time::Duration;

use hoopoe_operator::{apply::Applied, desired::ChildKind, scale::Replicas};

use super::stand::{FULL_CONSUMER, MINIMAL_PRODUCER, Stand, consumer_children, producer_children};

#[tokio::test]
async fn a_second_apply_sends_nothing_and_one_after_a_restart_moves_nothing() {
    let mut stand = Stand::new("quiet").await;
    let (owner, spec) = stand.consumer(FULL_CONSUMER).await;
    // Without an autoscaler: its status changes at any time, and each change makes the operator look at it.
    let children = consumer_children(&owner, &spec, Replicas::Exactly(1), Replicas::Exactly(2));
    let first = stand.apply(&owner, &children).await.unwrap();
    let names: Vec<_> = children.iter().map(|child| (child.kind, child.name.clone())).collect();
    assert_eq!((first.written, first.drifted, first.removed), (names.clone(), vec![], vec![]));
    assert_eq!(stand.requests(), names.len() as u64);
    let mut found = stand.snapshot().await.names();
    found.sort();
    let mut wanted = names.clone();
    wanted.sort();
    assert_eq!(found, wanted);

    let requests = stand.requests();
    let second = stand.apply(&owner, &children).await.unwrap();
    assert_eq!((second, stand.requests()), (Applied::default(), requests));

    stand.kubectl(&["create", "serviceaccount", "inbox-workers"]).await;
    // Pods are created and budgets are updated: their status is not ours.
    stand.kubectl(&["wait", "--for=condition=Available", "deployment/inbox-consumer", "--timeout=60s"]).await;
    let third = stand.apply(&owner, &children).await.unwrap();
    assert_eq!(third, Applied::default());
    assert_eq!(stand.requests(), requests, "the status of a Deployment costs no request");

    stand.restart();
    let before = stand.snapshot().await.versions();
    let fourth = stand.apply(&owner, &children).await.unwrap();
    assert_eq!(fourth, Applied::default());
    assert_eq!(stand.requests(), names.len() as u64, "a restarted operator applies everything once");
    let after = stand.snapshot().await.versions();
    let status = [ChildKind::Deployment, ChildKind::PodDisruptionBudget];
    for (key, version) in after.iter().filter(|((kind, _), _)| !status.contains(kind)) {
        assert_eq!(before.get(key), Some(version), "{key:?}");
    }
}

#[tokio::test]
async fn every_kind_of_child_comes_back_as_it_was_when_somebody_changes_it() {
    let stand = Stand::new("drift").await;
    let (owner, spec) = stand.consumer(FULL_CONSUMER).await;
    let children = consumer_children(&owner, &spec, Replicas::Exactly(2), Replicas::LeftToAutoscaler(2));
    stand.apply(&owner, &children).await.unwrap();
    let config = children.iter().find(|child| child.kind == ChildKind::ConfigMap).unwrap().name.clone();
    let changes: [(ChildKind, &str, &str); 8] = [
        (ChildKind::ConfigMap, &config, r#"{"metadata":{"labels":{"team":"other"}}}"#),
        (ChildKind::Service, "inbox-api", r#"{"spec":{"selector":{"app.kubernetes.io/instance":"other"}}}"#),
        (ChildKind::NetworkPolicy, "inbox-api", r#"{"spec":{"egress":[{}]}}"#),
        (ChildKind::Deployment, "inbox-consumer", r#"{"spec":{"replicas":7}}"#),
        (ChildKind::Deployment, "inbox-api", r#"{"metadata":{"annotations":{"example.org/contact":null}}}"#),
        (ChildKind::PodDisruptionBudget, "inbox-consumer", r#"{"spec":{"maxUnavailable":0}}"#),
        (ChildKind::HorizontalPodAutoscaler, "inbox-api", r#"{"spec":{"maxReplicas":60}}"#),
        (ChildKind::PodMonitor, "inbox-api", r#"{"spec":{"podMetricsEndpoints":[]}}"#),
    ];
    let spec_of = |kind, name: String| {
        let stand = &stand;
        async move {
            let object = stand.get(kind, &name).await;
            let metadata = &object["metadata"];
            (object["spec"].clone(), metadata["labels"].clone(), metadata["annotations"].clone())
        }
    };
    for (kind, name, patch) in changes {
        let before = spec_of(kind, name.to_owned()).await;
        stand.kubectl(&["patch", kind.as_str(), name, "--type=merge", "-p", patch]).await;
        assert_ne!(spec_of(kind, name.to_owned()).await, before, "{kind:?} {name}: the change did nothing");
        let mut applied = stand.apply(&owner, &children).await.unwrap();
        // An autoscaler that was just applied because of its status is skipped for a moment.
        while applied.unseen {
            assert_eq!(kind, ChildKind::HorizontalPodAutoscaler);
            tokio::time::sleep(Duration::from_secs(1)).await;
            applied = stand.apply(&owner, &children).await.unwrap();
        }
        assert_eq!(applied.drifted, [(kind, name.to_owned())]);
        assert_eq!(spec_of(kind, name.to_owned()).await, before, "{kind:?} {name}");
        assert_eq!(stand.apply(&owner, &children).await.unwrap().drifted, []);
    }
    for child in &children {
        stand.kubectl(&["delete", child.kind.as_str(), &child.name, "--wait=true"]).await;
        let applied = stand.apply(&owner, &children).await.unwrap();
        assert_eq!(applied.drifted, [(child.kind, child.name.clone())], "removed by hand");
    }
    // A removed owner reference is drift too, as long as we remember the object.
    let patch = r#"{"metadata":{"ownerReferences":null}}"#;
    stand.kubectl(&["patch", "service", "inbox-api", "--type=merge", "-p", patch]).await;
    let applied = stand.apply(&owner, &children).await.unwrap();
    assert_eq!(applied.drifted, [(ChildKind::Service, "inbox-api".to_owned())]);
    let service = stand.get(ChildKind::Service, "inbox-api").await;
    assert_eq!(service["metadata"]["ownerReferences"][0]["uid"], owner.uid);
}

#[tokio::test]
async fn a_rollout_restart_is_not_undone_and_no_drift() {
    let stand = Stand::new("restart").await;
    let (owner, mut spec) = stand.producer(MINIMAL_PRODUCER).await;
    let children = producer_children(&owner, &spec, Replicas::Exactly(1));
    stand.apply(&owner, &children).await.unwrap();
    stand.kubectl(&["rollout", "restart", "deployment/orders-producer"]).await;
    let restarted = stand.get(ChildKind::Deployment, "orders-producer").await;
    let at = restarted["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].clone();
    assert!(at.is_string());
    assert_eq!(stand.apply(&owner, &children).await.unwrap(), Applied::default());
    spec.workload.labels.insert("team".to_owned(), "new".to_owned());
    let children = producer_children(&owner, &spec, Replicas::Exactly(1));
    assert!(stand.apply(&owner, &children).await.unwrap().drifted.is_empty());
    let after = stand.get(ChildKind::Deployment, "orders-producer").await;
    let template = &after["spec"]["template"]["metadata"];
    assert_eq!(template["annotations"]["kubectl.kubernetes.io/restartedAt"], at);
    assert_eq!(template["labels"]["team"], "new");
    spec.workload.labels.clear();
    stand.apply(&owner, &producer_children(&owner, &spec, Replicas::Exactly(1))).await.unwrap();
    let after = stand.get(ChildKind::Deployment, "orders-producer").await;
    assert!(after["metadata"]["labels"].get("team").is_none(), "what left the spec leaves the object");
}
