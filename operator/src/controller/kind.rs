//! The differences between the kinds in a reconcile. What they share is in [`super::reconcile`].

use std::fmt::Debug;

use hoopoe_crds::status::{NotifConsumerStatus, NotifProducerStatus};
use k8s_openapi::{
    NamespaceResourceScope,
    apimachinery::pkg::apis::meta::v1::{Condition, Time},
};
use kube::{
    Resource,
    core::object::{HasSpec, HasStatus},
    runtime::controller::Action,
};
use serde::{Serialize, de::DeserializeOwned};

use super::{context::Context, error::ReconcileError};
use crate::{
    dereference::BrokerAccess,
    pipeline::ReconciledSpec,
    resource::Meta,
    status::Findings,
    topology::{BroughtAbout, Claimant},
};

/// A kind that is reconciled.
pub trait Reconciled:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + HasSpec<Spec: ReconciledSpec>
    + HasStatus<Status: ReconciledStatus>
    + Clone
    + Debug
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Findings that only this kind has, beside the [`Findings`].
    type KindFindings: Send;

    /// Whether its deletion has something to do on a broker.
    fn needs_finalizer(spec: &Self::Spec) -> bool;

    /// Whether it has an inbox API.
    fn has_api(spec: &Self::Spec) -> bool;

    /// What is known before the first step. `before`: the newest status that we know.
    fn kind_findings(ctx: &Context, meta: &Meta, spec: &Self::Spec, before: &Self::Status) -> Self::KindFindings;

    /// The other resources that want the same queue of the same broker.
    fn rivals(ctx: &Context, meta: &Meta, spec: &Self::Spec, access: &BrokerAccess) -> Vec<Claimant>;

    /// Takes over what was read from the broker.
    fn take(of_kind: &mut Self::KindFindings, seen: &BroughtAbout);

    /// What the scaler decided.
    fn decided(of_kind: &Self::KindFindings) -> Option<i32>;

    /// The whole status.
    fn next_status(
        findings: &Findings,
        of_kind: &Self::KindFindings,
        before: &Self::Status,
        now: &Time,
    ) -> Self::Status;

    /// Runs a deletion as far as possible now.
    fn delete(
        resource: &Self,
        meta: &Meta,
        ctx: &Context,
    ) -> impl Future<Output = Result<Action, ReconcileError>> + Send;
}

/// What both statuses have.
pub trait ReconciledStatus:
    Clone + Default + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// Its conditions.
    fn conditions(&self) -> &[Condition];

    /// The generation that it describes.
    fn observed_generation(&self) -> Option<i64>;
}

impl ReconciledStatus for NotifProducerStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    fn observed_generation(&self) -> Option<i64> {
        self.observed_generation
    }
}

impl ReconciledStatus for NotifConsumerStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    fn observed_generation(&self) -> Option<i64> {
        self.observed_generation
    }
}
