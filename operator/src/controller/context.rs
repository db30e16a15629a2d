//! What every reconcile shares.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kube::Client;
use tokio::sync::{Semaphore, mpsc};

use super::{caches::Caches, events::Events, secret_cache::SecretCache};
use crate::{
    apply::Applier,
    brokers::Brokers,
    config::Config,
    desired::Platform,
    metrics::{Metrics, ResourceLabels},
    resource::ResourceId,
    scale::Scaler,
    topology::{BrokerId, EmptySince, Topology},
    upgrade::Upgrades,
};

/// The most requests to the API server at once, without the watches. With a connection for each reconcile under way
/// there were over four hundred connections: they took 20 MiB here, and an API server on two cores answered 504. With
/// this limit a thousand resources settle about as fast: in 67 s instead of 63 s.
pub const REQUESTS: usize = 32;

/// What every reconcile shares.
pub struct Context {
    /// For the resources themselves: status, finalizers.
    pub client: Client,
    /// The caches of the watches.
    pub caches: Caches,
    /// The Secrets that were read.
    pub secrets: SecretCache,
    /// The brokers.
    pub brokers: Brokers,
    /// Limits how many reconciles write children at once: as many as requests may run at once.
    pub applying: Semaphore,
    /// Writes the children.
    pub applier: Applier,
    /// Decides how many workers run.
    pub scaler: Scaler,
    /// Which resource takes a new default image next.
    pub upgrades: Upgrades,
    /// What is the same for every resource.
    pub platform: Platform,
    /// Writes Events.
    pub events: Events,
    /// The id of this cluster, for the claims on brokers that other clusters use too; `None`: the operator may not read
    /// it.
    pub cluster: Option<String>,
    /// What is counted.
    pub metrics: Metrics,
    /// Asks for a reconcile of a resource.
    pub triggers: mpsc::UnboundedSender<ResourceId>,
    remembered: Mutex<HashMap<ResourceId, RememberedResource>>,
}

/// What we remember of one resource between its reconciles. After a restart, all of it is found again.
#[derive(Clone, Debug, Default)]
pub struct RememberedResource {
    /// Its broker, in case its Secret is gone.
    pub broker: Option<Arc<dyn Topology>>,
    /// The identity of that broker, whatever address leads to it.
    pub broker_id: Option<BrokerId>,
    /// While it is being deleted: since when every read has shown its queues empty.
    pub empty_since: EmptySince,
    /// How many reconciles in a row failed.
    pub failures: u32,
}

impl Context {
    /// With nothing remembered yet.
    pub fn new(
        client: Client,
        caches: Caches,
        config: &Config,
        serves_pod_monitor: bool,
        cluster: Option<String>,
        metrics: Metrics,
        triggers: mpsc::UnboundedSender<ResourceId>,
    ) -> Self {
        let platform = Platform {
            worker_image: config.worker_image.clone(),
            image_pull_secrets: config.worker_image_pull_secrets.clone(),
            otlp_endpoint: config.otlp_endpoint.clone(),
            serves_pod_monitor,
        };
        Self {
            secrets: SecretCache::new(client.clone(), caches.clone(), metrics.secrets_kept.clone()),
            brokers: Brokers::default(),
            applier: Applier::new(client.clone(), metrics.children.clone()),
            scaler: Scaler::new(),
            upgrades: Upgrades::new(config.upgrade_max_concurrent),
            platform,
            applying: Semaphore::new(REQUESTS),
            events: Events::new(client.clone()),
            cluster,
            metrics,
            triggers,
            remembered: Mutex::default(),
            client,
            caches,
        }
    }

    /// What is remembered of a resource.
    pub fn remembered(&self, id: &ResourceId) -> RememberedResource {
        self.table().get(id).cloned().unwrap_or_default()
    }

    /// Changes what is remembered of a resource.
    pub fn remember<T>(&self, id: &ResourceId, change: impl FnOnce(&mut RememberedResource) -> T) -> T {
        change(self.table().entry(id.clone()).or_default())
    }

    /// Forgets a resource that is gone.
    pub fn forget(&self, id: &ResourceId, uid: &str) {
        self.table().remove(id);
        self.scaler.forget(id);
        self.applier.forget(uid);
        self.caches.statuses.forget(uid);
        self.upgrades.forget(uid);
        self.secrets.note_gone();
        let (namespace, name) = (id.namespace.clone(), id.name.clone());
        self.metrics.ready.remove(&ResourceLabels { kind: id.kind.as_str(), namespace, name });
    }

    fn table(&self) -> MutexGuard<'_, HashMap<ResourceId, RememberedResource>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
