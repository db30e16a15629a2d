//! The objects of one namespace, through a client in this process. A run of `kubectl` costs up to a third of a second
//! of a processor, and some tests make hundreds of requests.

use std::path::Path;

use k8s_openapi::api::core::v1 as core;
use kube::{
    Api, Client,
    api::{DynamicObject, ListParams, Patch, PatchParams, PostParams},
    core::{ApiResource, GroupVersionKind},
};
use serde_json::{Value, json};

use super::client::client;

/// The kinds that tests name: the name in a test, which `kubectl` knows too, then group, version, plural and kind.
const KINDS: [(&str, &str, &str, &str, &str); 11] = [
    ("nprod", "hoopoe.app", "v1alpha1", "notifproducers", "NotifProducer"),
    ("ncons", "hoopoe.app", "v1alpha1", "notifconsumers", "NotifConsumer"),
    ("secret", "", "v1", "secrets", "Secret"),
    ("cm", "", "v1", "configmaps", "ConfigMap"),
    ("sa", "", "v1", "serviceaccounts", "ServiceAccount"),
    ("svc", "", "v1", "services", "Service"),
    ("deploy", "apps", "v1", "deployments", "Deployment"),
    ("pdb", "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"),
    ("netpol", "networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
    ("hpa", "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    ("podmonitors", "monitoring.coreos.com", "v1", "podmonitors", "PodMonitor"),
];

/// A namespace, and a client that belongs to the runtime of one test.
pub struct Objects {
    client: Client,
    namespace: String,
}

impl Objects {
    /// Creates the namespace.
    pub async fn create(kubeconfig: &Path, namespace: &str) -> Self {
        let objects = Self { client: client(kubeconfig).await, namespace: namespace.to_owned() };
        let namespaces: Api<core::Namespace> = Api::all(objects.client.clone());
        let new = serde_json::from_value(json!({ "metadata": { "name": namespace } })).unwrap();
        namespaces.create(&PostParams::default(), &new).await.unwrap();
        objects
    }

    /// Reads an object, `kind/name`. `None`: it does not exist.
    pub async fn get(&self, what: &str) -> Option<Value> {
        let (kind, name) = what.split_once('/').unwrap();
        let found = self.named(kind).get_opt(name).await.unwrap_or_else(|error| panic!("get {what}: {error}"));
        found.map(|object| serde_json::to_value(object).unwrap())
    }

    /// Reads all objects of a kind.
    pub async fn list(&self, kind: &str) -> Vec<Value> {
        let listed = self.named(kind).list(&ListParams::default()).await;
        let listed = listed.unwrap_or_else(|error| panic!("list {kind}: {error}"));
        listed.items.iter().map(|object| serde_json::to_value(object).unwrap()).collect()
    }

    /// Applies an object, as `kubectl apply --server-side --force-conflicts` does, and returns what is stored.
    pub async fn apply(&self, object: &Value) -> Value {
        let kind = object["kind"].as_str().unwrap();
        let (short, ..) = KINDS.into_iter().find(|known| known.4 == kind).unwrap_or_else(|| panic!("add {kind}"));
        let name = object["metadata"]["name"].as_str().unwrap();
        let params = PatchParams::apply("kubectl").force().validation_strict();
        let applied = self.named(short).patch(name, &params, &Patch::Apply(object)).await;
        let applied = applied.unwrap_or_else(|error| panic!("apply {kind} {name}: {error}"));
        serde_json::to_value(applied).unwrap()
    }

    /// Patches an object, `kind/name`, with a JSON merge patch.
    pub async fn patch(&self, what: &str, patch: &Value) {
        let (kind, name) = what.split_once('/').unwrap();
        let patched = self.named(kind).patch(name, &PatchParams::default(), &Patch::Merge(patch)).await;
        patched.unwrap_or_else(|error| panic!("patch {what}: {error}"));
    }

    fn named(&self, kind: &str) -> Api<DynamicObject> {
        let found = KINDS.into_iter().find(|known| known.0 == kind);
        let (_, group, version, plural, kind) = found.unwrap_or_else(|| panic!("add {kind} to the kinds above"));
        let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural);
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }
}
