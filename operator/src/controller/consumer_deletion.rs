//! The deletion of a `NotifConsumer`: its broker removes the queue step by step, and asks for the workers to be
//! stopped.

use std::{sync::Arc, time::Duration};

use hoopoe_crds::NotifConsumer;
use k8s_openapi::{api::apps::v1::Deployment, apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use kube::{
    Api,
    api::{Patch, PatchParams},
    runtime::{controller::Action, events::EventType},
};
use serde_json::json;

use super::{context::Context, error::ReconcileError, finalizer, outlook::outlook, publish, steps};
use crate::{
    dereference,
    names::Component,
    resource::{Meta, older_than},
    status::{self, BrokerFinding, Findings, PodCount, QueueFindings, ScalingFinding, TopologyFinding, WorkersFinding},
    topology::{BrokerError, Held, KeptQueue, Removal, Situation, Topology},
};

/// How long until a drained queue is read again.
const DRAIN_PAUSE: Duration = Duration::from_secs(3);
/// How long until we check again whether the workers have stopped.
const STOP_PAUSE: Duration = Duration::from_secs(2);
/// How long we wait for a missing Secret.
const SECRET_LIMIT: Duration = Duration::from_secs(30);

/// Runs the deletion as far as possible now.
pub async fn run(resource: &NotifConsumer, meta: &Meta, ctx: &Context) -> Result<Action, ReconcileError> {
    if !finalizer::stands(resource) {
        ctx.forget(&meta.id, &meta.uid);
        return Ok(Action::await_change());
    }
    let timeout = resource.spec.queue.deletion_timeout.0;
    let trouble = match broker_of(resource, meta, ctx).await {
        Err((detail, limit)) => (detail, limit),
        Ok(broker) => match advance(resource, meta, ctx, &*broker).await? {
            Ok(Progress::Wait { what, pause }) => {
                say_waiting(resource, meta, ctx, &what).await?;
                return Ok(Action::requeue(pause));
            }
            Ok(Progress::Done { kept }) => {
                for KeptQueue { queue, messages } in kept {
                    let note = match messages {
                        Some(messages) => format!("the queue {queue} stays with {messages} messages"),
                        None => {
                            format!("the queue {queue} stays: its node is down, so its messages cannot be counted")
                        }
                    };
                    publish::say(ctx, resource, EventType::Warning, "QueueKept", &note).await;
                }
                return finish(resource, meta, ctx).await;
            }
            // A broker that does not answer delays the deletion by half a minute more than the drain may take.
            Err(error) => (error.to_string(), timeout + SECRET_LIMIT),
        },
    };
    let (detail, limit) = trouble;
    if older_than(meta.deleted_at, limit) {
        let name = &resource.spec.queue.name;
        let note = format!("the queue {name} and its bindings may still be on the broker: {detail}");
        publish::say(ctx, resource, EventType::Warning, "TopologyLeft", &note).await;
        return finish(resource, meta, ctx).await;
    }
    say_waiting(resource, meta, ctx, &format!("the deletion waits for the broker: {detail}")).await?;
    Ok(Action::requeue(Duration::from_secs(5)))
}

enum Progress {
    Wait { what: String, pause: Duration },
    Done { kept: Vec<KeptQueue> },
}

/// Carries out steps until one has to wait.
async fn advance(
    resource: &NotifConsumer,
    meta: &Meta,
    ctx: &Context,
    broker: &dyn Topology,
) -> Result<Result<Progress, BrokerError>, ReconcileError> {
    let queue = &resource.spec.queue;
    let held = Held::of_consumer(meta, &resource.spec, ctx.cluster.as_deref());
    // Unbind, drain, stop, finish: more turns than these mean that another program writes against us, and the next
    // reconcile goes on.
    for _ in 0..6 {
        let (workers, workers_wanted) = match steps::pods(ctx, &meta.id, Component::Consumer, false) {
            WorkersFinding::Unknown => (0, 0),
            WorkersFinding::Pods(PodCount { existing, desired, .. }) => (existing, desired),
        };
        let timed_out = older_than(meta.deleted_at, queue.deletion_timeout.0);
        let mut empty = ctx.remembered(&meta.id).empty_since;
        let removal = broker.remove_queue(&held, Situation { timed_out, workers, workers_wanted }, &mut empty).await;
        ctx.remember(&meta.id, |remembered| remembered.empty_since = empty);
        let wait = |what: String| Ok(Ok(Progress::Wait { what, pause: DRAIN_PAUSE }));
        match removal {
            Err(error) => return Ok(Err(error)),
            Ok(Removal::Wrote) => {}
            Ok(Removal::Drain { messages }) => {
                return wait(format!(
                    "workers drain the queue {} before it is deleted: it has {messages} messages",
                    queue.name
                ));
            }
            Ok(Removal::Confirm) => {
                let name = &queue.name;
                return wait(format!("the operator counts the messages of the queue {name} again before it goes on"));
            }
            Ok(Removal::StopWorkers) => {
                stop_workers(meta, ctx).await?;
                let what = "the workers must stop before the deletion goes on".to_owned();
                return Ok(Ok(Progress::Wait { what, pause: STOP_PAUSE }));
            }
            Ok(Removal::Done { kept }) => return Ok(Ok(Progress::Done { kept })),
        }
    }
    Ok(Ok(Progress::Wait { what: "the operator is removing the objects on the broker".to_owned(), pause: DRAIN_PAUSE }))
}

async fn stop_workers(meta: &Meta, ctx: &Context) -> Result<(), ReconcileError> {
    let api: Api<Deployment> = Api::namespaced(ctx.client.clone(), &meta.id.namespace);
    let name = Component::Consumer.child_name(&meta.id);
    let patch = json!({ "spec": { "replicas": 0 } });
    match api.patch(&name, &PatchParams::default(), &Patch::Merge(&patch)).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(ReconcileError::WorkersUnstopped(Box::new(error))),
    }
}

async fn finish(resource: &NotifConsumer, meta: &Meta, ctx: &Context) -> Result<Action, ReconcileError> {
    finalizer::set(ctx, resource, false).await?;
    ctx.forget(&meta.id, &meta.uid);
    Ok(Action::await_change())
}

/// The broker; if the Secret is gone, the connection that is open. `Err`: why there is none, and how long to wait for
/// it.
async fn broker_of(
    resource: &NotifConsumer,
    meta: &Meta,
    ctx: &Context,
) -> Result<Arc<dyn Topology>, (String, Duration)> {
    match dereference::dereference(meta, &resource.spec, &ctx.secrets).await {
        Ok(found) => steps::broker(ctx, &meta.id, &found.broker).map_err(|error| (error.to_string(), SECRET_LIMIT)),
        Err(error) => ctx.remembered(&meta.id).broker.ok_or_else(|| (error.to_string(), SECRET_LIMIT)),
    }
}

async fn say_waiting(resource: &NotifConsumer, meta: &Meta, ctx: &Context, what: &str) -> Result<(), ReconcileError> {
    let before = ctx.caches.statuses.newest(resource);
    let findings = Findings {
        generation: meta.generation,
        paused: meta.paused(),
        refused: None,
        secrets: None,
        broker: BrokerFinding::Unknown,
        topology: TopologyFinding::Unknown,
        workers: steps::pods(ctx, &meta.id, Component::Consumer, false),
        api: None,
        selector: Component::Consumer.selector_text(&meta.id),
        deleting: Some(what.to_owned()),
    };
    let live = steps::live_count(ctx, &meta.id, Component::Consumer);
    let queue = QueueFindings {
        scaling: ScalingFinding::Off,
        desired_replicas: before.desired_replicas,
        backlog: outlook(ctx, &meta.id, &resource.spec, &before, live).backlog,
        dead_letters: None,
        may_drop: false,
        topology: before.topology.clone(),
        queue: resource.spec.queue.name.clone(),
    };
    let after = status::consumer(&findings, &queue, &before, &Time(Timestamp::now()));
    publish::publish(ctx, resource, meta, &before, &after).await
}
