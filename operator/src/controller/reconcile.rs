//! One reconcile, of either kind.

use std::sync::Arc;

use hoopoe_crds::{Spec, workload::Lifecycle};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use kube::{core::object::HasSpec, runtime::controller::Action};

use super::{
    context::Context,
    error::ReconcileError,
    finalizer, image,
    kind::{Reconciled, ReconciledStatus},
    publish,
    steps::{self, Reached},
};
use crate::{
    names::Component,
    pipeline::{self, Live, PrepareError, ReconciledSpec},
    resource::Meta,
    status::{BrokerFinding, Findings, StatusProblem, TopologyFinding, WorkersFinding},
    topology::BroughtAbout,
};

/// Makes what a resource asks for come true, and says in its status how far that went.
///
/// A resource that is being deleted goes another way, [`Reconciled::delete`]. Any other gets the finalizer first, if
/// its deletion will have something to do on a broker. Then come the steps. What goes wrong in one becomes a finding,
/// which the status shows; after a spec that breaks a rule and after Secrets that cannot be read, the steps up to the
/// status are left out. An error of this function means that the controller tries again, with backoff.
///
/// 1. **Validate** ([`crate::validate`], pure). Every rule of the spec is looked at, those of the API server again, for
///    the object may have been stored under an older schema. What follows takes the proof, [`crate::validate::Valid`].
///    A spec that breaks a rule costs no request.
/// 2. **Dereference** ([`crate::dereference`]). The Secrets that the spec names are fetched from the cache and read:
///    they say where the broker is, and which variables and files the workers take. A missing one is waited for; its
///    watch sets off the next reconcile.
/// 3. **Topology** ([`crate::topology`]). Exchange, queue, bindings and policies are compared with a read of the broker
///    that all resources share, and written where they differ; a paused resource is only compared. A broker that is
///    away does not keep the workers from being applied. This comes before the children because of the counts: a
///    resource whose queue another one holds gets no worker.
/// 4. **Desired** ([`crate::desired`], pure). Spec, Secrets, platform, scaler and live counts become the Kubernetes
///    objects. They are made when it is this resource's turn to apply them, since hundreds may wait.
/// 5. **Apply** ([`crate::apply`]). The objects are sent by server-side apply, in a fixed order, and only those whose
///    desired form or observed version moved. What an earlier spec left behind is removed.
/// 6. **Status** ([`crate::status`], pure). The findings become conditions. The status is written if it changed, an
///    Event if Ready changed, and the conditions say when to look again.
pub async fn reconcile<K: Reconciled>(resource: Arc<K>, ctx: Arc<Context>) -> Result<Action, ReconcileError> {
    let meta = Meta::of(<K as HasSpec>::Spec::KIND, &*resource);
    if meta.deleted_at.is_some() {
        return K::delete(&resource, &meta, &ctx).await;
    }
    let spec = resource.spec();
    if !meta.paused() {
        finalizer::set(&ctx, &*resource, K::needs_finalizer(spec)).await?;
    }
    let before = ctx.caches.statuses.newest(&*resource);
    let mut of_kind = K::kind_findings(&ctx, &meta, spec, &before);
    let mut findings = findings::<K>(&ctx, &meta, spec);
    let settled = publish::was_settled(before.observed_generation(), &meta, before.conditions());
    let unseen = take_steps::<K>(&ctx, &meta, spec, settled, &mut of_kind, &mut findings).await?;
    let after = K::next_status(&findings, &of_kind, &before, &Time(Timestamp::now()));
    publish::publish(&ctx, &*resource, &meta, &before, &after).await?;
    Ok(publish::again(after.conditions(), unseen))
}

/// The steps before the status, as far as they go; whether something was written that the caches do not show yet.
/// `settled`: the last status said that the broker's objects are as asked.
async fn take_steps<K: Reconciled>(
    ctx: &Context,
    meta: &Meta,
    spec: &K::Spec,
    settled: bool,
    of_kind: &mut K::KindFindings,
    findings: &mut Findings,
) -> Result<bool, ReconcileError> {
    let prepared = match pipeline::prepare(meta, spec, &ctx.secrets).await {
        Ok(prepared) => prepared,
        Err(error) => {
            match error {
                PrepareError::Invalid(error) => findings.refused = Some(error.problem()),
                PrepareError::Secrets(error) => {
                    findings.secrets = Some(StatusProblem::passing(error.reason(), error.to_string()));
                }
            }
            return Ok(false);
        }
    };

    let access = prepared.broker();
    let rivals = K::rivals(ctx, meta, spec, access);
    let wanted = prepared.topology(ctx.cluster.as_deref());
    let Reached { broker, topology, seen } = steps::topology(ctx, access, &wanted, &rivals, settled).await;
    (findings.broker, findings.topology) = (broker, topology);
    let queue_taken = seen.as_ref().is_some_and(BroughtAbout::is_taken);
    if let Some(seen) = seen {
        K::take(of_kind, &seen);
    }

    let live = Live {
        workers: steps::live_count(ctx, &meta.id, Component::worker_of(meta.id.kind)),
        api: steps::live_count(ctx, &meta.id, Component::Api),
        decided: K::decided(of_kind),
        queue_taken,
    };
    let (platform, waits) = image::platform_for(ctx, meta, spec.workload(), &findings.workers);
    let (applied, problem) = steps::children(ctx, meta, || prepared.children(&platform, live)).await?;
    findings.refused = problem;
    (findings.workers, findings.api) = pods::<K>(ctx, meta, spec);
    Ok(applied.unseen || waits)
}

/// What is known before the first step.
fn findings<K: Reconciled>(ctx: &Context, meta: &Meta, spec: &K::Spec) -> Findings {
    let (workers, api) = pods::<K>(ctx, meta, spec);
    Findings {
        generation: meta.generation,
        paused: meta.paused(),
        refused: None,
        secrets: None,
        broker: BrokerFinding::Unknown,
        topology: TopologyFinding::Unknown,
        workers,
        api,
        selector: Component::worker_of(meta.id.kind).selector_text(&meta.id),
        deleting: None,
    }
}

/// The worker pods, and those of the inbox API, as the watches know them.
fn pods<K: Reconciled>(ctx: &Context, meta: &Meta, spec: &K::Spec) -> (WorkersFinding, Option<WorkersFinding>) {
    let stopped = spec.workload().lifecycle == Lifecycle::Stopped;
    let workers = steps::pods(ctx, &meta.id, Component::worker_of(meta.id.kind), stopped);
    let api = K::has_api(spec).then(|| steps::pods(ctx, &meta.id, Component::Api, false));
    (workers, api)
}
