//! Which resource is meant: what every step needs to know of it beside its spec.

use std::{collections::BTreeMap, fmt};

use hoopoe_crds::{NotifConsumer, NotifProducer, worker_config::ResourceRef};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{Api, Client, api::DynamicObject, core::ApiResource};

/// Our two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `NotifProducer`.
    Producer,
    /// `NotifConsumer`.
    Consumer,
}

/// A resource's kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace.
    pub namespace: String,
    /// Its name, a DNS label of at most 40 bytes.
    pub name: String,
}

/// What the steps need of a resource's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Which resource.
    pub id: ResourceId,
    /// The API server's id of this object: a later one may have the same name.
    pub uid: String,
    /// It rises with each change of the spec.
    pub generation: i64,
    /// When it was made, Unix seconds: the older of two claims to one queue wins.
    pub created_at: i64,
    /// When its deletion was asked for, Unix seconds.
    pub deleted_at: Option<i64>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// `true`: the operator still reads and reports, but writes nothing; a deletion works.
pub const PAUSED_ANNOTATION: &str = "hoopoe.app/paused";

impl Kind {
    /// As manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Producer => "NotifProducer",
            Self::Consumer => "NotifConsumer",
        }
    }

    /// Everything of this kind that an API server stores in a namespace, whatever its schema is.
    pub fn objects(self, client: &Client, namespace: &str) -> Api<DynamicObject> {
        let resource = match self {
            Self::Producer => ApiResource::erase::<NotifProducer>(&()),
            Self::Consumer => ApiResource::erase::<NotifConsumer>(&()),
        };
        Api::namespaced_with(client.clone(), namespace, &resource)
    }
}

impl Meta {
    /// From a resource as the API server gives it.
    pub fn of<K: kube::Resource>(kind: Kind, resource: &K) -> Self {
        let meta = resource.meta();
        let seconds = |time: &Option<Time>| time.as_ref().map(|time| time.0.as_second());
        Self {
            id: ResourceId {
                kind,
                namespace: meta.namespace.clone().unwrap_or_default(),
                name: meta.name.clone().unwrap_or_default(),
            },
            uid: meta.uid.clone().unwrap_or_default(),
            generation: meta.generation.unwrap_or_default(),
            created_at: seconds(&meta.creation_timestamp).unwrap_or_default(),
            deleted_at: seconds(&meta.deletion_timestamp),
            labels: meta.labels.clone().unwrap_or_default(),
            annotations: meta.annotations.clone().unwrap_or_default(),
        }
    }

    /// The reference that a worker of it carries.
    pub fn reference(&self) -> ResourceRef {
        ResourceRef { namespace: self.id.namespace.clone(), name: self.id.name.clone() }
    }

    /// Whether [`PAUSED_ANNOTATION`] says so.
    pub fn paused(&self) -> bool {
        self.annotations.get(PAUSED_ANNOTATION).is_some_and(|value| value == "true")
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind.as_str(), self.namespace, self.name)
    }
}

/// Whether a moment, Unix seconds, lies further back than `age`. `None`: it does not.
pub fn older_than(moment: Option<i64>, age: std::time::Duration) -> bool {
    let now = k8s_openapi::jiff::Timestamp::now().as_second();
    moment.is_some_and(|moment| u64::try_from(now - moment).is_ok_and(|seconds| seconds >= age.as_secs()))
}
