//! The Secrets of a plan: the cluster's, and over them those that stand beside the manifests.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};

use crate::{cli::assumed_secrets, dereference::SecretReader};

/// The cluster's Secrets, as the caller may read them, and over them given ones.
pub(in crate::cli) struct LayeredSecrets<'a> {
    pub(in crate::cli) client: Client,
    pub(in crate::cli) given: &'a [Secret],
}

#[async_trait::async_trait]
impl SecretReader for LayeredSecrets<'_> {
    async fn get(&self, namespace: &str, name: &str) -> Result<Option<Arc<Secret>>, kube::Error> {
        if let Some(secret) = assumed_secrets::find(self.given, namespace, name) {
            return Ok(Some(secret));
        }
        Ok(Api::<Secret>::namespaced(self.client.clone(), namespace).get_opt(name).await?.map(Arc::new))
    }
}
