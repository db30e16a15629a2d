//! The steps that need a client. Each turns what it met into a finding.

use std::{sync::Arc, time::Instant};

use super::{context::Context, error::ReconcileError, seen_deployment::SeenDeployment};
use crate::{
    apply::{Applied, ApplyError},
    dereference::BrokerAccess,
    desired::{Child, DesiredError},
    metrics::KindLabel,
    names::Component,
    resource::{Meta, ResourceId},
    status::{BrokerFinding, PodCount, StatusProblem, TopologyFinding, WorkersFinding},
    topology::{BrokerError, BroughtAbout, Claimant, Finding, Mode, Topology, Wanted},
};

/// What a reconcile found on the broker.
pub struct Reached {
    /// How the broker answered.
    pub broker: BrokerFinding,
    /// Whether the objects are as wanted.
    pub topology: TopologyFinding,
    /// What was done and seen, if the broker answered.
    pub seen: Option<BroughtAbout>,
}

impl Reached {
    fn failed(error: &BrokerError) -> Self {
        let problem = StatusProblem::passing(error.reason(), error.to_string());
        let (broker, topology) = match error {
            error if error.is_of_credentials() => {
                (BrokerFinding::CredentialsRefused(problem), TopologyFinding::Unknown)
            }
            BrokerError::BrokerUnreachable { .. } => (BrokerFinding::Unreachable(problem), TopologyFinding::Unknown),
            _ => (BrokerFinding::Reachable, TopologyFinding::NotReady(vec![problem])),
        };
        Self { broker, topology, seen: None }
    }
}

/// The broker of a resource; it is remembered in case its Secret is gone.
pub fn broker(ctx: &Context, id: &ResourceId, access: &BrokerAccess) -> Result<Arc<dyn Topology>, BrokerError> {
    let broker = ctx.brokers.broker(access)?;
    ctx.remember(id, |remembered| remembered.broker = Some(broker.clone()));
    Ok(broker)
}

/// Makes the objects on the broker as the resource wants them. `settled`: the last status said that they were, so that
/// a write now repairs drift.
pub async fn topology(
    ctx: &Context,
    access: &BrokerAccess,
    wanted: &Wanted<'_>,
    rivals: &[Claimant],
    settled: bool,
) -> Reached {
    let meta = wanted.meta();
    let mode = if meta.paused() { Mode::ReadOnly } else { Mode::Write };
    let fresh = (!settled).then(Instant::now);
    let broker = match broker(ctx, &meta.id, access) {
        Ok(broker) => broker,
        Err(error) => return Reached::failed(&error),
    };
    let seen = match broker.bring_about(wanted, rivals, mode, fresh).await {
        Ok(seen) => seen,
        Err(error) => return Reached::failed(&error),
    };
    ctx.remember(&meta.id, |remembered| remembered.broker_id = Some(seen.broker.clone()));
    if mode == Mode::Write {
        for write in &seen.writes {
            let label = KindLabel { kind: write.object };
            ctx.metrics.topology_writes.get_or_create(&label).inc();
            if settled {
                ctx.metrics.topology_drift.get_or_create(&label).inc();
            }
            tracing::info!(resource = %meta.id, change = %write.what, drift = settled, "wrote to the broker");
        }
    }
    let topology = finding(mode, &seen);
    Reached { broker: BrokerFinding::Reachable, topology, seen: Some(seen) }
}

fn finding(mode: Mode, seen: &BroughtAbout) -> TopologyFinding {
    let problems: Vec<StatusProblem> = seen.findings.iter().filter_map(Finding::problem).collect();
    if !problems.is_empty() {
        return TopologyFinding::NotReady(problems);
    }
    if mode == Mode::ReadOnly && !seen.writes.is_empty() {
        let waiting: Vec<_> = seen.writes.iter().map(|write| write.what.as_str()).collect();
        let message = format!("the resource is paused, so these changes wait: {}", waiting.join("; "));
        return TopologyFinding::NotReady(vec![StatusProblem::passing("Paused", message)]);
    }
    TopologyFinding::Ready { notes: seen.findings.iter().map(|finding| finding.message.clone()).collect() }
}

/// Applies the children, unless the resource is paused. An error is tried again; a problem is not mended by a retry.
pub async fn children(
    ctx: &Context,
    meta: &Meta,
    build: impl FnOnce() -> Result<Vec<Child>, DesiredError>,
) -> Result<(Applied, Option<StatusProblem>), ReconcileError> {
    // The children are made when it is this resource's turn, not before: hundreds may wait. The semaphore is never
    // closed.
    let _turn = ctx.applying.acquire().await;
    let children = match build() {
        Ok(children) => children,
        Err(error) => return Ok((Applied::default(), Some(error.problem()))),
    };
    if meta.paused() {
        return Ok((Applied::default(), None));
    }
    match ctx.applier.apply(meta, &children, &ctx.caches).await {
        Ok(applied) => {
            for (kind, name) in &applied.drifted {
                let kind = kind.as_str();
                tracing::info!(
                    resource = %meta.id,
                    kind,
                    name,
                    "restored an object that another client had changed or removed"
                );
            }
            Ok((applied, None))
        }
        Err(error @ ApplyError::Unanswered { .. }) => Err(error.into()),
        Err(error) => Ok((Applied::default(), Some(error.problem()))),
    }
}

/// The pods of one Deployment, as the watch knows it.
pub fn pods(ctx: &Context, id: &ResourceId, component: Component, stopped: bool) -> WorkersFinding {
    let Some(deployment) = deployment(ctx, id, component) else { return WorkersFinding::Unknown };
    WorkersFinding::Pods(PodCount {
        desired: deployment.replicas.unwrap_or(1),
        existing: deployment.existing,
        ready: deployment.ready,
        available: deployment.available,
        updated: deployment.updated,
        observed: deployment.is_observed,
        stuck: deployment.stuck.clone(),
        stopped,
    })
}

/// The Deployment's own count; `None`: there is none yet.
pub fn live_count(ctx: &Context, id: &ResourceId, component: Component) -> Option<i32> {
    deployment(ctx, id, component)?.replicas
}

/// The image that the Deployment's container has; `None`: there is none yet.
pub fn live_image(ctx: &Context, id: &ResourceId, component: Component) -> Option<String> {
    deployment(ctx, id, component)?.image.clone()
}

fn deployment(ctx: &Context, id: &ResourceId, component: Component) -> Option<Arc<SeenDeployment>> {
    ctx.caches.deployment(&id.namespace, &component.child_name(id))
}
