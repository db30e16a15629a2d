//! A resource of either kind, for the commands: its spec, and the steps of the [`crate::pipeline`].

use std::collections::BTreeSet;

use hoopoe_crds::{Manifest, NotifConsumer, NotifProducer, consumer::NotifConsumerSpec, producer::NotifProducerSpec};
use serde_json::Value;

use crate::{
    dereference::{BrokerAccess, PointsAtSecrets, SecretReader},
    desired::{Child, DesiredError, Platform},
    pipeline::{self, Live, PrepareError, Prepared},
    resource::{Kind, Meta, ResourceId},
    topology::Wanted,
};

/// The spec of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum EitherSpec {
    /// A producer's.
    Producer(Box<NotifProducerSpec>),
    /// A consumer's.
    Consumer(Box<NotifConsumerSpec>),
}

/// A prepared resource of either kind.
#[derive(Debug)]
pub enum EitherPrepared<'a> {
    /// A producer.
    Producer(Prepared<'a, NotifProducerSpec>),
    /// A consumer.
    Consumer(Prepared<'a, NotifConsumerSpec>),
}

impl EitherSpec {
    /// The spec in a manifest, and what a manifest says of its metadata: no uid and no times.
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

    /// The spec and metadata of an object from the API server.
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

    /// The names of all Secrets that it points at.
    pub fn secret_names(&self) -> BTreeSet<String> {
        match self {
            Self::Producer(spec) => spec.secret_names(),
            Self::Consumer(spec) => spec.secret_names(),
        }
    }

    /// Validates it, and reads its Secrets.
    pub async fn prepare<'a>(
        &'a self,
        meta: &'a Meta,
        reader: &impl SecretReader,
    ) -> Result<EitherPrepared<'a>, PrepareError> {
        Ok(match self {
            Self::Producer(spec) => EitherPrepared::Producer(pipeline::prepare(meta, &**spec, reader).await?),
            Self::Consumer(spec) => EitherPrepared::Consumer(pipeline::prepare(meta, &**spec, reader).await?),
        })
    }
}

impl<'a> EitherPrepared<'a> {
    /// How its broker is reached.
    pub fn broker(&self) -> &BrokerAccess {
        match self {
            Self::Producer(prepared) => prepared.broker(),
            Self::Consumer(prepared) => prepared.broker(),
        }
    }

    /// What it wants of its broker, whatever cluster this is.
    pub fn topology(&self) -> Wanted<'a> {
        match self {
            Self::Producer(prepared) => prepared.topology(None),
            Self::Consumer(prepared) => prepared.topology(None),
        }
    }

    /// The Kubernetes objects that it needs, in the order in which they are applied.
    pub fn children(&self, platform: &Platform, live: Live) -> Result<Vec<Child>, DesiredError> {
        match self {
            Self::Producer(prepared) => prepared.children(platform, live),
            Self::Consumer(prepared) => prepared.children(platform, live),
        }
    }
}
