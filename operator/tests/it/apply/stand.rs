//! A namespace of its own on a real API server, our resources in it, and caches as plain snapshots.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use hoopoe_crds::{Manifest, consumer::NotifConsumerSpec, producer::NotifProducerSpec};
use hoopoe_e2e::ControlPlane;
use hoopoe_operator::{
    apply::{Applied, Applier, ApplyError, ApplyMetrics, Observed, ObservedMeta},
    dereference::{Secrets, consumer_from, producer_from},
    desired::{self, Child, ChildKind, Platform},
    names::{MANAGED_BY, MANAGED_BY_LABEL},
    resource::{Kind, Meta, ResourceId},
    scale::Replicas,
    validate,
};
use kube::{
    Api, Client,
    api::{DynamicObject, ListParams},
};
use serde_json::Value;

use crate::testkit::{client::client, definitions::define_shared, objects::Objects};

pub const MINIMAL_PRODUCER: &str = include_str!("../../fixtures/minimal-producer.yaml");
pub const MINIMAL_CONSUMER: &str = include_str!("../../fixtures/minimal-consumer.yaml");
pub const FULL_PRODUCER: &str = include_str!("../../fixtures/full-producer.yaml");
pub const FULL_CONSUMER: &str = include_str!("../../fixtures/full-consumer.yaml");

pub struct Stand {
    pub plane: Arc<ControlPlane>,
    pub client: Client,
    pub namespace: String,
    pub applier: Applier,
    pub metrics: ApplyMetrics,
    objects: Objects,
}

impl Stand {
    /// `namespace`: a name that no other test of this area uses.
    pub async fn new(namespace: &str) -> Self {
        let plane = ControlPlane::shared().await.unwrap();
        define_shared(&plane).await;
        let objects = Objects::create(plane.kubeconfig(), namespace).await;
        let client = client(plane.kubeconfig()).await;
        let metrics = ApplyMetrics::default();
        let applier = Applier::new(client.clone(), metrics.clone());
        Self { applier, metrics, client, objects, namespace: namespace.to_owned(), plane }
    }

    /// As after a restart: the operator remembers nothing.
    pub fn restart(&mut self) {
        self.metrics = ApplyMetrics::default();
        self.applier = Applier::new(self.client.clone(), self.metrics.clone());
    }

    pub async fn producer(&self, text: &str) -> (Meta, NotifProducerSpec) {
        let (mut manifests, _) = Manifest::read_all(text).unwrap();
        let Some(Manifest::Producer(resource)) = manifests.pop() else { panic!("no producer in the text") };
        (self.store(Kind::Producer, &resource.metadata.name, text).await, resource.spec)
    }

    pub async fn consumer(&self, text: &str) -> (Meta, NotifConsumerSpec) {
        let (mut manifests, _) = Manifest::read_all(text).unwrap();
        let Some(Manifest::Consumer(resource)) = manifests.pop() else { panic!("no consumer in the text") };
        (self.store(Kind::Consumer, &resource.metadata.name, text).await, resource.spec)
    }

    async fn store(&self, kind: Kind, name: &str, text: &str) -> Meta {
        let text = text.replace("namespace: shop", &format!("namespace: {}", self.namespace));
        let stored = self.objects.apply(&serde_yaml::from_str(&text).unwrap()).await;
        let uid = stored["metadata"]["uid"].as_str().unwrap().to_owned();
        Meta {
            id: ResourceId { kind, namespace: self.namespace.clone(), name: name.to_owned() },
            uid,
            generation: 1,
            created_at: 0,
            deleted_at: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        }
    }

    pub async fn apply(&self, owner: &Meta, children: &[Child]) -> Result<Applied, ApplyError> {
        self.applier.apply(owner, children, &self.snapshot().await).await
    }

    pub async fn kubectl(&self, args: &[&str]) -> String {
        let args: Vec<&str> = ["-n", &self.namespace].into_iter().chain(args.iter().copied()).collect();
        self.plane.kubectl(&args).await.unwrap()
    }

    pub async fn get(&self, kind: ChildKind, name: &str) -> Value {
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &self.namespace, &kind.resource());
        serde_json::to_value(api.get(name).await.unwrap()).unwrap()
    }

    /// What up-to-date caches would hold.
    pub async fn snapshot(&self) -> Snapshot {
        let mut objects = BTreeMap::new();
        let params = ListParams::default().labels(&format!("{MANAGED_BY_LABEL}={MANAGED_BY}"));
        for kind in ChildKind::ALL {
            let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &self.namespace, &kind.resource());
            for object in api.list_metadata(&params).await.unwrap().items {
                let name = object.metadata.name.clone().unwrap();
                objects.insert((kind, name), ObservedMeta::from(&object.metadata));
            }
        }
        Snapshot(objects)
    }

    /// How many apply requests were sent so far.
    pub fn requests(&self) -> u64 {
        let mut registry = prometheus_client::registry::Registry::default();
        self.metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("hoopoe_operator_child_requests_total{"));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    /// Waits until the condition holds, for 90 s at most: only a hang takes so long.
    pub async fn until<F: Future<Output = bool>>(&self, what: &str, holds: impl Fn() -> F) {
        for _ in 0..900 {
            if holds().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("never happened: {what}");
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot(pub BTreeMap<(ChildKind, String), ObservedMeta>);

impl Snapshot {
    /// The version of each object, except objects whose status another controller writes.
    pub fn versions(&self) -> BTreeMap<(ChildKind, String), String> {
        self.0.iter().map(|(key, meta)| (key.clone(), meta.resource_version.clone())).collect()
    }

    pub fn names(&self) -> Vec<(ChildKind, String)> {
        self.0.keys().cloned().collect()
    }
}

impl Observed for Snapshot {
    fn get(&self, kind: ChildKind, _: &str, name: &str) -> Option<ObservedMeta> {
        self.0.get(&(kind, name.to_owned())).cloned()
    }

    fn owned(&self, _: &str, uid: &str) -> Vec<(ChildKind, String)> {
        let owned = self.0.iter().filter(|(_, meta)| meta.owned_by_uid.as_deref() == Some(uid));
        owned.map(|(key, _)| key.clone()).collect()
    }
}

pub fn platform() -> Platform {
    Platform {
        worker_image: "registry.example/hoopoe:1.0.0".to_owned(),
        image_pull_secrets: Vec::new(),
        otlp_endpoint: None,
        serves_pod_monitor: true,
    }
}

fn secrets() -> Secrets {
    let data: [(&str, &[(&str, &str)]); 7] = [
        ("rabbitmq", &[("uri", "amqp://worker:secret@rabbitmq.mq.svc:5672")]),
        ("rabbitmq-parts", &[("host", "10.20.30.40"), ("username", "worker"), ("password", "secret")]),
        ("postgres", &[("uri", "postgres://worker:secret@postgres.db.svc:5432/inbox")]),
        ("postgres-owner", &[("uri", "postgres://owner:secret@postgres.db.svc:5432/inbox")]),
        ("redis", &[("host", "redis.db.svc"), ("password", "secret")]),
        ("ca", &[("ca.crt", "CA")]),
        ("client", &[("tls.crt", "CRT"), ("tls.key", "KEY")]),
    ];
    Secrets::from_data(data)
}

pub fn producer_children(owner: &Meta, spec: &NotifProducerSpec, replicas: Replicas) -> Vec<Child> {
    let secrets = producer_from(&secrets(), &owner.uid, spec).unwrap().workers;
    let resource = validate::validate(owner, spec).unwrap();
    desired::producer(resource, &secrets, &platform(), replicas).unwrap()
}

pub fn consumer_children(owner: &Meta, spec: &NotifConsumerSpec, worker: Replicas, api: Replicas) -> Vec<Child> {
    let secrets = consumer_from(&secrets(), &owner.uid, spec).unwrap().workers;
    let resource = validate::validate(owner, spec).unwrap();
    desired::consumer(resource, &secrets, &platform(), worker, api).unwrap()
}
