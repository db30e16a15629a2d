//! The Secrets that resources name: each is read once after each change.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client, ResourceExt};
use prometheus_client::metrics::gauge::Gauge;

use super::caches::Caches;
use crate::dereference::{PointsAtSecrets, SecretReader};

/// The Secrets that resources name. Only those are read whole; for all others the watch keeps metadata only.
pub struct SecretCache {
    client: Client,
    caches: Caches,
    read: Mutex<HashMap<(String, String), Arc<Secret>>>,
    /// Whether a resource was removed since the last search for unused Secrets.
    stale: AtomicBool,
    kept: Gauge,
}

impl SecretCache {
    /// A cache that has read nothing yet.
    pub fn new(client: Client, caches: Caches, kept: Gauge) -> Self {
        Self { client, caches, read: Mutex::default(), stale: AtomicBool::new(false), kept }
    }

    /// A resource was removed, so perhaps no resource names its Secrets any more.
    pub fn note_gone(&self) {
        self.stale.store(true, Ordering::Relaxed);
    }

    /// Drops the Secrets that no resource names, or that were removed: their values must not stay in memory. It looks
    /// only after a resource was removed.
    pub fn drop_unused(&self) {
        if !self.stale.swap(false, Ordering::Relaxed) {
            return;
        }
        let mut used = HashSet::new();
        let mut name = |namespace: Option<String>, names: Vec<String>| {
            let namespace = namespace.unwrap_or_default();
            used.extend(names.into_iter().map(|name| (namespace.clone(), name)));
        };
        for producer in self.caches.producers() {
            name(producer.namespace(), producer.spec.secret_names().into_iter().collect());
        }
        for consumer in self.caches.consumers() {
            name(consumer.namespace(), consumer.spec.secret_names().into_iter().collect());
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.retain(|key, _| used.contains(key) && self.caches.secret_version(&key.0, &key.1).is_some());
        read.shrink_to_fit();
        self.count(&read);
    }

    fn count(&self, read: &HashMap<(String, String), Arc<Secret>>) {
        self.kept.set(i64::try_from(read.len()).unwrap_or(i64::MAX));
    }
}

#[async_trait::async_trait]
impl SecretReader for SecretCache {
    async fn get(&self, namespace: &str, name: &str) -> Result<Option<Arc<Secret>>, kube::Error> {
        let key = (namespace.to_owned(), name.to_owned());
        // A Secret that the watch does not know (yet) counts as missing: when it appears, the watch sets off a
        // reconcile.
        let Some(version) = self.caches.secret_version(namespace, name) else {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            read.remove(&key);
            self.count(&read);
            return Ok(None);
        };
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(secret) = known
            && secret.metadata.resource_version.as_ref() == Some(&version)
        {
            return Ok(Some(secret));
        }
        let Some(secret) = Api::<Secret>::namespaced(self.client.clone(), namespace).get_opt(name).await? else {
            return Ok(None);
        };
        let secret = Arc::new(secret);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(key, secret.clone());
        self.count(&read);
        Ok(Some(secret))
    }
}
