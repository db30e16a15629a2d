//! The operator writes a count that an autoscaler manages only once.

use std::sync::{Arc, Mutex};

use futures::StreamExt;
use hoopoe_crds::workload::Autoscale;
use hoopoe_operator::{
    apply::{FIELD_MANAGER, INITIAL_REPLICAS_MANAGER},
    desired::ChildKind,
    scale::Replicas,
};
use kube::{
    Api,
    api::{DynamicObject, WatchEvent, WatchParams},
};
use serde_json::{Value, json};

use super::stand::{MINIMAL_PRODUCER, Stand, producer_children};

const NAME: &str = "orders-producer";

async fn count(stand: &Stand) -> Value {
    stand.get(ChildKind::Deployment, NAME).await["spec"]["replicas"].clone()
}

/// Which field managers own the count.
async fn managers(stand: &Stand) -> Vec<String> {
    let deployment = stand.get(ChildKind::Deployment, NAME).await;
    let entries = deployment["metadata"]["managedFields"].as_array().unwrap().clone();
    let counting = entries.iter().filter(|entry| entry["fieldsV1"]["f:spec"].get("f:replicas").is_some());
    counting.map(|entry| entry["manager"].as_str().unwrap().to_owned()).collect()
}

/// Every count that the Deployment had, without repeats.
struct Counts(Arc<Mutex<Vec<i64>>>);

impl Counts {
    async fn watch(stand: &Stand) -> Self {
        let resource = ChildKind::Deployment.resource();
        let api: Api<DynamicObject> = Api::namespaced_with(stand.client.clone(), &stand.namespace, &resource);
        let first = api.get(NAME).await.unwrap();
        let counts = Arc::new(Mutex::new(vec![first.data["spec"]["replicas"].as_i64().unwrap()]));
        let seen = counts.clone();
        let mut events =
            api.watch(&WatchParams::default(), &first.metadata.resource_version.unwrap()).await.unwrap().boxed();
        tokio::spawn(async move {
            while let Some(Ok(WatchEvent::Modified(deployment))) = events.next().await {
                let count = deployment.data["spec"]["replicas"].as_i64().unwrap();
                let mut counts = seen.lock().unwrap();
                if counts.last() != Some(&count) {
                    counts.push(count);
                }
            }
        });
        Self(counts)
    }

    fn so_far(&self) -> Vec<i64> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn the_count_is_written_when_the_deployment_is_made_and_then_the_autoscalers() {
    let mut stand = Stand::new("scaled").await;
    let (owner, mut spec) = stand.producer(MINIMAL_PRODUCER).await;
    spec.autoscale = Some(Autoscale { min: 1, max: 9, cpu: 70 });
    let left = Replicas::LeftToAutoscaler(3);
    stand.apply(&owner, &producer_children(&owner, &spec, left)).await.unwrap();
    assert_eq!(count(&stand).await, 3);
    assert_eq!(managers(&stand).await, [INITIAL_REPLICAS_MANAGER]);
    // Through the scale subresource, as an autoscaler does it.
    stand.kubectl(&["scale", "deployment", NAME, "--replicas=5"]).await;
    for restart in [false, true, true] {
        if restart {
            stand.restart();
        }
        spec.workload.labels.insert("change".to_owned(), format!("restart-{restart}"));
        stand.apply(&owner, &producer_children(&owner, &spec, left)).await.unwrap();
        assert_eq!(count(&stand).await, 5, "the operator must not set the count back");
    }
    // Deleted by hand, the Deployment is created again, with a count.
    stand.kubectl(&["delete", "deployment", NAME]).await;
    stand.apply(&owner, &producer_children(&owner, &spec, Replicas::LeftToAutoscaler(4))).await.unwrap();
    assert_eq!(count(&stand).await, 4);
}

#[tokio::test]
async fn switching_the_autoscaler_on_and_off_never_passes_through_one() {
    let stand = Stand::new("switched").await;
    let (owner, mut spec) = stand.producer(MINIMAL_PRODUCER).await;
    stand.apply(&owner, &producer_children(&owner, &spec, Replicas::Exactly(4))).await.unwrap();
    let seen = Counts::watch(&stand).await;
    spec.autoscale = Some(Autoscale { min: 2, max: 9, cpu: 70 });
    stand.apply(&owner, &producer_children(&owner, &spec, Replicas::LeftToAutoscaler(4))).await.unwrap();
    assert_eq!((count(&stand).await, managers(&stand).await), (json!(4), vec![INITIAL_REPLICAS_MANAGER.to_owned()]));
    stand.kubectl(&["scale", "deployment", NAME, "--replicas=6"]).await;
    stand.apply(&owner, &producer_children(&owner, &spec, Replicas::LeftToAutoscaler(6))).await.unwrap();
    assert_eq!(count(&stand).await, 6);
    // Stopped and started again: the count is first ours, then the autoscaler's.
    stand.apply(&owner, &producer_children(&owner, &spec, Replicas::Exactly(0))).await.unwrap();
    assert_eq!((count(&stand).await, managers(&stand).await), (json!(0), vec![FIELD_MANAGER.to_owned()]));
    stand.apply(&owner, &producer_children(&owner, &spec, Replicas::LeftToAutoscaler(2))).await.unwrap();
    assert_eq!(count(&stand).await, 2);
    spec.autoscale = None;
    stand.apply(&owner, &producer_children(&owner, &spec, Replicas::Exactly(7))).await.unwrap();
    assert_eq!((count(&stand).await, managers(&stand).await), (json!(7), vec![FIELD_MANAGER.to_owned()]));
    let snapshot = stand.snapshot().await;
    assert!(snapshot.0.keys().all(|(kind, _)| *kind != ChildKind::HorizontalPodAutoscaler), "its autoscaler is gone");
    stand.until("the watch saw the last count", || async { seen.so_far().last() == Some(&7) }).await;
    assert_eq!(seen.so_far(), [4, 6, 0, 2, 7]);
}

#[tokio::test]
async fn a_stop_between_the_two_writes_of_a_new_deployment_is_mended() {
    let mut stand = Stand::new("between").await;
    let (owner, mut spec) = stand.producer(MINIMAL_PRODUCER).await;
    spec.autoscale = Some(Autoscale { min: 1, max: 9, cpu: 70 });
    let children = producer_children(&owner, &spec, Replicas::LeftToAutoscaler(3));
    let without_count: Vec<_> = children
        .iter()
        .cloned()
        .map(|child| hoopoe_operator::desired::Child { initial_replicas: None, ..child })
        .collect();
    stand.apply(&owner, &without_count).await.unwrap();
    assert_eq!((count(&stand).await, managers(&stand).await), (json!(1), vec![]));
    stand.restart();
    stand.apply(&owner, &children).await.unwrap();
    assert_eq!((count(&stand).await, managers(&stand).await), (json!(3), vec![INITIAL_REPLICAS_MANAGER.to_owned()]));
}
