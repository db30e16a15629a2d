//! One reconcile of a `NotifConsumer`.

use std::{sync::Arc, time::Instant};

use hoopoe_crds::{
    NotifConsumer,
    consumer::{DeletionPolicy, NotifConsumerSpec},
    policy,
    status::{NotifConsumerStatus, TopologyStatus},
    worker_config::Overflow,
    workload::Lifecycle,
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use kube::{ResourceExt, runtime::controller::Action};

use super::{
    consumer_deletion,
    context::Context,
    error::ReconcileError,
    finalizer, image, outcome,
    steps::{self, Reached},
};
use crate::{
    dereference::{self, BrokerAccess},
    desired::{self, names::Component},
    resource::{Kind, Meta, ResourceId},
    scale::{self, Outlook, Replicas},
    status::{self, Findings, Problem, QueueFindings},
    topology::{self, Claimant, Desired, sync::Outcome},
    validate,
};

/// Runs the steps and publishes what they found.
pub async fn reconcile(resource: Arc<NotifConsumer>, ctx: Arc<Context>) -> Result<Action, ReconcileError> {
    let meta = Meta::of(Kind::Consumer, &*resource);
    if meta.deleted_at.is_some() {
        return consumer_deletion::run(&resource, &meta, &ctx).await;
    }
    if !meta.paused() {
        let has_work = match resource.spec.queue.deletion_policy {
            DeletionPolicy::DeleteIfEmpty | DeletionPolicy::Delete => true,
            DeletionPolicy::Retain => false,
        };
        finalizer::set(&ctx, &*resource, has_work).await?;
    }
    let before = ctx.caches.statuses.newest(&*resource);
    let (findings, queue, unseen) = find(&meta, &resource.spec, &before, &ctx).await?;
    let after = status::consumer(&findings, &queue, &before, &Time(Timestamp::now()));
    outcome::publish(&ctx, &*resource, &meta, (&before, &before.conditions), (&after, &after.conditions)).await?;
    Ok(outcome::again(&after.conditions, unseen))
}

async fn find(
    meta: &Meta,
    spec: &NotifConsumerSpec,
    before: &NotifConsumerStatus,
    ctx: &Context,
) -> Result<(Findings, QueueFindings, bool), ReconcileError> {
    let stopped = spec.workload.lifecycle == Lifecycle::Stopped;
    let workers = || steps::pods(ctx, &meta.id, Component::Consumer, stopped);
    let api = || spec.api.enabled.then(|| steps::pods(ctx, &meta.id, Component::Api, false));
    let live = steps::live_count(ctx, &meta.id, Component::Consumer);
    let outlook = outlook(ctx, &meta.id, spec, before, live);
    let mut queue = queue_findings(spec, before, &outlook);
    let mut findings = Findings {
        generation: meta.generation,
        paused: meta.paused(),
        refused: None,
        secrets: None,
        broker: status::BrokerFinding::Unknown,
        topology: status::TopologyFinding::Unknown,
        workers: workers(),
        api: api(),
        selector: Component::Consumer.selector_text(&meta.id),
        deleting: None,
    };
    let valid = match validate::validate(meta, spec) {
        Ok(valid) => valid,
        Err(error) => {
            findings.refused = Some(error.problem());
            return Ok((findings, queue, false));
        }
    };
    let found = match dereference::consumer(&ctx.secrets, &meta.id.namespace, &meta.uid, spec).await {
        Ok(found) => found,
        Err(error) => {
            findings.secrets = Some(Problem::passing(error.reason(), error.to_string()));
            return Ok((findings, queue, false));
        }
    };
    let desired = topology::desired::consumer(valid).in_cluster(ctx.cluster.as_deref());
    let settled = outcome::was_settled(before.observed_generation, meta, &before.conditions);
    let rivals = rivals(ctx, meta, spec, &found.broker);
    let Reached { broker, topology, outcome } =
        steps::topology(ctx, meta, &found.broker, &desired, &rivals, settled).await;
    (findings.broker, findings.topology) = (broker, topology);
    let is_taken = outcome.as_ref().is_some_and(Outcome::is_taken);
    // By value: what was seen goes here, not after the children. Of hundreds that wait, each would keep alive the read that it came by.
    if let Some(outcome) = outcome {
        seen(&mut queue, &desired, &outcome);
    }

    let workload = &spec.workload;
    let scaling = spec.scaling.as_ref();
    let count = if is_taken {
        // Another resource's queue is not ours to drain.
        Replicas::Exactly(0)
    } else {
        scale::replicas(workload.lifecycle, workload.replicas, None, scaling, outlook.desired_replicas, live)
    };
    let api_live = steps::live_count(ctx, &meta.id, Component::Api);
    let api_count =
        scale::replicas(Lifecycle::Running, spec.api.replicas, spec.api.autoscale.as_ref(), None, None, api_live);
    let (platform, waits) = image::platform_for(ctx, meta, workload, &findings.workers);
    let build = || desired::consumer(valid, &found.workers, &platform, count, api_count);
    let (applied, problem) = steps::children(ctx, meta, build).await?;
    findings.refused = problem;
    (findings.workers, findings.api) = (workers(), api());
    Ok((findings, queue, applied.unseen || waits))
}

/// What the scaler says. `current`: what it decided last, else what runs.
pub fn outlook(
    ctx: &Context,
    id: &ResourceId,
    spec: &NotifConsumerSpec,
    before: &NotifConsumerStatus,
    live: Option<i32>,
) -> Outlook {
    let current = before.desired_replicas.or(live).unwrap_or(spec.workload.replicas);
    ctx.scaler.outlook(id, spec.scaling.as_ref(), current, Instant::now())
}

fn queue_findings(spec: &NotifConsumerSpec, before: &NotifConsumerStatus, outlook: &Outlook) -> QueueFindings {
    QueueFindings {
        scaling: outlook.scaling.clone(),
        desired_replicas: outlook.desired_replicas,
        backlog: outlook.backlog,
        dead_letters: None,
        may_drop: match spec.queue.policy.overflow {
            Overflow::DropHead => true,
            Overflow::RejectPublish => false,
        },
        topology: before.topology.clone(),
        queue: spec.queue.name.clone(),
    }
}

/// What the broker shows of the queue.
fn seen(queue: &mut QueueFindings, desired: &Desired, outcome: &Outcome) {
    let dead_letters = outcome.seen.queues.get(&policy::dead_letters(&queue.queue));
    queue.dead_letters = dead_letters.map(|dead| dead.messages_ready + dead.messages_unacknowledged > 0);
    queue.topology = desired.queue.as_ref().filter(|_| !outcome.is_taken()).map(|wanted| TopologyStatus {
        policy_name: Some(wanted.policy.name.clone()),
        effective_policy: outcome.seen.queues.get(&queue.queue).and_then(|queue| queue.policy.clone()),
        hash: Some(desired.hash()),
    });
}

/// The other consumers that want the same queue of the same broker, and are not themselves out of the question.
pub fn rivals(ctx: &Context, meta: &Meta, spec: &NotifConsumerSpec, access: &BrokerAccess) -> Vec<Claimant> {
    let mine = ctx.remembered(&meta.id).broker_id;
    ctx.caches
        .consumers()
        .filter(|other| other.uid().as_deref() != Some(&meta.uid))
        .filter(|other| other.spec.queue.name == spec.queue.name && other.metadata.deletion_timestamp.is_none())
        .filter(|other| !refused(other))
        .map(|other| (Meta::of(Kind::Consumer, &*other), other))
        .filter(|(rival, other)| match (&mine, ctx.remembered(&rival.id).broker_id) {
            (Some(mine), Some(theirs)) => *mine == theirs,
            // Not both were reached yet: the same Secret is the same broker.
            _ => {
                rival.id.namespace == meta.id.namespace
                    && other.spec.broker.secret_ref == spec.broker.secret_ref
                    && other.spec.broker.vhost.as_ref().is_none_or(|vhost| *vhost == access.vhost)
            }
        })
        .map(|(rival, _)| Claimant::of(&rival))
        .collect()
}

/// A resource that cannot be carried out as it stands holds no queue up.
fn refused(resource: &NotifConsumer) -> bool {
    let conditions = resource.status.iter().flat_map(|status| &status.conditions);
    conditions.clone().any(|condition| condition.type_ == "Stalled" && condition.reason != "QueueTaken")
}
