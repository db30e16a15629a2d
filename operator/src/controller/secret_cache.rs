//! The Secrets that resources name: read once each time they move.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};

use super::caches::Caches;
use crate::dereference::SecretReader;

/// The Secrets that resources name. Only those are read whole; of the others the watch knows the metadata.
pub struct SecretCache {
    client: Client,
    caches: Caches,
    read: Mutex<HashMap<(String, String), Arc<Secret>>>,
}

impl SecretCache {
    /// Nothing is read yet.
    pub fn new(client: Client, caches: Caches) -> Self {
        Self { client, caches, read: Mutex::default() }
    }
}

#[async_trait::async_trait]
impl SecretReader for SecretCache {
    async fn get(&self, namespace: &str, name: &str) -> Result<Option<Arc<Secret>>, kube::Error> {
        let key = (namespace.to_owned(), name.to_owned());
        // A Secret that the watch does not know (yet) is not there: its appearance is an event of that watch.
        let Some(version) = self.caches.secret_version(namespace, name) else {
            self.read.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
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
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(key, secret.clone());
        Ok(Some(secret))
    }
}
