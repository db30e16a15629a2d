//! Resources, Secrets and a platform for tests: the manifests are `tests/fixtures/`.

use std::collections::BTreeMap;

use hoopoe_crds::{
    Manifest,
    consumer::NotifConsumerSpec,
    manifest::{Metadata, Resource},
    producer::NotifProducerSpec,
};

use super::Platform;
use crate::{
    dereference::{Secrets, WorkerSecrets, consumer_from, producer_from},
    resource::{Kind, Meta, ResourceId},
};

const UID: &str = "6e1f8f4c-9c3b-4b5e-8a53-0a6f1d0c9f7e";

pub(crate) fn minimal_producer() -> (Meta, NotifProducerSpec) {
    producer(include_str!("../../tests/fixtures/minimal-producer.yaml"))
}

pub(crate) fn full_producer() -> (Meta, NotifProducerSpec) {
    producer(include_str!("../../tests/fixtures/full-producer.yaml"))
}

pub(crate) fn minimal_consumer() -> (Meta, NotifConsumerSpec) {
    consumer(include_str!("../../tests/fixtures/minimal-consumer.yaml"))
}

pub(crate) fn full_consumer() -> (Meta, NotifConsumerSpec) {
    consumer(include_str!("../../tests/fixtures/full-consumer.yaml"))
}

fn producer(text: &str) -> (Meta, NotifProducerSpec) {
    let (mut manifests, _) = Manifest::read_all(text).unwrap();
    let Some(Manifest::Producer(resource)) = manifests.pop() else { panic!("no producer in the text") };
    let Resource { metadata, spec, .. } = *resource;
    (meta(Kind::Producer, metadata), spec)
}

fn consumer(text: &str) -> (Meta, NotifConsumerSpec) {
    let (mut manifests, _) = Manifest::read_all(text).unwrap();
    let Some(Manifest::Consumer(resource)) = manifests.pop() else { panic!("no consumer in the text") };
    let Resource { metadata, spec, .. } = *resource;
    (meta(Kind::Consumer, metadata), spec)
}

fn meta(kind: Kind, metadata: Metadata) -> Meta {
    Meta {
        id: ResourceId { kind, namespace: metadata.namespace, name: metadata.name },
        uid: UID.to_owned(),
        generation: 1,
        created_at: 0,
        deleted_at: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
    }
}

fn secrets() -> Secrets {
    let data: [(&str, &[(&str, &str)]); 7] = [
        ("rabbitmq", &[("uri", "amqp://worker:secret@rabbitmq.mq.svc:5672")]),
        (
            "rabbitmq-parts",
            &[("host", "10.20.30.40"), ("port", "5671"), ("username", "worker"), ("password", "secret")],
        ),
        ("postgres", &[("uri", "postgres://worker:secret@postgres.db.svc:5432/inbox")]),
        ("postgres-owner", &[("uri", "postgres://owner:secret@postgres.db.svc:5432/inbox")]),
        ("redis", &[("host", "redis.db.svc"), ("password", "secret")]),
        ("ca", &[("ca.crt", "CA")]),
        ("client", &[("tls.crt", "CRT"), ("tls.key", "KEY")]),
    ];
    Secrets::from_data(data)
}

pub(crate) fn producer_secrets(spec: &NotifProducerSpec) -> WorkerSecrets {
    producer_from(&secrets(), UID, spec).unwrap().workers
}

pub(crate) fn consumer_secrets(spec: &NotifConsumerSpec) -> WorkerSecrets {
    consumer_from(&secrets(), UID, spec).unwrap().workers
}

pub(crate) fn platform() -> Platform {
    Platform {
        worker_image: "registry.example/hoopoe:1.0.0".to_owned(),
        image_pull_secrets: vec!["default-pull".to_owned()],
        otlp_endpoint: Some("http://otel.observability:4318".to_owned()),
        serves_pod_monitor: true,
    }
}
