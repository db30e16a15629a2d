//! What a resource amounts to: its children, and what it wants of its broker. The same steps as a reconcile's, and nothing is written.

use hoopoe_crds::{
    Manifest, NotifConsumer, NotifProducer, consumer::NotifConsumerSpec, producer::NotifProducerSpec,
    workload::Lifecycle,
};
use serde_json::Value;

use crate::{
    dereference::{self, BrokerAccess, DereferenceError, Dereferenced, SecretReader},
    desired::{self, BuildError, Child, Platform},
    resource::{Kind, Meta, ResourceId},
    scale,
    topology::{self, Desired},
    validate::{self, ValidateError},
};

/// The spec of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Spec {
    /// A producer's.
    Producer(Box<NotifProducerSpec>),
    /// A consumer's.
    Consumer(Box<NotifConsumerSpec>),
}

/// What a resource amounts to.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// In the order in which they are applied.
    pub children: Vec<Child>,
    /// What it wants of its broker.
    pub desired: Desired,
    /// How that broker is reached.
    pub broker: BrokerAccess,
}

/// What runs already, for the counts that are not the spec's to say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Live {
    /// The count of the workers' Deployment.
    pub workers: Option<i32>,
    /// The count of the inbox API's.
    pub api: Option<i32>,
    /// `status.desiredReplicas`.
    pub decided: Option<i32>,
}

/// Why a resource amounts to nothing.
#[derive(Debug, thiserror::Error)]
pub enum WantedError {
    /// It breaks a rule.
    #[error(transparent)]
    Invalid(#[from] ValidateError),
    /// A Secret is missing or wrong.
    #[error(transparent)]
    Secrets(#[from] DereferenceError),
    /// Its children cannot be as asked.
    #[error(transparent)]
    Build(#[from] BuildError),
}

impl Spec {
    /// Of a manifest; and what is known of its metadata: no uid, no times.
    pub fn of_manifest(manifest: &Manifest) -> (Meta, Self) {
        let (kind, spec) = match manifest {
            Manifest::Producer(producer) => (Kind::Producer, Self::Producer(Box::new(producer.spec.clone()))),
            Manifest::Consumer(consumer) => (Kind::Consumer, Self::Consumer(Box::new(consumer.spec.clone()))),
        };
        let metadata = manifest.metadata();
        let meta = Meta {
            id: ResourceId { kind, namespace: metadata.namespace.clone(), name: metadata.name.clone() },
            uid: String::new(),
            generation: 1,
            created_at: 0,
            deleted_at: None,
            labels: metadata.labels.clone(),
            annotations: metadata.annotations.clone(),
        };
        (meta, spec)
    }

    /// Of an object as the API server gives it.
    pub fn of_object(kind: Kind, object: &Value) -> Result<(Meta, Self), serde_json::Error> {
        Ok(match kind {
            Kind::Producer => {
                let object: NotifProducer = serde_json::from_value(object.clone())?;
                (Meta::of(kind, &object), Self::Producer(Box::new(object.spec)))
            }
            Kind::Consumer => {
                let object: NotifConsumer = serde_json::from_value(object.clone())?;
                (Meta::of(kind, &object), Self::Consumer(Box::new(object.spec)))
            }
        })
    }

    /// Fetches its Secrets and reads them.
    pub async fn dereferenced(
        &self,
        meta: &Meta,
        reader: &impl SecretReader,
    ) -> Result<Dereferenced, DereferenceError> {
        match self {
            Self::Producer(spec) => dereference::producer(reader, &meta.id.namespace, &meta.uid, spec).await,
            Self::Consumer(spec) => dereference::consumer(reader, &meta.id.namespace, &meta.uid, spec).await,
        }
    }

    /// Validates, and builds. Pure.
    pub fn wanted(
        &self,
        meta: &Meta,
        found: Dereferenced,
        platform: &Platform,
        live: Live,
    ) -> Result<Wanted, WantedError> {
        let Dereferenced { broker, workers } = found;
        let (children, desired) = match self {
            Self::Producer(spec) => {
                let valid = validate::validate(meta, &**spec)?;
                let (workload, autoscale) = (&spec.workload, spec.autoscale.as_ref());
                let count = scale::replicas(workload.lifecycle, workload.replicas, autoscale, None, None, live.workers);
                (desired::producer(valid, &workers, platform, count)?, topology::desired::producer(valid))
            }
            Self::Consumer(spec) => {
                let valid = validate::validate(meta, &**spec)?;
                let (workload, scaling) = (&spec.workload, spec.scaling.as_ref());
                let count =
                    scale::replicas(workload.lifecycle, workload.replicas, None, scaling, live.decided, live.workers);
                let autoscale = spec.api.autoscale.as_ref();
                let api = scale::replicas(Lifecycle::Running, spec.api.replicas, autoscale, None, None, live.api);
                (desired::consumer(valid, &workers, platform, count, api)?, topology::desired::consumer(valid))
            }
        };
        Ok(Wanted { children, desired, broker })
    }
}
