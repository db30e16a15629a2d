//! One reconcile of a `NotifProducer`.

use std::{sync::Arc, time::Duration};

use hoopoe_crds::{
    NotifProducer,
    producer::{NotifProducerSpec, Ownership},
    workload::Lifecycle,
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use kube::runtime::{controller::Action, events::EventType};

use super::{
    context::Context,
    error::ReconcileError,
    finalizer, image, outcome,
    steps::{self, Reached},
};
use crate::{
    dereference,
    desired::{self, names::Component},
    resource,
    resource::{Kind, Meta},
    scale,
    status::{self, Findings, Problem},
    topology, validate,
};

/// How long a broker that is away may hold up the deletion of an exchange.
const DELETION_LIMIT: Duration = Duration::from_secs(60);

/// Runs the steps and publishes what they found.
pub async fn reconcile(resource: Arc<NotifProducer>, ctx: Arc<Context>) -> Result<Action, ReconcileError> {
    let meta = Meta::of(Kind::Producer, &*resource);
    if meta.deleted_at.is_some() {
        return delete(&resource, &meta, &ctx).await;
    }
    if !meta.paused() {
        finalizer::set(&ctx, &*resource, resource.spec.exchange.ownership == Ownership::Owned).await?;
    }
    let before = ctx.caches.statuses.newest(&*resource);
    let settled = outcome::was_settled(before.observed_generation, &meta, &before.conditions);
    let (findings, unseen) = find(&meta, &resource.spec, &ctx, settled).await?;
    let after = status::producer(&findings, &before, &Time(Timestamp::now()));
    outcome::publish(&ctx, &*resource, &meta, (&before, &before.conditions), (&after, &after.conditions)).await?;
    Ok(outcome::again(&after.conditions, unseen))
}

async fn find(
    meta: &Meta,
    spec: &NotifProducerSpec,
    ctx: &Context,
    settled: bool,
) -> Result<(Findings, bool), ReconcileError> {
    let stopped = spec.workload.lifecycle == Lifecycle::Stopped;
    let mut findings = Findings {
        generation: meta.generation,
        paused: meta.paused(),
        refused: None,
        secrets: None,
        broker: status::BrokerFinding::Unknown,
        topology: status::TopologyFinding::Unknown,
        workers: steps::pods(ctx, &meta.id, Component::Producer, stopped),
        api: None,
        selector: Component::Producer.selector_text(&meta.id),
        deleting: None,
    };
    let valid = match validate::validate(meta, spec) {
        Ok(valid) => valid,
        Err(error) => {
            findings.refused = Some(error.problem());
            return Ok((findings, false));
        }
    };
    let found = match dereference::producer(&ctx.secrets, &meta.id.namespace, &meta.uid, spec).await {
        Ok(found) => found,
        Err(error) => {
            findings.secrets = Some(Problem::passing(error.reason(), error.to_string()));
            return Ok((findings, false));
        }
    };
    let desired = topology::desired::producer(valid);
    let Reached { broker, topology, outcome: _ } =
        steps::topology(ctx, meta, &found.broker, &desired, &[], settled).await;
    (findings.broker, findings.topology) = (broker, topology);

    let live = steps::live_count(ctx, &meta.id, Component::Producer);
    let workload = &spec.workload;
    let replicas = scale::replicas(workload.lifecycle, workload.replicas, spec.autoscale.as_ref(), None, None, live);
    let (platform, waits) = image::platform_for(ctx, meta, workload, &findings.workers);
    let build = || desired::producer(valid, &found.workers, &platform, replicas);
    let (applied, problem) = steps::children(ctx, meta, build).await?;
    findings.refused = problem;
    findings.workers = steps::pods(ctx, &meta.id, Component::Producer, stopped);
    Ok((findings, applied.unseen || waits))
}

/// An Owned exchange goes with its resource, unless something is bound to it.
async fn delete(resource: &NotifProducer, meta: &Meta, ctx: &Context) -> Result<Action, ReconcileError> {
    if !finalizer::stands(resource) {
        ctx.forget(&meta.id, &meta.uid);
        return Ok(Action::await_change());
    }
    let exchange = &resource.spec.exchange;
    let deleted = match broker_of(resource, meta, ctx).await {
        Ok(broker) if exchange.ownership == Ownership::Owned => {
            broker.client().delete_exchange_if_unused(&exchange.name).await.map_err(|error| error.to_string())
        }
        Ok(_) => Ok(true),
        Err(error) => Err(error),
    };
    match deleted {
        Ok(true) => {}
        Ok(false) => {
            let note = format!("the exchange {} stays: something is bound to it", exchange.name);
            outcome::say(ctx, resource, EventType::Normal, "ExchangeKept", &note).await;
        }
        Err(error) if !resource::older_than(meta.deleted_at, DELETION_LIMIT) => {
            tracing::info!(resource = %meta.id, error, "the deletion waits for the broker");
            return Ok(Action::requeue(Duration::from_secs(5)));
        }
        Err(error) => {
            let note = format!("the exchange {} was left: {error}", exchange.name);
            outcome::say(ctx, resource, EventType::Warning, "TopologyLeft", &note).await;
        }
    }
    finalizer::set(ctx, resource, false).await?;
    ctx.forget(&meta.id, &meta.uid);
    Ok(Action::await_change())
}

async fn broker_of(resource: &NotifProducer, meta: &Meta, ctx: &Context) -> Result<Arc<crate::broker::Broker>, String> {
    match dereference::producer(&ctx.secrets, &meta.id.namespace, &meta.uid, &resource.spec).await {
        Ok(found) => steps::broker(ctx, &meta.id, &found.broker).map_err(|error| error.to_string()),
        Err(error) => ctx.remembered(&meta.id).broker.ok_or_else(|| error.to_string()),
    }
}
