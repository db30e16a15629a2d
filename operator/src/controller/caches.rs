//! What the watches know: one set of caches for each watched namespace, or one for all.

use std::{collections::HashMap, sync::Arc};

use hoopoe_crds::{NotifConsumer, NotifProducer};
use k8s_openapi::api::core::v1::Secret;
use kube::{
    ResourceExt,
    core::PartialObjectMeta,
    runtime::reflector::{ObjectRef, Store, store::WriterDropped},
};

use super::{child_index::ChildIndex, seen_deployment::SeenDeployment, status_writes::StatusWrites};
use crate::{
    apply::{Observed, ObservedMeta},
    desired::ChildKind,
    resource::{Kind, ResourceId},
};

/// The caches of one namespace, or of all.
#[derive(Clone)]
pub struct Scope {
    /// `None`: all namespaces.
    pub namespace: Option<String>,
    /// The producers.
    pub producers: Store<NotifProducer>,
    /// The consumers.
    pub consumers: Store<NotifConsumer>,
    /// Our Deployments.
    pub deployments: Store<SeenDeployment>,
    /// The children of every kind, their metadata only.
    pub children: HashMap<ChildKind, Arc<ChildIndex>>,
    /// All Secrets, their metadata only.
    pub secrets: Store<PartialObjectMeta<Secret>>,
}

impl Scope {
    /// Waits until the Deployments and the Secrets were listed once. An earlier reconcile would take a Deployment that
    /// is not listed yet for a missing one: it would give it a new default image out of turn, and reset the count that
    /// its autoscaler chose. It would also report Secrets as missing.
    pub async fn filled(&self) -> Result<(), WriterDropped> {
        self.deployments.wait_until_ready().await?;
        self.secrets.wait_until_ready().await
    }
}

/// The caches of all scopes, and our writes that they do not show yet.
#[derive(Clone, Default)]
pub struct Caches {
    scopes: Arc<Vec<Scope>>,
    /// Statuses that we wrote and the stores do not show yet.
    pub statuses: StatusWrites,
}

impl Caches {
    /// Caches for these scopes.
    pub fn new(scopes: Vec<Scope>, statuses: StatusWrites) -> Self {
        Self { scopes: Arc::new(scopes), statuses }
    }

    /// All producers.
    pub fn producers(&self) -> impl Iterator<Item = Arc<NotifProducer>> {
        self.scopes.iter().flat_map(|scope| scope.producers.state())
    }

    /// All consumers.
    pub fn consumers(&self) -> impl Iterator<Item = Arc<NotifConsumer>> {
        self.scopes.iter().flat_map(|scope| scope.consumers.state())
    }

    /// The resourceVersion of a resource; `None`: it does not exist.
    pub fn version(&self, id: &ResourceId) -> Option<String> {
        let scope = self.of(&id.namespace)?;
        match id.kind {
            Kind::Producer => scope.producers.get(&ObjectRef::new(&id.name).within(&id.namespace))?.resource_version(),
            Kind::Consumer => scope.consumers.get(&ObjectRef::new(&id.name).within(&id.namespace))?.resource_version(),
        }
    }

    /// A Deployment of ours.
    pub fn deployment(&self, namespace: &str, name: &str) -> Option<Arc<SeenDeployment>> {
        self.of(namespace)?.deployments.get(&ObjectRef::new(name).within(namespace))
    }

    /// The resourceVersion of a Secret; `None`: it does not exist.
    pub fn secret_version(&self, namespace: &str, name: &str) -> Option<String> {
        let secret = self.of(namespace)?.secrets.get(&ObjectRef::new(name).within(namespace))?;
        secret.metadata.resource_version.clone()
    }

    fn of(&self, namespace: &str) -> Option<&Scope> {
        self.scopes.iter().find(|scope| scope.namespace.as_deref().is_none_or(|watched| watched == namespace))
    }
}

impl Observed for Caches {
    fn get(&self, kind: ChildKind, namespace: &str, name: &str) -> Option<ObservedMeta> {
        self.of(namespace)?.children.get(&kind)?.get(namespace, name)
    }

    fn owned(&self, namespace: &str, uid: &str) -> Vec<(ChildKind, String)> {
        let Some(scope) = self.of(namespace) else { return Vec::new() };
        let names = |(kind, index): (&ChildKind, &Arc<ChildIndex>)| {
            let kind = *kind;
            index.owned(uid).into_iter().map(move |name| (kind, name)).collect::<Vec<_>>()
        };
        scope.children.iter().flat_map(names).collect()
    }
}
