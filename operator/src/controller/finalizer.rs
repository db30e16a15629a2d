//! The finalizer. A resource has it only if its deletion has something to do on a broker.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{context::Context, error::ReconcileError};

/// The name of our finalizer.
pub const FINALIZER: &str = "hoopoe.app/topology";

/// Whether a resource has it.
pub fn stands<K: Resource>(resource: &K) -> bool {
    resource.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
}

/// Adds our finalizer to a resource, or removes it. The finalizers of others stay: the write fails if the resource
/// changed in the meantime, and is tried again.
pub async fn set<K>(ctx: &Context, resource: &K, wanted: bool) -> Result<(), ReconcileError>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
{
    if stands(resource) == wanted {
        return Ok(());
    }
    let namespace = resource.namespace().unwrap_or_default();
    let api: Api<K> = Api::namespaced(ctx.client.clone(), &namespace);
    let mut finalizers: Vec<String> =
        resource.finalizers().iter().filter(|finalizer| *finalizer != FINALIZER).cloned().collect();
    if wanted {
        finalizers.push(FINALIZER.to_owned());
    }
    let patch = json!({ "metadata": { "finalizers": finalizers, "resourceVersion": resource.resource_version() } });
    match api.patch(&resource.name_any(), &PatchParams::default(), &Patch::Merge(&patch)).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(ReconcileError::FinalizerUnwritten(Box::new(error))),
    }
}
