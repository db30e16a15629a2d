//! Applies the children of one resource.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;

use super::{
    ApplyError, ApplyMetrics, Observed, ObservedMeta,
    memory::{self, ChildStep, Sent},
    orphans::{self, Key},
    ownership::{Handover, Standing, handover, standing},
    requests::Requests,
};
use crate::{
    desired::{Child, ChildKind},
    names::{Component, SELECTOR_LABELS},
    resource::Meta,
};

/// Only a wait that is shorter than this sets [`Applied::unseen`].
const SOON: Duration = Duration::from_secs(10);

/// Applies children, and remembers what it sent. Clones share their memory.
#[derive(Clone)]
pub struct Applier {
    client: Client,
    memory: Arc<Mutex<HashMap<String, RememberedChildren>>>,
    metrics: ApplyMetrics,
}

/// What we remember of one resource.
#[derive(Default)]
struct RememberedChildren {
    sent: HashMap<Key, Sent>,
    /// Old configs that a `ReplicaSet` still names, and the Deployments' versions at the time of that look.
    kept: Option<Kept>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    configs: BTreeSet<String>,
    deployments: Vec<String>,
}

/// The result of one apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Children that were created or changed: their resourceVersion moved.
    pub written: Vec<(ChildKind, String)>,
    /// Those of `written` that others changed or removed since we wrote them.
    pub drifted: Vec<(ChildKind, String)>,
    /// Orphans of an earlier spec that we removed.
    pub removed: Vec<(ChildKind, String)>,
    /// Something that we wrote is not in the caches yet, or has moved and will be applied in a moment: look again in a
    /// few seconds.
    pub unseen: bool,
}

impl Applier {
    /// One applier serves the whole process. `metrics`: its counters.
    pub fn new(client: Client, metrics: ApplyMetrics) -> Self {
        Self { client, memory: Arc::default(), metrics }
    }

    /// Applies the children of `owner` in the given order, and removes what only an earlier spec needed. It stops at
    /// the first error; the children before it stay applied and remembered. It must not run twice at the same time for
    /// one resource.
    pub async fn apply(
        &self,
        owner: &Meta,
        children: &[Child],
        observed: &impl Observed,
    ) -> Result<Applied, ApplyError> {
        let requests = Requests { client: &self.client, namespace: &owner.id.namespace };
        let mut applied = Applied::default();
        for child in children {
            self.one(&requests, owner, child, observed, &mut applied).await?;
        }
        self.remove_orphans(&requests, owner, children, observed, &mut applied).await?;
        let wanted: BTreeSet<Key> = children.iter().map(key).collect();
        self.remembered(&owner.uid, |remembered| remembered.sent.retain(|key, _| wanted.contains(key)));
        Ok(applied)
    }

    /// Drops what we remember of a resource that is gone, by its `uid`.
    pub fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    async fn one(
        &self,
        requests: &Requests<'_>,
        owner: &Meta,
        child: &Child,
        observed: &impl Observed,
        applied: &mut Applied,
    ) -> Result<(), ApplyError> {
        let observed = observed.get(child.kind, &owner.id.namespace, &child.name);
        let digest = memory::digest(child);
        let sent = self.remembered(&owner.uid, |remembered| {
            let sent = remembered.sent.get_mut(&key(child))?;
            sent.seen |= observed.is_some();
            Some(sent.clone())
        });
        let step = memory::step(child, &digest, sent.as_ref(), observed.as_ref(), &owner.uid, Instant::now());
        let (look, drift) = match step {
            ChildStep::Leave => return Ok(()),
            ChildStep::Await(time) => {
                // A longer wait needs no reconcile of its own: the child's next status, or the next round, sets one
                // off.
                applied.unseen |= time <= SOON;
                return Ok(());
            }
            ChildStep::Write { look, drift } => (look, drift),
        };
        let handed_over = sent.as_ref().is_some_and(|sent| sent.handed_over);
        let live = if look || (child.initial_replicas.is_some() && !handed_over) {
            Look::Found(self.look_up(requests, owner, child, sent.as_ref()).await?.map(Box::new))
        } else {
            Look::Spared
        };
        let before = live.meta().or(observed.clone());
        let written = self.write(requests, child, &live).await?;
        let changed = memory::changed(child, before.as_ref(), sent.as_ref(), &written);
        let idle = sent.as_ref().map_or(0, |sent| sent.idle);
        let sent = Sent {
            digest,
            applied_at: memory::applied_at(&written),
            uid: written.uid.unwrap_or_default(),
            resource_version: written.resource_version.unwrap_or_default(),
            generation: written.generation,
            at: Instant::now(),
            // Before this apply, the object was as the caches show it now, or as they showed it before it was removed.
            seen: observed.is_some(),
            idle: if drift && !changed { idle.saturating_add(1) } else { 0 },
            handed_over: child.initial_replicas.is_some(),
        };
        self.remembered(&owner.uid, |remembered| remembered.sent.insert(key(child), sent));
        if changed {
            self.metrics.written(child.kind);
            applied.written.push(key(child));
        }
        if changed && drift {
            self.metrics.drifted(child.kind);
            applied.drifted.push(key(child));
        }
        Ok(())
    }

    /// The object of that name, if it exists and is ours.
    async fn look_up(
        &self,
        requests: &Requests<'_>,
        owner: &Meta,
        child: &Child,
        sent: Option<&Sent>,
    ) -> Result<Option<ObjectMeta>, ApplyError> {
        let (kind, name) = (child.kind, child.name.clone());
        let Some(live) = requests.look_up(kind, &name).await? else { return Ok(None) };
        match standing(&live, owner, sent.map(|sent| sent.uid.as_str())) {
            Standing::Ours => Ok(Some(live)),
            Standing::LeftOver => Err(ApplyError::NameLeftOver { kind, name }),
            Standing::Foreign => Err(ApplyError::NameTaken { kind, name }),
        }
    }

    async fn write(&self, requests: &Requests<'_>, child: &Child, live: &Look) -> Result<ObjectMeta, ApplyError> {
        let count = match (child.initial_replicas, live) {
            (Some(count), Look::Found(live)) => Some((count, handover(live.as_deref()))),
            (Some(_), Look::Spared) | (None, _) => None,
        };
        if let Some((count, Handover::Before)) = count {
            self.metrics.request(child.kind);
            requests.apply_count(child, count).await?;
        }
        self.metrics.request(child.kind);
        let written = requests.apply(child).await?;
        if let Some((count, Handover::After)) = count {
            self.metrics.request(child.kind);
            return requests.apply_count(child, count).await;
        }
        Ok(written)
    }

    async fn remove_orphans(
        &self,
        requests: &Requests<'_>,
        owner: &Meta,
        children: &[Child],
        observed: &impl Observed,
        applied: &mut Applied,
    ) -> Result<(), ApplyError> {
        let namespace = &owner.id.namespace;
        let orphans = orphans::orphans(observed.owned(namespace, &owner.uid), children);
        let kept = self.still_named(requests, owner, &orphans, observed).await?;
        for (kind, name) in orphans {
            if kind == ChildKind::ConfigMap && kept.contains(&name) {
                continue;
            }
            let Some(there) = observed.get(kind, namespace, &name) else { continue };
            if requests.remove(kind, &name, &there).await? {
                self.metrics.removed(kind);
                applied.removed.push((kind, name));
            }
        }
        Ok(())
    }

    /// Those of the orphaned configs that a `ReplicaSet` still names: a rollout may be in progress, or may be undone.
    /// `ReplicaSet`s are read only if there are such configs, and again only after the configs or a Deployment changed.
    async fn still_named(
        &self,
        requests: &Requests<'_>,
        owner: &Meta,
        orphans: &[Key],
        observed: &impl Observed,
    ) -> Result<BTreeSet<String>, ApplyError> {
        let configs: BTreeSet<String> =
            orphans.iter().filter(|(kind, _)| *kind == ChildKind::ConfigMap).map(|(_, name)| name.clone()).collect();
        if configs.is_empty() {
            return Ok(configs);
        }
        let version = |component: Component| {
            let name = component.child_name(&owner.id);
            let there: Option<ObservedMeta> = observed.get(ChildKind::Deployment, &owner.id.namespace, &name);
            there.map(|there| there.resource_version)
        };
        let components = [Component::Producer, Component::Consumer, Component::Api];
        let now = Kept { configs, deployments: components.into_iter().filter_map(version).collect() };
        if self.remembered(&owner.uid, |remembered| remembered.kept.as_ref() == Some(&now)) {
            return Ok(now.configs);
        }
        let instance = format!("{}=hoopoe,{}={}", SELECTOR_LABELS[0], SELECTOR_LABELS[1], owner.id.name);
        let templates = requests.replica_set_templates(&instance).await?;
        let is_named = |config: &String| templates.iter().any(|template| orphans::is_named(config, template));
        let configs: BTreeSet<String> = now.configs.into_iter().filter(is_named).collect();
        let kept = Kept { configs: configs.clone(), deployments: now.deployments };
        self.remembered(&owner.uid, |remembered| remembered.kept = Some(kept));
        Ok(configs)
    }

    fn remembered<T>(&self, uid: &str, with: impl FnOnce(&mut RememberedChildren) -> T) -> T {
        with(self.lock().entry(uid.to_owned()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, RememberedChildren>> {
        // A panic while the lock was held left no half-written value: each change is one assignment.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the API server was asked for the present object.
enum Look {
    /// It was not asked.
    Spared,
    /// It was asked; `None`: the object does not exist.
    Found(Option<Box<ObjectMeta>>),
}

impl Look {
    fn meta(&self) -> Option<ObservedMeta> {
        match self {
            Self::Spared | Self::Found(None) => None,
            Self::Found(Some(live)) => Some(ObservedMeta::from(live.as_ref())),
        }
    }
}

fn key(child: &Child) -> Key {
    (child.kind, child.name.clone())
}
