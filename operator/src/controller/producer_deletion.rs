//! The deletion of a `NotifProducer`: an Owned exchange is removed with it, unless something is bound to the exchange.

use std::{sync::Arc, time::Duration};

use hoopoe_crds::{NotifProducer, producer::Ownership};
use kube::runtime::{controller::Action, events::EventType};

use super::{context::Context, error::ReconcileError, finalizer, publish, steps};
use crate::{
    dereference,
    resource::{Meta, older_than},
    topology::Topology,
};

/// How long a broker that does not answer may delay the deletion.
const BROKER_LIMIT: Duration = Duration::from_secs(60);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_secs(5);

/// Runs the deletion as far as possible now.
pub async fn run(resource: &NotifProducer, meta: &Meta, ctx: &Context) -> Result<Action, ReconcileError> {
    if !finalizer::stands(resource) {
        ctx.forget(&meta.id, &meta.uid);
        return Ok(Action::await_change());
    }
    let exchange = &resource.spec.exchange;
    let removed = match broker_of(resource, meta, ctx).await {
        Ok(broker) if exchange.ownership == Ownership::Owned => {
            broker.remove_exchange(&exchange.name).await.map_err(|error| error.to_string())
        }
        Ok(_) => Ok(true),
        Err(error) => Err(error),
    };
    match removed {
        Ok(true) => {}
        Ok(false) => {
            let note = format!("the exchange {} stays: something is bound to it", exchange.name);
            publish::say(ctx, resource, EventType::Normal, "ExchangeKept", &note).await;
        }
        Err(error) if !older_than(meta.deleted_at, BROKER_LIMIT) => {
            tracing::info!(resource = %meta.id, error, "the deletion waits for the broker");
            return Ok(Action::requeue(PAUSE));
        }
        Err(error) => {
            let note = format!("the exchange {} may still be on the broker: {error}", exchange.name);
            publish::say(ctx, resource, EventType::Warning, "TopologyLeft", &note).await;
        }
    }
    finalizer::set(ctx, resource, false).await?;
    ctx.forget(&meta.id, &meta.uid);
    Ok(Action::await_change())
}

/// The broker; if the Secret is gone, the connection that is open.
async fn broker_of(resource: &NotifProducer, meta: &Meta, ctx: &Context) -> Result<Arc<dyn Topology>, String> {
    match dereference::dereference(meta, &resource.spec, &ctx.secrets).await {
        Ok(found) => steps::broker(ctx, &meta.id, &found.broker).map_err(|error| error.to_string()),
        Err(error) => ctx.remembered(&meta.id).broker.ok_or_else(|| error.to_string()),
    }
}
