//! The operator does not touch an object that is not its own.

use hoopoe_operator::{apply::ApplyError, desired::ChildKind, scale::Replicas, status::Mends};

use super::stand::{MINIMAL_PRODUCER, Stand, producer_children};

#[tokio::test]
async fn a_taken_name_is_told_and_the_object_is_never_touched() {
    let mut stand = Stand::new("taken").await;
    let (owner, spec) = stand.producer(MINIMAL_PRODUCER).await;
    let children = producer_children(&owner, &spec, Replicas::Exactly(1));
    // With our labels and without them.
    for label in ["app.kubernetes.io/managed-by=hoopoe-operator", "a=b"] {
        stand.kubectl(&["create", "service", "clusterip", "orders-producer", "--tcp=80"]).await;
        stand.kubectl(&["label", "service", "orders-producer", label]).await;
        let before = stand.get(ChildKind::Service, "orders-producer").await;
        for _ in 0..2 {
            let error = stand.apply(&owner, &children).await.unwrap_err();
            let ApplyError::NameTaken { kind, name } = &error else { panic!("{error}") };
            assert_eq!((*kind, name.as_str()), (ChildKind::Service, "orders-producer"));
            assert_eq!((error.problem().reason, error.problem().mends), ("NameTaken", Mends::Change));
        }
        assert_eq!(stand.get(ChildKind::Service, "orders-producer").await, before);
        assert!(stand.snapshot().await.0.keys().all(|(kind, _)| *kind <= ChildKind::Service), "later kinds wait");
        stand.kubectl(&["delete", "service", "orders-producer"]).await;
        let applied = stand.apply(&owner, &children).await.unwrap();
        assert!(
            applied.written.contains(&(ChildKind::Service, "orders-producer".to_owned())),
            "the name is free again"
        );
        for child in &children {
            stand.kubectl(&["delete", child.kind.as_str(), &child.name]).await;
        }
        stand.restart();
    }
}

#[tokio::test]
async fn what_belongs_to_another_controller_is_taken_also_when_we_had_that_name() {
    let stand = Stand::new("lost").await;
    let (owner, spec) = stand.producer(MINIMAL_PRODUCER).await;
    let children = producer_children(&owner, &spec, Replicas::Exactly(1));
    stand.apply(&owner, &children).await.unwrap();
    // The caches show by now what was created.
    assert!(!stand.apply(&owner, &children).await.unwrap().unseen);
    stand.kubectl(&["delete", "service", "orders-producer"]).await;
    stand.kubectl(&["create", "service", "clusterip", "orders-producer", "--tcp=80"]).await;
    let error = stand.apply(&owner, &children).await.unwrap_err();
    assert!(matches!(error, ApplyError::NameTaken { kind: ChildKind::Service, .. }), "{error}");
}

#[tokio::test]
async fn children_go_with_their_resource_and_those_of_an_earlier_one_are_waited_for() {
    let mut stand = Stand::new("earlier").await;
    let (owner, spec) = stand.producer(MINIMAL_PRODUCER).await;
    let children = producer_children(&owner, &spec, Replicas::Exactly(1));
    stand.apply(&owner, &children).await.unwrap();
    stand.applier.forget(&owner.uid);
    stand.kubectl(&["delete", "nprod", "orders"]).await;
    let (again, spec) = stand.producer(MINIMAL_PRODUCER).await;
    assert_ne!(owner.uid, again.uid);
    stand.restart();
    let children = producer_children(&again, &spec, Replicas::Exactly(1));
    // The garbage collector may be faster than we are.
    let mut waited = 0;
    loop {
        match stand.apply(&again, &children).await {
            Ok(_) => break,
            Err(error @ ApplyError::NameLeftOver { .. }) => assert_eq!(error.problem().mends, Mends::Retry),
            Err(error) => panic!("{error}"),
        }
        waited += 1;
        assert!(waited < 300, "never collected");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    stand
        .until("all are the later one's", || async {
            let snapshot = stand.snapshot().await;
            snapshot.0.len() == children.len()
                && snapshot.0.values().all(|meta| meta.owned_by_uid.as_deref() == Some(again.uid.as_str()))
        })
        .await;
}
