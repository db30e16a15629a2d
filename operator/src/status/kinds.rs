//! The whole status of each kind.

use hoopoe_crds::status::{NotifConsumerStatus, NotifProducerStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{Findings, PodCount, QueueFindings, WorkersFinding, conditions};

/// The status of a producer. `before`: the status that the API server has. `now`: written only where a condition
/// changed its status.
pub fn producer(findings: &Findings, before: &NotifProducerStatus, now: &Time) -> NotifProducerStatus {
    let pods =
        known(findings, || PodCount { existing: before.replicas, ready: before.ready_replicas, ..PodCount::default() });
    NotifProducerStatus {
        observed_generation: Some(findings.generation),
        replicas: pods.existing,
        ready_replicas: pods.ready,
        selector: Some(findings.selector.clone()),
        ready: ratio(findings).or_else(|| before.ready.clone()),
        conditions: conditions::stamped(conditions::shared(findings), &before.conditions, findings, now),
    }
}

/// The status of a consumer. `before`: the status that the API server has. `now`: written only where a condition
/// changed its status.
pub fn consumer(
    findings: &Findings,
    queue: &QueueFindings,
    before: &NotifConsumerStatus,
    now: &Time,
) -> NotifConsumerStatus {
    let pods =
        known(findings, || PodCount { existing: before.replicas, ready: before.ready_replicas, ..PodCount::default() });
    let verdicts = conditions::shared(findings).into_iter().chain(conditions::of_queue(queue)).collect();
    NotifConsumerStatus {
        observed_generation: Some(findings.generation),
        replicas: pods.existing,
        desired_replicas: queue.desired_replicas,
        ready_replicas: pods.ready,
        selector: Some(findings.selector.clone()),
        ready: ratio(findings).or_else(|| before.ready.clone()),
        backlog: queue.backlog,
        topology: queue.topology.clone().or_else(|| before.topology.clone()),
        conditions: conditions::stamped(verdicts, &before.conditions, findings, now),
    }
}

/// The worker pods; if this reconcile did not get that far, as they were reported before.
fn known(findings: &Findings, before: impl FnOnce() -> PodCount) -> PodCount {
    match &findings.workers {
        WorkersFinding::Pods(pods) => pods.clone(),
        WorkersFinding::Unknown => before(),
    }
}

fn ratio(findings: &Findings) -> Option<String> {
    match &findings.workers {
        WorkersFinding::Pods(pods) => Some(format!("{}/{}", pods.ready, pods.desired)),
        WorkersFinding::Unknown => None,
    }
}

#[cfg(test)]
mod tests;
