//! What users and their tools read, built from plain findings.

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Condition, jiff::Timestamp};

use super::*;
use crate::status::{BrokerFinding, ScalingFinding, StatusProblem, TopologyFinding};

fn at(second: i64) -> Time {
    Time(Timestamp::from_second(second).unwrap())
}

fn pods(desired: i32, ready: i32) -> WorkersFinding {
    WorkersFinding::Pods(PodCount {
        desired,
        existing: desired,
        ready,
        available: ready,
        updated: ready,
        observed: true,
        ..PodCount::default()
    })
}

fn good() -> Findings {
    Findings {
        generation: 3,
        paused: false,
        refused: None,
        secrets: None,
        broker: BrokerFinding::Reachable,
        topology: TopologyFinding::Ready { notes: Vec::new() },
        workers: pods(3, 3),
        api: None,
        selector: "app.kubernetes.io/instance=x".to_owned(),
        deleting: None,
    }
}

fn queue() -> QueueFindings {
    QueueFindings {
        scaling: ScalingFinding::Off,
        desired_replicas: None,
        backlog: None,
        dead_letters: Some(false),
        may_drop: false,
        topology: None,
        queue: "inbox".to_owned(),
    }
}

fn find<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == kind)
}

fn said(conditions: &[Condition], kind: &str) -> (String, String) {
    find(conditions, kind).map(|found| (found.status.clone(), found.reason.clone())).unwrap_or_default()
}

#[test]
fn a_resource_that_is_as_asked_is_ready_and_neither_reconciling_nor_stalled() {
    let status = producer(&good(), &NotifProducerStatus::default(), &at(10));
    let types: Vec<_> = status.conditions.iter().map(|condition| condition.type_.as_str()).collect();
    let expected = ["Ready", "BrokerReachable", "CredentialsValid", "TopologyReady", "WorkersAvailable", "Paused"];
    assert_eq!(types, expected);
    assert_eq!(said(&status.conditions, "Ready"), ("True".to_owned(), "AsAsked".to_owned()));
    assert_eq!((status.ready.as_deref(), status.observed_generation), (Some("3/3"), Some(3)));
    let status = consumer(&good(), &queue(), &NotifConsumerStatus::default(), &at(10));
    let types: Vec<_> = status.conditions.iter().map(|condition| condition.type_.as_str()).collect();
    assert_eq!(types[5..], ["ScalingActive", "DeadLettersPresent", "MessagesMayDrop", "Paused"]);
}

#[test]
fn nothing_changed_is_an_equal_status_whatever_the_clock_says() {
    let before = consumer(&good(), &queue(), &NotifConsumerStatus::default(), &at(10));
    assert_eq!(consumer(&good(), &queue(), &before, &at(99)), before);
    let worse = Findings { workers: pods(3, 1), ..good() };
    let after = consumer(&worse, &queue(), &before, &at(99));
    assert_eq!(find(&after.conditions, "Ready").unwrap().last_transition_time, at(99));
    assert_eq!(find(&after.conditions, "TopologyReady").unwrap().last_transition_time, at(10));
}

#[test]
fn scaled_to_zero_and_stopped_are_ready() {
    for (stopped, reason) in [(true, "Stopped"), (false, "ScaledToZero")] {
        let workers = WorkersFinding::Pods(PodCount { observed: true, stopped, ..PodCount::default() });
        let status = producer(&Findings { workers, ..good() }, &NotifProducerStatus::default(), &at(1));
        assert_eq!(said(&status.conditions, "Ready").0, "True");
        assert_eq!(said(&status.conditions, "WorkersAvailable").1, reason);
        assert_eq!(status.ready.as_deref(), Some("0/0"));
    }
}

#[test]
fn what_stalls_goes_before_what_passes_and_only_it_stalls() {
    let missing = StatusProblem::passing("SecretMissing", "failed to find the Secret rabbit");
    let early = Findings {
        secrets: Some(missing),
        broker: BrokerFinding::Unknown,
        topology: TopologyFinding::Unknown,
        workers: WorkersFinding::Unknown,
        ..good()
    };
    let status = producer(&early, &NotifProducerStatus::default(), &at(1));
    assert_eq!(said(&status.conditions, "Ready"), ("False".to_owned(), "SecretMissing".to_owned()));
    assert_eq!(said(&status.conditions, "Reconciling").1, "SecretMissing");
    assert_eq!(said(&status.conditions, "CredentialsValid").1, "SecretMissing");
    assert_eq!(said(&status.conditions, "BrokerReachable").0, "Unknown");
    assert!(find(&status.conditions, "Stalled").is_none());
    let taken =
        StatusProblem::lasting("NameTaken", "a Deployment of that name is another owner's: rename the resource");
    let stalled = producer(&Findings { refused: Some(taken), ..early }, &status, &at(2));
    assert_eq!(said(&stalled.conditions, "Stalled"), ("True".to_owned(), "NameTaken".to_owned()));
    assert_eq!(said(&stalled.conditions, "Ready").1, "NameTaken");
    assert!(find(&stalled.conditions, "Reconciling").is_none());
}

#[test]
fn a_refused_password_is_no_unreachable_broker() {
    let refused = StatusProblem::passing("Unauthorized", "failed to log in to the broker: mend the Secret rabbit");
    let findings =
        Findings { broker: BrokerFinding::CredentialsRefused(refused), topology: TopologyFinding::Unknown, ..good() };
    let status = producer(&findings, &NotifProducerStatus::default(), &at(1));
    assert_eq!(said(&status.conditions, "BrokerReachable").0, "True");
    assert_eq!(said(&status.conditions, "CredentialsValid"), ("False".to_owned(), "Unauthorized".to_owned()));
    assert_eq!(said(&status.conditions, "Ready").1, "Unauthorized");
}

#[test]
fn pausing_leaves_ready_as_it_was() {
    let before = producer(&good(), &NotifProducerStatus::default(), &at(1));
    let findings = Findings { paused: true, workers: pods(3, 0), generation: 4, ..good() };
    let status = producer(&findings, &before, &at(2));
    assert_eq!(find(&status.conditions, "Ready"), find(&before.conditions, "Ready"));
    assert_eq!(said(&status.conditions, "Paused").0, "True");
    assert_eq!(said(&status.conditions, "WorkersAvailable").0, "False", "what is seen is still said");
    let unpaused = producer(&Findings { paused: false, ..findings }, &status, &at(3));
    assert_eq!(said(&unpaused.conditions, "Ready").1, "WorkersNotReady");
}

#[test]
fn an_inbox_api_that_is_not_ready_holds_the_consumer_back() {
    let findings = Findings { api: Some(pods(2, 1)), ..good() };
    let status = consumer(&findings, &queue(), &NotifConsumerStatus::default(), &at(1));
    let ready = find(&status.conditions, "Ready").unwrap();
    assert!(ready.message.contains("1 of 2 inbox API pods"), "{}", ready.message);
    assert_eq!(status.ready.as_deref(), Some("3/3"), "the column counts workers only");
}

#[test]
fn a_rollout_of_which_old_pods_are_still_there_is_not_ready() {
    let count =
        PodCount { desired: 3, existing: 4, ready: 4, available: 4, updated: 1, observed: true, ..PodCount::default() };
    let status =
        producer(&Findings { workers: WorkersFinding::Pods(count), ..good() }, &NotifProducerStatus::default(), &at(1));
    assert_eq!(said(&status.conditions, "Reconciling").1, "WorkersNotReady");
}
