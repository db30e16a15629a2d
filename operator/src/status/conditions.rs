//! Each condition, made from the findings.

use hoopoe_crds::{policy, status::ConditionType};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::{
    BrokerFinding, Findings, Mends, QueueFindings, ScalingFinding, StatusProblem, TopologyFinding, WorkersFinding,
};

/// The longest message that the API server takes.
const MESSAGE_BYTES: usize = 32_768;

/// A condition without its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UntimedCondition {
    kind: ConditionType,
    status: &'static str,
    reason: &'static str,
    message: String,
}

fn untimed(
    kind: ConditionType,
    status: &'static str,
    reason: &'static str,
    message: impl Into<String>,
) -> UntimedCondition {
    UntimedCondition { kind, status, reason, message: message.into() }
}

fn holds(kind: ConditionType, reason: &'static str, message: impl Into<String>) -> UntimedCondition {
    untimed(kind, "True", reason, message)
}

fn fails(kind: ConditionType, problem: &StatusProblem) -> UntimedCondition {
    untimed(kind, "False", problem.reason, problem.message.clone())
}

fn unknown(kind: ConditionType, message: &str) -> UntimedCondition {
    untimed(kind, "Unknown", "NotChecked", message)
}

/// All conditions that both kinds have.
pub(super) fn shared(findings: &Findings) -> Vec<UntimedCondition> {
    let mut verdicts = vec![
        broker_reachable(findings),
        credentials_valid(findings),
        topology_ready(findings),
        workers_available(findings),
        paused(findings),
    ];
    verdicts.extend(overall(findings));
    verdicts
}

/// The conditions that only a consumer has.
pub(super) fn of_queue(queue: &QueueFindings) -> Vec<UntimedCondition> {
    let scaling = match &queue.scaling {
        ScalingFinding::Off => untimed(
            ConditionType::ScalingActive,
            "False",
            "ScalingOff",
            "spec.scaling is not set: spec.replicas decides the number of workers",
        ),
        ScalingFinding::Active => {
            let message = "the queue's depth decides the number of workers";
            holds(ConditionType::ScalingActive, "Deciding", message)
        }
        ScalingFinding::Holding(problem) => fails(ConditionType::ScalingActive, problem),
    };
    let dead_letters = match queue.dead_letters {
        None => unknown(ConditionType::DeadLettersPresent, "the operator has not read the dead-letter queue"),
        Some(false) => untimed(
            ConditionType::DeadLettersPresent,
            "False",
            "NoDeadLetters",
            format!("{} is empty", policy::dead_letters(&queue.queue)),
        ),
        Some(true) => holds(
            ConditionType::DeadLettersPresent,
            "DeadLettersWait",
            format!(
                "dead letters wait in {}: their headers x-hoopoe-class and x-hoopoe-reason say why",
                policy::dead_letters(&queue.queue)
            ),
        ),
    };
    let drop = if queue.may_drop {
        let message = "spec.queue.policy.overflow is DropHead: a full queue drops its oldest message";
        holds(ConditionType::MessagesMayDrop, "DropHead", message)
    } else {
        let message = "a full queue refuses new messages, and the sender gets an error";
        untimed(ConditionType::MessagesMayDrop, "False", "RejectPublish", message)
    };
    vec![scaling, dead_letters, drop]
}

fn broker_reachable(findings: &Findings) -> UntimedCondition {
    let kind = ConditionType::BrokerReachable;
    match &findings.broker {
        BrokerFinding::Unknown => unknown(kind, "the operator did not ask the broker"),
        BrokerFinding::Reachable | BrokerFinding::CredentialsRefused(_) => {
            holds(kind, "Answers", "the broker's management API answers")
        }
        BrokerFinding::Unreachable(problem) => fails(kind, problem),
    }
}

fn credentials_valid(findings: &Findings) -> UntimedCondition {
    let kind = ConditionType::CredentialsValid;
    match (&findings.secrets, &findings.broker) {
        (Some(problem), _) | (None, BrokerFinding::CredentialsRefused(problem)) => fails(kind, problem),
        (None, BrokerFinding::Reachable) => holds(kind, "Accepted", "the broker accepts the credentials"),
        (None, BrokerFinding::Unknown | BrokerFinding::Unreachable(_)) => {
            unknown(kind, "the operator has no answer from the broker")
        }
    }
}

fn topology_ready(findings: &Findings) -> UntimedCondition {
    let kind = ConditionType::TopologyReady;
    match &findings.topology {
        TopologyFinding::Unknown => unknown(kind, "the operator has not read the objects on the broker"),
        TopologyFinding::Ready { notes } if notes.is_empty() => {
            holds(kind, "AsAsked", "the objects on the broker are as the spec asks")
        }
        TopologyFinding::Ready { notes } => holds(kind, "AsAsked", notes.join("; ")),
        TopologyFinding::NotReady(problems) => match problems.as_slice() {
            [] => unknown(kind, "the operator has not read the objects on the broker"),
            [first, rest @ ..] => {
                let messages: Vec<_> = rest.iter().map(|problem| problem.message.as_str()).collect();
                let message = std::iter::once(first.message.as_str()).chain(messages).collect::<Vec<_>>().join("; ");
                untimed(kind, "False", first.reason, message)
            }
        },
    }
}

fn workers_available(findings: &Findings) -> UntimedCondition {
    let kind = ConditionType::WorkersAvailable;
    match worker_problem(findings) {
        Err(message) => unknown(kind, message),
        Ok(Some(problem)) => fails(kind, &problem),
        Ok(None) => match &findings.workers {
            WorkersFinding::Pods(pods) if pods.stopped => {
                holds(kind, "Stopped", "spec.lifecycle is Stopped: no worker runs")
            }
            WorkersFinding::Pods(pods) if pods.desired == 0 => {
                holds(kind, "ScaledToZero", "the wanted number of workers is 0")
            }
            WorkersFinding::Pods(_) | WorkersFinding::Unknown => holds(kind, "AsAsked", "all wanted workers are ready"),
        },
    }
}

/// `Err`: not known.
fn worker_problem(findings: &Findings) -> Result<Option<StatusProblem>, &'static str> {
    let deployments = [("workers", Some(&findings.workers)), ("inbox API pods", findings.api.as_ref())];
    for (what, finding) in deployments {
        match finding {
            None => {}
            Some(WorkersFinding::Unknown) => return Err("the operator has not applied the Deployment yet"),
            Some(WorkersFinding::Pods(pods)) => {
                if let Some(stuck) = &pods.stuck {
                    let message = format!("{what}: {stuck}; look at the pods' events and logs");
                    return Ok(Some(StatusProblem::passing("WorkersStuck", message)));
                }
                if !pods.is_as_asked() {
                    let message =
                        format!("{} of {} {what} are ready, {} updated", pods.ready, pods.desired, pods.updated);
                    return Ok(Some(StatusProblem::passing("WorkersNotReady", message)));
                }
            }
        }
    }
    Ok(None)
}

fn paused(findings: &Findings) -> UntimedCondition {
    let kind = ConditionType::Paused;
    if findings.paused {
        let message = "the annotation hoopoe.app/paused is true: the operator writes nothing until you remove it";
        holds(kind, "Annotated", message)
    } else {
        untimed(kind, "False", "NotPaused", "the operator carries out changes")
    }
}

/// `Ready`, and `Reconciling` or `Stalled` beside it.
fn overall(findings: &Findings) -> Vec<UntimedCondition> {
    if let Some(waiting) = &findings.deleting {
        return vec![
            untimed(ConditionType::Ready, "False", "Deleting", waiting.clone()),
            holds(ConditionType::Reconciling, "Deleting", waiting.clone()),
        ];
    }
    let Some(problem) = foremost(findings) else {
        return vec![holds(ConditionType::Ready, "AsAsked", "everything is as the spec asks")];
    };
    let ready = fails(ConditionType::Ready, &problem);
    let beside = match problem.mends {
        Mends::Retry => ConditionType::Reconciling,
        Mends::Change => ConditionType::Stalled,
    };
    vec![ready, holds(beside, problem.reason, problem.message)]
}

/// The problem to mend first. Lasting problems come before passing ones, and of several the problem of the earliest
/// step comes first.
fn foremost(findings: &Findings) -> Option<StatusProblem> {
    let mut problems: Vec<StatusProblem> = findings.refused.iter().chain(&findings.secrets).cloned().collect();
    match &findings.broker {
        BrokerFinding::Unknown | BrokerFinding::Reachable => {}
        BrokerFinding::Unreachable(problem) | BrokerFinding::CredentialsRefused(problem) => {
            problems.push(problem.clone());
        }
    }
    match &findings.topology {
        TopologyFinding::Ready { .. } => {}
        TopologyFinding::NotReady(found) => problems.extend(found.iter().cloned()),
        TopologyFinding::Unknown => {
            let message = "the operator has not read the objects on the broker yet";
            problems.push(StatusProblem::passing("NotChecked", message));
        }
    }
    match worker_problem(findings) {
        Err(message) => problems.push(StatusProblem::passing("NotChecked", message)),
        Ok(problem) => problems.extend(problem),
    }
    let lasting = problems.iter().position(|problem| problem.mends == Mends::Change);
    (!problems.is_empty()).then(|| problems.swap_remove(lasting.unwrap_or(0)))
}

/// The new conditions. A condition whose `status` did not change keeps its time. A paused resource keeps Ready,
/// Reconciling and Stalled as they were.
pub(super) fn stamped(
    verdicts: Vec<UntimedCondition>,
    before: &[Condition],
    findings: &Findings,
    now: &Time,
) -> Vec<Condition> {
    let of_ready =
        [ConditionType::Ready, ConditionType::Reconciling, ConditionType::Stalled].map(ConditionType::as_str);
    let kept = |condition: &&Condition| of_ready.contains(&condition.type_.as_str());
    let frozen =
        findings.paused && findings.deleting.is_none() && before.iter().any(|condition| condition.type_ == "Ready");
    let mut conditions: Vec<Condition> = Vec::new();
    if frozen {
        conditions.extend(before.iter().filter(kept).cloned());
    }
    for UntimedCondition { kind, status, reason, mut message } in verdicts {
        if frozen && of_ready.contains(&kind.as_str()) {
            continue;
        }
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES));
        let earlier = before.iter().find(|condition| condition.type_ == kind.as_str() && condition.status == status);
        conditions.push(Condition {
            type_: kind.as_str().to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message,
            observed_generation: Some(findings.generation),
            last_transition_time: earlier
                .map_or_else(|| now.clone(), |condition| condition.last_transition_time.clone()),
        });
    }
    conditions.sort_by_key(|condition| order(&condition.type_));
    conditions
}

/// `Ready` first, then as they are declared.
fn order(kind: &str) -> usize {
    use ConditionType as T;
    let all = [
        T::Ready,
        T::Reconciling,
        T::Stalled,
        T::BrokerReachable,
        T::CredentialsValid,
        T::TopologyReady,
        T::WorkersAvailable,
        T::ScalingActive,
        T::DeadLettersPresent,
        T::MessagesMayDrop,
        T::Paused,
    ];
    all.iter().position(|known| known.as_str() == kind).unwrap_or(all.len())
}
