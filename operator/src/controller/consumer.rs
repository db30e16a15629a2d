//! What only a `NotifConsumer` has: a queue that others may want, a scaler, dead letters, and a deletion that drains.

use hoopoe_crds::{
    NotifConsumer,
    consumer::{DeletionPolicy, NotifConsumerSpec},
    status::NotifConsumerStatus,
    worker_config::Overflow,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::runtime::controller::Action;

use super::{
    consumer_deletion, context::Context, error::ReconcileError, kind::Reconciled, outlook::outlook, rivals, steps,
};
use crate::{
    dereference::BrokerAccess,
    names::Component,
    resource::Meta,
    scale::Outlook,
    status::{self, Findings, QueueFindings},
    topology::{BroughtAbout, Claimant},
};

impl Reconciled for NotifConsumer {
    type KindFindings = QueueFindings;

    fn needs_finalizer(spec: &NotifConsumerSpec) -> bool {
        match spec.queue.deletion_policy {
            DeletionPolicy::DeleteIfEmpty | DeletionPolicy::Delete => true,
            DeletionPolicy::Retain => false,
        }
    }

    fn has_api(spec: &NotifConsumerSpec) -> bool {
        spec.api.enabled
    }

    fn kind_findings(
        ctx: &Context,
        meta: &Meta,
        spec: &NotifConsumerSpec,
        before: &NotifConsumerStatus,
    ) -> QueueFindings {
        let live = steps::live_count(ctx, &meta.id, Component::Consumer);
        let Outlook { scaling, desired_replicas, reason: _, backlog } = outlook(ctx, &meta.id, spec, before, live);
        QueueFindings {
            scaling,
            desired_replicas,
            backlog,
            dead_letters: None,
            may_drop: match spec.queue.policy.overflow {
                Overflow::DropHead => true,
                Overflow::RejectPublish => false,
            },
            topology: before.topology.clone(),
            queue: spec.queue.name.clone(),
        }
    }

    fn rivals(ctx: &Context, meta: &Meta, spec: &NotifConsumerSpec, access: &BrokerAccess) -> Vec<Claimant> {
        rivals::of_consumer(ctx, meta, spec, access)
    }

    fn take(of_kind: &mut QueueFindings, seen: &BroughtAbout) {
        if let Some(queue) = &seen.queue {
            of_kind.dead_letters = queue.dead_letters;
            of_kind.topology.clone_from(&queue.status);
        }
    }

    fn decided(of_kind: &QueueFindings) -> Option<i32> {
        of_kind.desired_replicas
    }

    fn next_status(
        findings: &Findings,
        of_kind: &QueueFindings,
        before: &NotifConsumerStatus,
        now: &Time,
    ) -> NotifConsumerStatus {
        status::consumer(findings, of_kind, before, now)
    }

    async fn delete(resource: &Self, meta: &Meta, ctx: &Context) -> Result<Action, ReconcileError> {
        consumer_deletion::run(resource, meta, ctx).await
    }
}
