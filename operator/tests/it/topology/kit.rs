//! Brokers for the tests, and resources from short texts.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use hoopoe_crds::Manifest;
use hoopoe_e2e::{Method, RabbitMq, RabbitMqOptions, RabbitMqVersion};
use hoopoe_operator::{
    dereference::{BrokerAccess, ManagementAccess},
    rabbitmq::{
        Broker, Desired,
        sync::{self, Synced},
    },
    resource::{Kind, Meta, ResourceId},
    topology::{BrokerError, Mode, Wanted},
    validate::validate,
};
use serde_json::Value;

use crate::testkit::client::install_crypto;

pub type Outcomes = Result<(), Box<dyn std::error::Error>>;

/// Both broker versions that are supported.
pub const VERSIONS: [RabbitMqVersion; 2] = [RabbitMqVersion::Debian, RabbitMqVersion::Four];

pub async fn start(version: RabbitMqVersion) -> Result<RabbitMq, hoopoe_e2e::Error> {
    RabbitMq::start(RabbitMqOptions { version, ..RabbitMqOptions::default() }).await
}

pub fn access(rabbit: &RabbitMq, username: &str, password: &str) -> BrokerAccess {
    BrokerAccess {
        amqp_host: "127.0.0.1".to_owned(),
        amqp_port: rabbit.port(),
        vhost: "/".to_owned(),
        management: ManagementAccess {
            url: format!("http://127.0.0.1:{}", rabbit.management_port()),
            username: username.to_owned(),
            password: password.into(),
            tls: None,
        },
    }
}

pub fn broker(rabbit: &RabbitMq) -> Arc<Broker> {
    install_crypto();
    Arc::new(Broker::new(&access(rabbit, "hoopoe", "secret")).unwrap())
}

fn meta(kind: Kind, name: &str, created_at: i64) -> Meta {
    Meta {
        id: ResourceId { kind, namespace: "default".to_owned(), name: name.to_owned() },
        uid: format!("uid-of-{name}"),
        generation: 1,
        created_at,
        deleted_at: None,
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
    }
}

/// The topology that a consumer wants. Its spec is the inside of a YAML flow mapping, without the Secrets: `queue:
/// {name: q}, bindings: [...]`.
pub fn consumer(name: &str, created_at: i64, spec: &str) -> Desired {
    let text = format!(
        "{{apiVersion: hoopoe.app/v1alpha1, kind: NotifConsumer, metadata: {{name: {name}}}, \
         spec: {{broker: {{secretRef: {{name: r}}}}, postgres: {{secretRef: {{name: p}}}}, {spec}}}}}"
    );
    let Manifest::Consumer(resource) = manifest(&text) else { panic!("no consumer") };
    let meta = meta(Kind::Consumer, name, created_at);
    Desired::of(&Wanted::of_consumer(validate(&meta, &resource.spec).unwrap(), None))
}

/// The topology that a producer wants, from a text in the same form.
pub fn producer(name: &str, spec: &str) -> Desired {
    let text = format!(
        "{{apiVersion: hoopoe.app/v1alpha1, kind: NotifProducer, metadata: {{name: {name}}}, \
         spec: {{broker: {{secretRef: {{name: r}}}}, {spec}}}}}"
    );
    let Manifest::Producer(resource) = manifest(&text) else { panic!("no producer") };
    let meta = meta(Kind::Producer, name, 1);
    Desired::of(&Wanted::of_producer(validate(&meta, &resource.spec).unwrap(), None))
}

fn manifest(text: &str) -> Manifest {
    let (mut manifests, _) = Manifest::read_all(text).unwrap();
    manifests.pop().unwrap()
}

/// Reads the broker again, and makes it as wanted.
pub async fn reconcile(broker: &Broker, desired: &Desired) -> Result<Synced, BrokerError> {
    sync::reconcile(broker, desired, &[], Mode::Write, Some(Instant::now())).await
}

/// What the management API lists: the names under `kind`, or a whole answer.
pub async fn get(rabbit: &RabbitMq, path: &str) -> Value {
    let text = rabbit.management(Method::GET, path, None).await.unwrap();
    serde_json::from_str(&text.to_string()).unwrap()
}
