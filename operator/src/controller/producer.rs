//! What only a `NotifProducer` has: an exchange that may be removed with it.

use hoopoe_crds::{
    NotifProducer,
    producer::{NotifProducerSpec, Ownership},
    status::NotifProducerStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::runtime::controller::Action;

use super::{context::Context, error::ReconcileError, kind::Reconciled, producer_deletion};
use crate::{
    dereference::BrokerAccess,
    resource::Meta,
    status::{self, Findings},
    topology::{BroughtAbout, Claimant},
};

impl Reconciled for NotifProducer {
    type KindFindings = ();

    fn needs_finalizer(spec: &NotifProducerSpec) -> bool {
        match spec.exchange.ownership {
            Ownership::Owned => true,
            Ownership::Shared | Ownership::External => false,
        }
    }

    fn has_api(_: &NotifProducerSpec) -> bool {
        false
    }

    fn kind_findings(_: &Context, _: &Meta, _: &NotifProducerSpec, _: &NotifProducerStatus) {}

    fn rivals(_: &Context, _: &Meta, _: &NotifProducerSpec, _: &BrokerAccess) -> Vec<Claimant> {
        Vec::new()
    }

    fn take((): &mut (), _: &BroughtAbout) {}

    fn decided((): &()) -> Option<i32> {
        None
    }

    fn next_status(findings: &Findings, (): &(), before: &NotifProducerStatus, now: &Time) -> NotifProducerStatus {
        status::producer(findings, before, now)
    }

    async fn delete(resource: &Self, meta: &Meta, ctx: &Context) -> Result<Action, ReconcileError> {
        producer_deletion::run(resource, meta, ctx).await
    }
}
