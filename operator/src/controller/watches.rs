//! The watches: they keep only what is read, list in pages of 50, and each event sets off reconciles.

use std::{collections::HashMap, fmt::Debug, sync::Arc};

use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use hoopoe_crds::{NotifConsumer, NotifProducer};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{apps::v1::Deployment, core::v1::Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api, Client, Resource, ResourceExt,
    core::{DynamicObject, PartialObjectMeta},
    runtime::{
        WatchStreamExt,
        reflector::{self, Store},
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::{
    caches::Scope,
    child_index::ChildIndex,
    seen_deployment,
    status_writes::StatusWrites,
    watch_backoff::WatchBackoff,
    watch_health::{WatchHealth, Watched},
};
use crate::{
    dereference::PointsAtSecrets,
    desired::ChildKind,
    names::{MANAGED_BY, MANAGED_BY_LABEL},
    resource::{Kind, Meta, ResourceId},
};

/// A page of a list: 5,000 resources in one answer would be 100 MB at once.
const PAGE: u32 = 50;

/// The streams of one scope that must be polled for its caches to live.
pub struct Watches {
    /// The producers, as they are made or change.
    pub producers: BoxStream<'static, Result<NotifProducer, watcher::Error>>,
    /// The consumers, as they are made or change.
    pub consumers: BoxStream<'static, Result<NotifConsumer, watcher::Error>>,
    /// Everything else: it yields nothing and sends triggers.
    pub others: BoxStream<'static, ()>,
}

/// The caches and the streams of one namespace, or of all.
pub fn start(
    client: &Client,
    namespace: Option<&str>,
    serves_pod_monitor: bool,
    health: &WatchHealth,
    statuses: &StatusWrites,
    triggers: &mpsc::UnboundedSender<ResourceId>,
    gone: &mpsc::UnboundedSender<Meta>,
) -> (Scope, Watches) {
    let (producers, producer_stream) =
        resources::<NotifProducer>(client, namespace, Kind::Producer, health, statuses.clone(), gone.clone());
    let (consumers, consumer_stream) =
        resources::<NotifConsumer>(client, namespace, Kind::Consumer, health, statuses.clone(), gone.clone());
    let all = Resources { producers: producers.clone(), consumers: consumers.clone() };
    let (deployments, mut writer) = reflector::store();
    let mut others: Vec<BoxStream<'static, ()>> = Vec::new();
    let mut children = HashMap::new();
    let kinds = ChildKind::ALL.into_iter().filter(|kind| serves_pod_monitor || *kind != ChildKind::PodMonitor);
    for kind in kinds {
        let index = Arc::new(ChildIndex::default());
        children.insert(kind, index.clone());
        if kind == ChildKind::Deployment {
            continue;
        }
        let resource = kind.resource();
        let api: Api<PartialObjectMeta<DynamicObject>> = match namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let stream = watcher(api, ours()).modify(|object| prune(object.meta_mut())).backoff(WatchBackoff::default());
        others.push(owners(stream, health.of(kind.as_str(), namespace), index, all.clone(), triggers.clone()));
    }
    let index = children.get(&ChildKind::Deployment).cloned().unwrap_or_default();
    let stream = watcher(scoped::<Deployment>(client, namespace), ours())
        .backoff(WatchBackoff::default())
        .inspect_ok(move |event| writer.apply_watcher_event(&seen_deployment::seen(event)));
    others.push(owners(stream, health.of(ChildKind::Deployment.as_str(), namespace), index, all, triggers.clone()));

    let (secrets, writer) = reflector::store();
    // Helm keeps each release in a Secret of up to 1 MB, and no resource of ours names one.
    let not_helm = config().fields("type!=helm.sh/release.v1");
    let stream = watcher(scoped::<PartialObjectMeta<Secret>>(client, namespace), not_helm)
        .modify(|secret| prune(secret.meta_mut()))
        .backoff(WatchBackoff::default())
        .reflect(writer);
    others.push(users(stream, health.of("Secret", namespace), producers.clone(), consumers.clone(), triggers.clone()));

    let scope = Scope { namespace: namespace.map(str::to_owned), producers, consumers, deployments, children, secrets };
    let watches = Watches {
        producers: producer_stream,
        consumers: consumer_stream,
        others: futures::stream::select_all(others).boxed(),
    };
    (scope, watches)
}

/// The resources of one kind. Our own status writes trigger nothing. `gone` is called for each removed resource,
/// because a resource without a finalizer is not reconciled when it is removed.
fn resources<K>(
    client: &Client,
    namespace: Option<&str>,
    kind: Kind,
    health: &WatchHealth,
    statuses: StatusWrites,
    gone: mpsc::UnboundedSender<Meta>,
) -> (Store<K>, BoxStream<'static, Result<K, watcher::Error>>)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static,
{
    use kube::runtime::{Predicate, PredicateConfig, predicates};
    let (store, writer) = reflector::store();
    let moved = predicates::generation
        .combine(predicates::annotations)
        .combine(predicates::labels)
        .combine(predicates::finalizers);
    let watched = health.of(kind.as_str(), namespace);
    let stream = watcher(scoped::<K>(client, namespace), config())
        .modify(|resource| prune(resource.meta_mut()))
        .backoff(WatchBackoff::default())
        .reflect(writer)
        .inspect(move |item| watched.observe(item))
        .inspect_ok(move |event| match event {
            Event::Apply(resource) => statuses.shown(resource.meta()),
            Event::Delete(resource) => {
                // An error means that the operator is stopping.
                let _ = gone.send(Meta::of(kind, resource));
            }
            // The store shows the objects of a new list only after the end of the list.
            Event::Init | Event::InitApply(_) | Event::InitDone => {}
        })
        .applied_objects()
        .predicate_filter(moved, PredicateConfig::default());
    (store, stream.boxed())
}

/// Triggers the reconcile of a child's controller when the child changed.
fn owners<K: Resource + Send + 'static>(
    stream: impl Stream<Item = watcher::Result<Event<K>>> + Send + 'static,
    watched: Watched,
    index: Arc<ChildIndex>,
    all: Resources,
    triggers: mpsc::UnboundedSender<ResourceId>,
) -> BoxStream<'static, ()> {
    let events = stream.inspect(move |item| watched.observe(item));
    events
        .filter_map(move |event| {
            if let Ok(event) = event {
                let concerned = index.take(&event);
                // A child that was removed while the watch was broken causes no event: only the new list shows it, by
                // leaving it out.
                if matches!(event, Event::InitDone) && !concerned.is_empty() {
                    all.trigger(&triggers, |meta| meta.uid.as_ref().is_some_and(|uid| concerned.contains(uid)));
                }
                if let Event::Apply(object) | Event::Delete(object) | Event::InitApply(object) = &event
                    && let Some(id) = controller_of(object.meta())
                {
                    // An error means that the operator is stopping.
                    let _ = triggers.send(id);
                }
            }
            futures::future::ready(None)
        })
        .boxed()
}

/// Triggers the resources that name a Secret when the Secret changed.
fn users(
    stream: impl Stream<Item = watcher::Result<Event<PartialObjectMeta<Secret>>>> + Send + 'static,
    watched: Watched,
    producers: Store<NotifProducer>,
    consumers: Store<NotifConsumer>,
    triggers: mpsc::UnboundedSender<ResourceId>,
) -> BoxStream<'static, ()> {
    let events = stream.inspect(move |item| watched.observe(item));
    let all = Resources { producers: producers.clone(), consumers: consumers.clone() };
    let mut listed = false;
    events
        .filter_map(move |event| {
            // The first list is read before any resource is reconciled. A later list follows a broken watch: what moved
            // in between caused no event.
            if matches!(event, Ok(Event::InitDone)) && std::mem::replace(&mut listed, true) {
                all.trigger(&triggers, |_| true);
            }
            if let Ok(Event::Apply(secret) | Event::Delete(secret)) = event {
                let (namespace, name) = (secret.namespace().unwrap_or_default(), secret.name_any());
                let of = |kind, resource: &ObjectMeta| ResourceId {
                    kind,
                    namespace: namespace.clone(),
                    name: resource.name.clone().unwrap_or_default(),
                };
                let here = |meta: &ObjectMeta| meta.namespace.as_deref() == Some(&namespace);
                for producer in producers.state() {
                    if here(&producer.metadata) && producer.spec.secret_names().contains(&name) {
                        let _ = triggers.send(of(Kind::Producer, &producer.metadata));
                    }
                }
                for consumer in consumers.state() {
                    if here(&consumer.metadata) && consumer.spec.secret_names().contains(&name) {
                        let _ = triggers.send(of(Kind::Consumer, &consumer.metadata));
                    }
                }
            }
            futures::future::ready(None)
        })
        .boxed()
}

/// The resources of one scope.
#[derive(Clone)]
struct Resources {
    producers: Store<NotifProducer>,
    consumers: Store<NotifConsumer>,
}

impl Resources {
    /// Asks for a reconcile of each that is chosen.
    fn trigger(&self, triggers: &mpsc::UnboundedSender<ResourceId>, chosen: impl Fn(&ObjectMeta) -> bool) {
        let Self { producers, consumers } = self;
        let of = |kind, meta: &ObjectMeta| ResourceId {
            kind,
            namespace: meta.namespace.clone().unwrap_or_default(),
            name: meta.name.clone().unwrap_or_default(),
        };
        for producer in producers.state().iter().filter(|producer| chosen(&producer.metadata)) {
            // An error means that the operator is stopping.
            let _ = triggers.send(of(Kind::Producer, &producer.metadata));
        }
        for consumer in consumers.state().iter().filter(|consumer| chosen(&consumer.metadata)) {
            let _ = triggers.send(of(Kind::Consumer, &consumer.metadata));
        }
    }
}

/// The resource of ours that controls an object.
fn controller_of(meta: &ObjectMeta) -> Option<ResourceId> {
    let owner = meta.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))?;
    let kind = [Kind::Producer, Kind::Consumer].into_iter().find(|kind| kind.as_str() == owner.kind)?;
    Some(ResourceId { kind, namespace: meta.namespace.clone()?, name: owner.name.clone() })
}

fn scoped<K: Resource<DynamicType = (), Scope = NamespaceResourceScope>>(
    client: &Client,
    namespace: Option<&str>,
) -> Api<K> {
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

fn config() -> watcher::Config {
    watcher::Config::default().page_size(PAGE)
}

fn ours() -> watcher::Config {
    config().labels(&format!("{MANAGED_BY_LABEL}={MANAGED_BY}"))
}

fn prune(meta: &mut ObjectMeta) {
    meta.managed_fields = None;
    if let Some(annotations) = &mut meta.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}
