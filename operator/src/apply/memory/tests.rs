//! When a child is sent.

use serde_json::json;

use super::*;
use crate::build::ChildKind;

fn child() -> Child {
    let object = json!({"metadata": {"name": "a", "labels": {"l": "1"}, "annotations": {"a": "1"}}, "spec": {}});
    Child { kind: ChildKind::Deployment, name: "a".to_owned(), object, initial_replicas: None }
}

fn sent(child: &Child, at: Instant) -> Sent {
    Sent {
        digest: digest(child),
        uid: "object".to_owned(),
        resource_version: "100".to_owned(),
        generation: Some(1),
        at,
        seen: true,
        idle: 0,
        handed_over: false,
    }
}

fn observed(version: &str) -> ObservedMeta {
    let one = |key: &str| [(key.to_owned(), "1".to_owned())].into();
    ObservedMeta {
        uid: "object".to_owned(),
        resource_version: version.to_owned(),
        generation: Some(2),
        owned_by_uid: Some("owner".to_owned()),
        labels: one("l"),
        annotations: one("a"),
    }
}

fn next(sent: Option<&Sent>, observed: Option<&ObservedMeta>, now: Instant) -> Step {
    let child = child();
    step(&child, &digest(&child), sent, observed, "owner", now)
}

#[test]
fn a_name_that_was_never_sent_is_looked_up_unless_the_caches_know_it_as_ours() {
    let now = Instant::now();
    assert_eq!(next(None, None, now), Step::Write { look: true, drift: false });
    assert_eq!(next(None, Some(&observed("5")), now), Step::Write { look: false, drift: false });
    let foreign = ObservedMeta { owned_by_uid: Some("other".to_owned()), ..observed("5") };
    assert_eq!(next(None, Some(&foreign), now), Step::Write { look: true, drift: false });
    let nobodys = ObservedMeta { owned_by_uid: None, ..observed("5") };
    assert_eq!(next(None, Some(&nobodys), now), Step::Write { look: true, drift: false });
}

#[test]
fn what_is_as_we_wrote_it_or_older_in_the_caches_is_left() {
    let now = Instant::now();
    let sent = sent(&child(), now);
    for version in ["100", "99", "9"] {
        assert_eq!(next(Some(&sent), Some(&observed(version)), now), Step::Leave, "{version}");
    }
}

#[test]
fn a_version_that_is_not_ours_is_drift() {
    let now = Instant::now();
    let sent = sent(&child(), now);
    let drift = Step::Write { look: false, drift: true };
    assert_eq!(next(Some(&sent), Some(&observed("101")), now), drift);
    assert_eq!(next(Some(&sent), Some(&observed("not a number")), now), drift);
    let disowned = ObservedMeta { owned_by_uid: None, ..observed("101") };
    assert_eq!(next(Some(&sent), Some(&disowned), now), Step::Write { look: true, drift: true });
}

#[test]
fn a_status_is_no_drift_and_a_label_is() {
    let now = Instant::now();
    let sent = sent(&child(), now);
    let status = ObservedMeta { generation: Some(1), ..observed("101") };
    assert_eq!(next(Some(&sent), Some(&status), now), Step::Leave);
    let mut extra = status.clone();
    extra.annotations.insert("deployment.kubernetes.io/revision".to_owned(), "2".to_owned());
    assert_eq!(next(Some(&sent), Some(&extra), now), Step::Leave, "what others add is theirs");
    let drift = Step::Write { look: false, drift: true };
    let mut label = status.clone();
    label.labels.insert("l".to_owned(), "2".to_owned());
    assert_eq!(next(Some(&sent), Some(&label), now), drift);
    let mut annotation = status.clone();
    annotation.annotations.clear();
    assert_eq!(next(Some(&sent), Some(&annotation), now), drift);
    let other = ObservedMeta { uid: "another".to_owned(), ..status.clone() };
    assert_eq!(next(Some(&sent), Some(&other), now), drift);
    let without = Sent { generation: None, ..sent };
    assert_eq!(next(Some(&without), Some(&ObservedMeta { generation: None, ..status }), now), drift);
}

#[test]
fn what_is_gone_from_the_caches_is_written_again_and_what_never_was_there_is_awaited() {
    let now = Instant::now();
    let later = now + CACHE_LAG;
    let sent = sent(&child(), now);
    let gone = Step::Write { look: true, drift: true };
    assert_eq!(next(Some(&sent), None, now), gone);
    let unseen = Sent { seen: false, ..sent };
    assert_eq!(next(Some(&unseen), None, now + CACHE_LAG / 2), Step::Await(CACHE_LAG / 2));
    assert_eq!(next(Some(&unseen), None, later), gone);
}

#[test]
fn a_change_of_ours_is_no_drift() {
    let now = Instant::now();
    let before = Child { object: json!({"metadata": {"name": "a"}}), ..child() };
    let sent = sent(&before, now);
    assert_eq!(next(Some(&sent), Some(&observed("100")), now), Step::Write { look: false, drift: false });
}

#[test]
fn what_has_no_generation_is_not_applied_for_each_status() {
    let now = Instant::now();
    let child = child();
    let sent = Sent { generation: None, ..sent(&child, now) };
    let status = ObservedMeta { generation: None, ..observed("101") };
    let waits = |idle| {
        let sent = Sent { idle, ..sent.clone() };
        match next(Some(&sent), Some(&status), now) {
            Step::Await(pause) => pause.as_secs(),
            Step::Write { look: false, drift: true } => 0,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([0, 1, 2, 5, 6, 63, 64, u32::MAX].map(waits), [0, 2, 4, 32, 60, 60, 60, 60]);
    let idle = Sent { idle: 1, ..sent.clone() };
    let drift = Step::Write { look: false, drift: true };
    assert_eq!(next(Some(&idle), Some(&status), now + Duration::from_secs(2)), drift);
    let disowned = ObservedMeta { owned_by_uid: None, ..status };
    assert_eq!(next(Some(&idle), Some(&disowned), now), Step::Write { look: true, drift: true }, "that is no status");
}
