//! The names of a resource's children, and the labels by which they are known. All names are made here.

use std::collections::BTreeMap;

use crate::resource::{Kind, ResourceId};

/// The label that every object of ours has; caches and lists select by it.
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY_LABEL`].
pub const MANAGED_BY: &str = "hoopoe-operator";
/// The labels that select pods. They cannot change on a Deployment, so these labels never change.
pub const SELECTOR_LABELS: [&str; 3] =
    ["app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"];
/// On the pod template: the keyed hash of every Secret value that the container uses.
pub const SECRETS_HASH_ANNOTATION: &str = "hoopoe.app/secrets-hash";
/// The one container of ours in a worker pod.
pub const CONTAINER: &str = "hoopoe";
/// The init container that migrates the database's schema.
pub const MIGRATE_CONTAINER: &str = "migrate";

/// A Deployment of a resource, and the objects that belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// The workers of a producer.
    Producer,
    /// The workers of a consumer.
    Consumer,
    /// The inbox API of a consumer.
    Api,
}

impl Component {
    /// The workers of a kind of resource.
    pub fn worker_of(kind: Kind) -> Self {
        match kind {
            Kind::Producer => Self::Producer,
            Kind::Consumer => Self::Consumer,
        }
    }

    /// The role's name on the command line, the suffix of names, and the value of the component's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Producer => "producer",
            Self::Consumer => "consumer",
            Self::Api => "api",
        }
    }

    /// The name of its Deployment, and of each object that belongs to it and exists once: `<name>-<component>`. At most
    /// 49 bytes.
    pub fn child_name(self, id: &ResourceId) -> String {
        format!("{}-{}", id.name, self.as_str())
    }

    /// What selects its pods.
    pub fn selector(self, id: &ResourceId) -> BTreeMap<String, String> {
        let values = ["hoopoe", &id.name, self.as_str()];
        SELECTOR_LABELS.iter().zip(values).map(|(label, value)| ((*label).to_owned(), value.to_owned())).collect()
    }

    /// The same as one text, as `status.selector` holds it.
    pub fn selector_text(self, id: &ResourceId) -> String {
        let pairs: Vec<_> = self.selector(id).iter().map(|(label, value)| format!("{label}={value}")).collect();
        pairs.join(",")
    }
}
