//! Which other consumers of this cluster want the same queue.

use hoopoe_crds::{NotifConsumer, consumer::NotifConsumerSpec};
use kube::ResourceExt;

use super::context::Context;
use crate::{
    dereference::BrokerAccess,
    resource::{Kind, Meta},
    topology::Claimant,
};

/// The other consumers that want the same queue of the same broker and could have it.
pub fn of_consumer(ctx: &Context, meta: &Meta, spec: &NotifConsumerSpec, access: &BrokerAccess) -> Vec<Claimant> {
    let mine = ctx.remembered(&meta.id).broker_id;
    ctx.caches
        .consumers()
        .filter(|other| other.uid().as_deref() != Some(&meta.uid))
        .filter(|other| other.spec.queue.name == spec.queue.name && other.metadata.deletion_timestamp.is_none())
        .filter(|other| !is_refused(other))
        .map(|other| (Meta::of(Kind::Consumer, &*other), other))
        .filter(|(rival, other)| match (&mine, ctx.remembered(&rival.id).broker_id) {
            (Some(mine), Some(theirs)) => *mine == theirs,
            // One of the two brokers was not reached yet, so compare their Secrets: the same Secret means the same
            // broker.
            _ => {
                rival.id.namespace == meta.id.namespace
                    && other.spec.broker.secret_ref == spec.broker.secret_ref
                    && other.spec.broker.vhost.as_ref().is_none_or(|vhost| *vhost == access.vhost)
            }
        })
        .map(|(rival, _)| Claimant::of(&rival))
        .collect()
}

/// Whether it stalls for another reason than the queue. Such a resource keeps no other from the queue.
fn is_refused(resource: &NotifConsumer) -> bool {
    let mut conditions = resource.status.iter().flat_map(|status| &status.conditions);
    conditions.any(|condition| condition.type_ == "Stalled" && condition.reason != "QueueTaken")
}
