//! Gives the scaler the depths of all queues every five seconds. Each broker is read once, however many queues it has.

use std::{sync::Arc, time::Duration};

use hoopoe_crds::{NotifConsumer, status::NotifConsumerStatus};
use tokio_util::sync::CancellationToken;

use super::{context::Context, outlook::outlook, steps};
use crate::{
    names::Component,
    resource::{Kind, Meta},
    scale::{self, Sample},
    status::{PodCount, WorkersFinding},
    topology::{DEPTHS_AGE, QueueDepth},
};

/// Samples until `stop`.
pub async fn run(ctx: Arc<Context>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(DEPTHS_AGE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let consumers: Vec<_> = ctx.caches.consumers().collect();
        for consumer in consumers {
            sample(&ctx, &consumer).await;
        }
        ctx.secrets.drop_unused();
    }
}

async fn sample(ctx: &Context, resource: &NotifConsumer) {
    let meta = Meta::of(Kind::Consumer, resource);
    let Some(broker) = ctx.remembered(&meta.id).broker else { return };
    // If the broker does not answer, the window becomes stale and the scaler keeps the count. The age is half the
    // interval, so that all queues share this tick's read.
    let Ok(depths) = broker.depths(Duration::from_secs(2)).await else { return };
    let Some(depth) = depths.queues.get(&resource.spec.queue.name) else { return };
    let QueueDepth { ready, unacknowledged, publish_rate, acknowledge_rate } = *depth;
    let workers = match steps::pods(ctx, &meta.id, Component::Consumer, false) {
        WorkersFinding::Pods(PodCount { ready, .. }) => u32::try_from(ready).unwrap_or_default(),
        WorkersFinding::Unknown => 0,
    };
    let sample =
        Sample { at: depths.at, ready, unacked: unacknowledged, arrival_rate: publish_rate, acknowledge_rate, workers };
    let scaling = resource.spec.scaling.clone().unwrap_or_else(scale::unscaled);
    ctx.scaler.record(&meta.id, sample, &scaling);
    let before = resource.status.clone().unwrap_or_default();
    if would_change(ctx, &meta, resource, &before) {
        // An error means that the operator is stopping.
        let _ = ctx.triggers.send(meta.id);
    }
}

/// Whether a reconcile would write another status than the present one.
fn would_change(ctx: &Context, meta: &Meta, resource: &NotifConsumer, before: &NotifConsumerStatus) -> bool {
    let live = steps::live_count(ctx, &meta.id, Component::Consumer);
    let outlook = outlook(ctx, &meta.id, &resource.spec, before, live);
    outlook.desired_replicas != before.desired_replicas || outlook.backlog != before.backlog
}
