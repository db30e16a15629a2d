//! What the watch caches know about the children.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::desired::ChildKind;

/// The watch caches: every object of the children's kinds that carries our managed-by label. A look-up makes no
/// request.
pub trait Observed: Sync {
    /// What is known of one object; `None`: the caches hold none of that name.
    fn get(&self, kind: ChildKind, namespace: &str, name: &str) -> Option<ObservedMeta>;

    /// Every object of the namespace whose controller is `uid`: kind and name.
    fn owned(&self, namespace: &str, uid: &str) -> Vec<(ChildKind, String)>;
}

/// What is known about one object, from its metadata alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedMeta {
    /// The object's own id.
    pub uid: String,
    /// Moves with each change.
    pub resource_version: String,
    /// Rises with each change of the spec; not every kind has it.
    pub generation: Option<i64>,
    /// The uid of its controller.
    pub owned_by_uid: Option<String>,
    /// Its labels.
    pub labels: Pairs,
    /// Its annotations.
    pub annotations: Pairs,
}

/// Labels or annotations. The operator only asks whether one of them is there, so a hash of each is kept: as texts,
/// those of the children of five thousand resources take 20 MB.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(Box<[u64]>);

impl Pairs {
    /// Whether this key has this value.
    pub fn hold(&self, key: &str, value: &str) -> bool {
        self.0.contains(&hash(key, value))
    }
}

impl From<&BTreeMap<String, String>> for Pairs {
    fn from(map: &BTreeMap<String, String>) -> Self {
        Self(map.iter().map(|(key, value)| hash(key, value)).collect())
    }
}

fn hash(key: &str, value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, value).hash(&mut hasher);
    hasher.finish()
}

impl From<&ObjectMeta> for ObservedMeta {
    fn from(meta: &ObjectMeta) -> Self {
        let controller = meta.owner_references.iter().flatten().find(|owner| owner.controller == Some(true));
        Self {
            uid: meta.uid.clone().unwrap_or_default(),
            resource_version: meta.resource_version.clone().unwrap_or_default(),
            generation: meta.generation,
            owned_by_uid: controller.map(|owner| owner.uid.clone()),
            labels: meta.labels.as_ref().map(Pairs::from).unwrap_or_default(),
            annotations: meta.annotations.as_ref().map(Pairs::from).unwrap_or_default(),
        }
    }
}
