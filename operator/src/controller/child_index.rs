//! The children of one kind as their watch shows them, by name and by owner.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::runtime::watcher::Event;

use crate::apply::ObservedMeta;

/// A namespace and a name.
type Key = (String, String);

/// The children of one kind. Its index of owners makes a reconcile's cost independent of the number of other resources.
#[derive(Debug, Default)]
pub struct ChildIndex(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    objects: HashMap<Key, ObservedMeta>,
    /// By the uid of the controller: the names, in its own namespace, where its children are.
    owned: HashMap<String, Vec<String>>,
    /// What a list that is under way has shown so far. What it does not show was removed.
    listed: Option<BTreeSet<Key>>,
}

impl ChildIndex {
    /// Takes an event, and returns the uids of the owners that it concerns, before and after.
    pub fn take<K: kube::Resource>(&self, event: &Event<K>) -> Vec<String> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Init => {
                known.listed = Some(BTreeSet::new());
                Vec::new()
            }
            Event::InitApply(object) => {
                let key = key(object.meta());
                if let Some(listed) = &mut known.listed {
                    listed.insert(key.clone());
                }
                known.put(key, ObservedMeta::from(object.meta()))
            }
            Event::Apply(object) => known.put(key(object.meta()), ObservedMeta::from(object.meta())),
            Event::Delete(object) => known.remove(&key(object.meta())),
            Event::InitDone => {
                let listed = known.listed.take().unwrap_or_default();
                let gone: Vec<Key> = known.objects.keys().filter(|key| !listed.contains(*key)).cloned().collect();
                gone.iter().flat_map(|key| known.remove(key)).collect()
            }
        }
    }

    /// One object.
    pub fn get(&self, namespace: &str, name: &str) -> Option<ObservedMeta> {
        self.read().objects.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// The names of the children whose controller is `uid`.
    pub fn owned(&self, uid: &str) -> Vec<String> {
        self.read().owned.get(uid).cloned().unwrap_or_default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn put(&mut self, key: Key, object: ObservedMeta) -> Vec<String> {
        let mut concerned = self.remove(&key);
        if let Some(uid) = &object.owned_by_uid {
            self.owned.entry(uid.clone()).or_default().push(key.1.clone());
            if !concerned.contains(uid) {
                concerned.push(uid.clone());
            }
        }
        self.objects.insert(key, object);
        concerned
    }

    fn remove(&mut self, key: &Key) -> Vec<String> {
        let Some(uid) = self.objects.remove(key).and_then(|object| object.owned_by_uid) else { return Vec::new() };
        if let Some(names) = self.owned.get_mut(&uid) {
            names.retain(|name| *name != key.1);
            if names.is_empty() {
                self.owned.remove(&uid);
            }
        }
        vec![uid]
    }
}

fn key(meta: &ObjectMeta) -> Key {
    (meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use k8s_openapi::{api::core::v1::ConfigMap, apimachinery::pkg::apis::meta::v1::OwnerReference};

    use super::*;

    fn object(name: &str, owner: Option<&str>) -> ConfigMap {
        let owner = owner.map(|uid| OwnerReference {
            uid: uid.to_owned(),
            controller: Some(true),
            ..OwnerReference::default()
        });
        let metadata = ObjectMeta {
            namespace: Some("ns".to_owned()),
            name: Some(name.to_owned()),
            owner_references: Some(owner.into_iter().collect()),
            ..ObjectMeta::default()
        };
        ConfigMap { metadata, ..ConfigMap::default() }
    }

    #[test]
    fn names_go_with_their_owner_and_a_list_forgets_what_it_does_not_show() {
        let index = ChildIndex::default();
        assert_eq!(index.take(&Event::Apply(object("a", Some("one")))), ["one"]);
        index.take(&Event::Apply(object("b", Some("one"))));
        assert_eq!(index.owned("one"), ["a", "b"]);
        assert_eq!(index.take(&Event::Apply(object("b", Some("two")))), ["one", "two"], "both are concerned");
        assert_eq!((index.owned("one"), index.owned("two")), (vec!["a".to_owned()], vec!["b".to_owned()]));
        index.take(&Event::<ConfigMap>::Init);
        index.take(&Event::InitApply(object("b", None)));
        assert_eq!(index.take(&Event::<ConfigMap>::InitDone), ["one"], "a is gone");
        assert!(index.get("ns", "a").is_none() && index.get("ns", "b").is_some());
        assert!(index.owned("one").is_empty() && index.owned("two").is_empty());
    }
}
