//! The requests that apply makes, each with its error named.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Client,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, Preconditions},
    core::{ApiResource, GroupVersionKind},
};
use serde_json::{Value, json};

use super::{ApplyError, FIELD_MANAGER, INITIAL_REPLICAS_MANAGER, ObservedMeta};
use crate::desired::{Child, ChildKind};

/// The API server, for the children of one namespace.
pub(super) struct Requests<'a> {
    pub client: &'a Client,
    pub namespace: &'a str,
}

impl Requests<'_> {
    /// The metadata of an object, with its managed fields; `None`: the object does not exist.
    pub(super) async fn look_up(&self, kind: ChildKind, name: &str) -> Result<Option<ObjectMeta>, ApplyError> {
        let found = self.api(kind).get_metadata_opt(name).await;
        let found = found.map_err(|error| ApplyError::from_kube("look up", kind, name, error))?;
        Ok(found.map(|found| found.metadata))
    }

    /// Applies the whole child.
    pub(super) async fn apply(&self, child: &Child) -> Result<ObjectMeta, ApplyError> {
        self.apply_as(child, FIELD_MANAGER, &child.object).await
    }

    /// Writes a count and nothing else.
    pub(super) async fn apply_count(&self, child: &Child, count: i32) -> Result<ObjectMeta, ApplyError> {
        let resource = child.kind.resource();
        let object = json!({
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": { "name": child.name, "namespace": self.namespace },
            "spec": { "replicas": count },
        });
        self.apply_as(child, INITIAL_REPLICAS_MANAGER, &object).await
    }

    /// Strict: the API server refuses a field of `podTemplate` that it does not know, instead of dropping it silently.
    async fn apply_as(&self, child: &Child, manager: &str, object: &Value) -> Result<ObjectMeta, ApplyError> {
        let params = PatchParams::apply(manager).force().validation_strict();
        let applied = self.api(child.kind).patch_metadata(&child.name, &params, &Patch::Apply(object)).await;
        let applied = applied.map_err(|error| ApplyError::from_kube("apply", child.kind, &child.name, error))?;
        Ok(applied.metadata)
    }

    /// Removes the very object that was observed. `false`: it was gone.
    pub(super) async fn remove(
        &self,
        kind: ChildKind,
        name: &str,
        observed: &ObservedMeta,
    ) -> Result<bool, ApplyError> {
        let preconditions = Preconditions {
            uid: Some(observed.uid.clone()),
            resource_version: Some(observed.resource_version.clone()),
        };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::background() };
        match self.api(kind).delete(name, &params).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(false),
            Err(error) => Err(ApplyError::from_kube("remove", kind, name, error)),
        }
    }

    /// The pod templates of every `ReplicaSet` that a selector selects.
    pub(super) async fn replica_set_templates(&self, selector: &str) -> Result<Vec<Value>, ApplyError> {
        let resource =
            ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("apps", "v1", "ReplicaSet"), "replicasets");
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), self.namespace, &resource);
        let list = api.list(&ListParams::default().labels(selector)).await;
        let list = list.map_err(|source| ApplyError::ReplicaSetsUnread { source: Box::new(source) })?;
        Ok(list.items.into_iter().map(|mut set| set.data["spec"]["template"].take()).collect())
    }

    fn api(&self, kind: ChildKind) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), self.namespace, &kind.resource())
    }
}
