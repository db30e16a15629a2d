//! Children of an earlier spec are deleted, but a config stays while a `ReplicaSet` names it.

use hoopoe_operator::{
    apply::Applied,
    desired::ChildKind::{
        self, Deployment, HorizontalPodAutoscaler, NetworkPolicy, PodDisruptionBudget, PodMonitor, Service,
    },
    scale::Replicas,
};

use super::stand::{FULL_CONSUMER, MINIMAL_PRODUCER, Stand, consumer_children, producer_children};

#[tokio::test]
async fn what_left_the_spec_is_removed_and_nothing_else() {
    let mut stand = Stand::new("orphans").await;
    let (owner, mut spec) = stand.consumer(FULL_CONSUMER).await;
    let (neighbour, neighbours_spec) = stand.producer(MINIMAL_PRODUCER).await;
    let neighbours = producer_children(&neighbour, &neighbours_spec, Replicas::Exactly(1));
    stand.apply(&neighbour, &neighbours).await.unwrap();
    stand.kubectl(&["create", "configmap", "not-ours", "--from-literal=a=b"]).await;
    stand.kubectl(&["label", "configmap", "not-ours", "app.kubernetes.io/managed-by=hoopoe-operator"]).await;
    let one = Replicas::Exactly(1);
    stand.apply(&owner, &consumer_children(&owner, &spec, one, Replicas::LeftToAutoscaler(1))).await.unwrap();
    // Also when the spec changed while no operator ran.
    stand.restart();
    spec.api.enabled = false;
    spec.workload.network_policy = None;
    let children = consumer_children(&owner, &spec, one, one);
    let applied = stand.apply(&owner, &children).await.unwrap();
    let api = |kind| (kind, "inbox-api".to_owned());
    let expected = [
        api(PodMonitor),
        api(HorizontalPodAutoscaler),
        api(PodDisruptionBudget),
        api(Deployment),
        (NetworkPolicy, "inbox-consumer".to_owned()),
        api(NetworkPolicy),
        api(Service),
    ];
    let removed: Vec<_> = applied.removed.into_iter().filter(|(kind, _)| *kind != ChildKind::ConfigMap).collect();
    assert_eq!(removed, expected);
    let left = stand.snapshot().await.names();
    for child in children.iter().chain(&neighbours) {
        assert!(left.contains(&(child.kind, child.name.clone())), "{:?} {}", child.kind, child.name);
    }
    assert!(left.contains(&(ChildKind::ConfigMap, "not-ours".to_owned())));
    // The ReplicaSet of the API is deleted with its Deployment, and after that its config.
    stand
        .until("the API's config is gone", || async {
            stand.apply(&owner, &children).await.unwrap();
            !stand.snapshot().await.names().iter().any(|(_, name)| name.starts_with("inbox-api"))
        })
        .await;
}

#[tokio::test]
async fn a_config_stays_while_a_replica_set_names_it() {
    let stand = Stand::new("configs").await;
    let (owner, mut spec) = stand.producer(MINIMAL_PRODUCER).await;
    let rolled = || stand.kubectl(&["rollout", "status", "deployment/orders-producer", "--timeout=60s"]);
    let configs = || async {
        let names = stand.snapshot().await.names();
        names.into_iter().filter(|(kind, _)| *kind == ChildKind::ConfigMap).map(|(_, name)| name).collect::<Vec<_>>()
    };
    let mut made = Vec::new();
    for rate in 1..=6 {
        spec.limits.rate_per_second = Some(rate);
        let children = producer_children(&owner, &spec, Replicas::Exactly(1));
        made.push(children.iter().find(|child| child.kind == ChildKind::ConfigMap).unwrap().name.clone());
        stand.apply(&owner, &children).await.unwrap();
        rolled().await;
        assert!(configs().await.contains(&made[0]) || rate > 4, "three revisions are kept beside the present one");
    }
    // The present revision and the 3 that are kept.
    let children = producer_children(&owner, &spec, Replicas::Exactly(1));
    stand
        .until("four configs are left", || async {
            // As after the next change of a Deployment: look again.
            stand.kubectl(&["annotate", "deployment", "orders-producer", "look=again", "--overwrite"]).await;
            stand.kubectl(&["annotate", "deployment", "orders-producer", "look-"]).await;
            stand.apply(&owner, &children).await.unwrap();
            configs().await.len() == 4
        })
        .await;
    let mut expected = made[2..].to_vec();
    expected.sort();
    assert_eq!(configs().await, expected);
    stand.kubectl(&["rollout", "undo", "deployment/orders-producer"]).await;
    let requests = stand.requests();
    stand.apply(&owner, &children).await.unwrap();
    assert_eq!(stand.requests(), requests + 1, "an earlier revision of the object is drift");
    let quiet = stand.snapshot().await;
    let applied = stand.applier.apply(&owner, &children, &quiet).await.unwrap();
    assert_eq!((applied, stand.requests()), (Applied::default(), requests + 1));
}
