//! `hoopoe-operator run`: watches, reconciles both kinds, and samples queues, while this process leads.

mod caches;
mod child_index;
mod cluster;
mod consumer;
mod consumer_deletion;
mod context;
mod error;
mod events;
mod finalizer;
mod image;
mod kind;
mod outlook;
mod producer;
mod producer_deletion;
mod publish;
mod reconcile;
mod rivals;
mod sampler;
mod secret_cache;
mod seen_deployment;
mod status_writes;
mod steps;
mod watch_backoff;
mod watch_health;
mod watches;

use std::{sync::Arc, time::Duration};

use futures::{
    FutureExt, StreamExt, TryStreamExt,
    future::{BoxFuture, Shared},
    stream::BoxStream,
};
use kube::{
    Client,
    core::object::HasSpec,
    runtime::{
        controller::{self, Action, Controller},
        reflector::{ObjectRef, Store},
        watcher,
    },
};
use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;
use tower::limit::ConcurrencyLimit;
use tracing::Instrument;

use self::{
    caches::{Caches, Scope},
    context::{Context, REQUESTS},
    kind::Reconciled,
    status_writes::StatusWrites,
    watch_health::WatchHealth,
    watches::Watches,
};
use crate::{
    admin::Readiness,
    config::Config,
    metrics::{KindLabel, Metrics, ReconcileLabels},
    pipeline::ReconciledSpec,
    resource::{Kind, Meta, ResourceId},
    served,
};

pub use error::ReconcileError;
pub use finalizer::FINALIZER;

/// The most reconciles at once, of each kind. A reconcile mostly waits for a read of the broker. All reconciles share
/// that read, and there is at most one a second. With 32 at once, only six resources settled each second.
const CONCURRENCY: u16 = 256;
/// The pause between a resource's event and its reconcile: a burst of events causes one reconcile.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// The longest pause between two tries after failures.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

/// How long the reconciles under way may take once the operator is told to stop.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Why the operator cannot work.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The API server does not say what it serves.
    #[error("failed to ask the API server what it serves: {0}")]
    Discovery(#[source] Box<kube::Error>),
    /// A task that must run for ever has ended.
    #[error("failed to go on: a watch or a controller ended, although the operator was not told to stop")]
    Ended,
}

/// Reconciles until `stop`. The caller leads: nothing is written before this call and nothing after it.
pub async fn run(
    client: Client,
    config: &Config,
    metrics: Metrics,
    readiness: Readiness,
    stop: CancellationToken,
) -> Result<(), RunError> {
    let client = limited(client);
    // Looked up once: Prometheus' operator brings this kind and is seldom installed after ours; then ours must be
    // restarted.
    let serves_pod_monitor =
        served::serves_pod_monitor(&client).await.map_err(|error| RunError::Discovery(Box::new(error)))?;
    let health = WatchHealth::new(readiness.clone(), metrics.watches_broken.clone());
    let statuses = StatusWrites::default();
    let cluster = cluster::id(&client, config).await;
    let (triggers, mut wanted) = mpsc::unbounded_channel();
    let (gone, mut forgotten) = mpsc::unbounded_channel();
    let namespaces: Vec<Option<&str>> = match config.watch_namespaces.as_slice() {
        [] => vec![None],
        names => names.iter().map(|name| Some(name.as_str())).collect(),
    };
    let started: Vec<(Scope, Watches)> = namespaces
        .into_iter()
        .map(|namespace| watches::start(&client, namespace, serves_pod_monitor, &health, &statuses, &triggers, &gone))
        .collect();
    let caches = Caches::new(started.iter().map(|(scope, _)| scope.clone()).collect(), statuses);
    let ctx = Arc::new(Context::new(client, caches, config, serves_pod_monitor, cluster, metrics, triggers));

    let mut routes = Routes::default();
    let mut tasks = JoinSet::new();
    let scopes = started.len();
    for (scope, Watches { producers, consumers, others }) in started {
        tasks.spawn(others.for_each(|()| futures::future::ready(())));
        // Shared, since a store wakes only the last of those that wait for it.
        let filled = filled(scope.clone()).boxed().shared();
        let producer_triggers = routes.add(Kind::Producer, scope.namespace.clone());
        let consumer_triggers = routes.add(Kind::Consumer, scope.namespace.clone());
        let of_scope = ScopeControllers { ctx: ctx.clone(), filled, stop: stop.clone() };
        tasks.spawn(of_scope.clone().reconciling(producers, scope.producers, producer_triggers));
        tasks.spawn(of_scope.reconciling(consumers, scope.consumers, consumer_triggers));
    }
    tasks.spawn(sampler::run(ctx.clone(), stop.clone()));
    tasks.spawn(async move {
        while let Some(Meta { id, uid, .. }) = forgotten.recv().await {
            ctx.forget(&id, &uid);
        }
    });
    tasks.spawn(async move {
        while let Some(id) = wanted.recv().await {
            routes.send(id);
        }
    });
    // When the lease is lost, the caller drops this future and with it the set: all tasks end at once.
    tokio::select! {
        () = stop.cancelled() => {
            readiness.drain();
            // The controllers and the sampler end by themselves; the watches do not.
            let ending = async { for _ in 0..=2 * scopes { tasks.join_next().await; } };
            let _ = tokio::time::timeout(STOP_LIMIT, ending).await;
            Ok(())
        }
        _ = tasks.join_next() => if stop.is_cancelled() { Ok(()) } else { Err(RunError::Ended) },
    }
}

/// The same client with a limit of requests at once. Renewing the lease must not wait behind them, so it uses the
/// client without a limit.
fn limited(client: Client) -> Client {
    let namespace = client.default_namespace().to_owned();
    let send = tower::service_fn(move |request| {
        let client = client.clone();
        async move { client.send(request).await }
    });
    Client::new(ConcurrencyLimit::new(send, REQUESTS), namespace)
}

/// What both controllers of a scope share.
#[derive(Clone)]
struct ScopeControllers {
    ctx: Arc<Context>,
    /// Ends once the scope's Deployments and Secrets were listed; `false`: their watch has ended.
    filled: Shared<BoxFuture<'static, bool>>,
    stop: CancellationToken,
}

async fn filled(scope: Scope) -> bool {
    scope.filled().await.is_ok()
}

/// Passes each trigger to its controller. Each watched namespace has two controllers.
#[derive(Default)]
struct Routes(Vec<Route>);

struct Route {
    kind: Kind,
    /// `None`: all of them.
    namespace: Option<String>,
    to: mpsc::UnboundedSender<ResourceId>,
}

impl Routes {
    /// The channel for that kind in that namespace.
    fn add(&mut self, kind: Kind, namespace: Option<String>) -> BoxStream<'static, ResourceId> {
        let (to, triggers) = mpsc::unbounded_channel();
        self.0.push(Route { kind, namespace, to });
        UnboundedReceiverStream::new(triggers).boxed()
    }

    fn send(&self, id: ResourceId) {
        let leads_to =
            |route: &&Route| route.kind == id.kind && route.namespace.as_ref().is_none_or(|of| *of == id.namespace);
        if let Some(route) = self.0.iter().find(leads_to) {
            // An error: the operator is stopping.
            let _ = route.to.send(id);
        }
    }
}

impl ScopeControllers {
    /// One controller: it ends with `stop`, once the reconciles under way are finished.
    async fn reconciling<K: Reconciled>(
        self,
        stream: BoxStream<'static, Result<K, watcher::Error>>,
        store: Store<K>,
        triggers: BoxStream<'static, ResourceId>,
    ) {
        let kind = <K as HasSpec>::Spec::KIND;
        let Some(true) = self.stop.run_until_cancelled(self.filled).await else { return };
        let measured = move |resource: Arc<K>, ctx: Arc<Context>| async move {
            let id = Meta::of(kind, &*resource).id;
            let started = Instant::now();
            let span = tracing::info_span!("reconcile", kind = kind.as_str(), namespace = id.namespace, name = id.name);
            let result = reconcile::reconcile(resource, ctx.clone()).instrument(span).await;
            count(&ctx, &id, &result, started.elapsed());
            result
        };
        Controller::for_stream(stream, store)
            .with_config(controller::Config::default().debounce(DEBOUNCE).concurrency(CONCURRENCY))
            .reconcile_on(triggers.map(|id| ObjectRef::new(&id.name).within(&id.namespace)))
            .graceful_shutdown_on(self.stop.cancelled_owned())
            .run(measured, move |resource, _, ctx| backoff(&ctx, &Meta::of(kind, &*resource).id), self.ctx)
            .inspect_err(|error| tracing::debug!(%error, "a reconcile is tried again"))
            .for_each(|_| futures::future::ready(()))
            .await;
    }
}

fn count(ctx: &Context, id: &ResourceId, result: &Result<Action, ReconcileError>, took: Duration) {
    let kind = id.kind.as_str();
    let (outcome, failures) = match result {
        Ok(_) => ("ok", 0),
        Err(error) => {
            tracing::warn!(resource = %id, %error, reason = error.reason(), "failed to reconcile");
            (error.reason(), ctx.remembered(id).failures.saturating_add(1))
        }
    };
    if failures != ctx.remembered(id).failures {
        ctx.remember(id, |remembered| remembered.failures = failures);
    }
    ctx.metrics.reconciles.get_or_create(&ReconcileLabels { kind, result: outcome }).inc();
    ctx.metrics.reconcile_seconds.get_or_create(&KindLabel { kind }).observe(took.as_secs_f64());
}

/// 0.5 s, doubled with each failure in a row, at most a minute; and up to a quarter more, so that what failed together
/// is not tried again together.
fn backoff(ctx: &Context, id: &ResourceId) -> Action {
    let failures = ctx.remembered(id).failures.clamp(1, 8);
    let pause = (Duration::from_millis(500) * 2u32.pow(failures - 1)).min(LONGEST_BACKOFF);
    let spread = f64::from(id.name.bytes().map(u32::from).sum::<u32>() % 64) / 256.0;
    Action::requeue(pause.mul_f64(1.0 + spread))
}
