//! When a child is sent again.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use serde_json::json;

use super::*;

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
        applied_at: None,
        idle: 0,
        handed_over: false,
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Pairs {
    let owned = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Pairs::from(&owned.collect::<std::collections::BTreeMap<_, _>>())
}

fn observed(version: &str) -> ObservedMeta {
    ObservedMeta {
        uid: "object".to_owned(),
        resource_version: version.to_owned(),
        generation: Some(2),
        owned_by_uid: Some("owner".to_owned()),
        labels: pairs(&[("l", "1")]),
        annotations: pairs(&[("a", "1")]),
    }
}

fn next(sent: Option<&Sent>, observed: Option<&ObservedMeta>, now: Instant) -> ChildStep {
    let child = child();
    step(&child, &digest(&child), sent, observed, "owner", now)
}

#[test]
fn a_name_that_was_never_sent_is_looked_up_unless_the_caches_know_it_as_ours() {
    let now = Instant::now();
    assert_eq!(next(None, None, now), ChildStep::Write { look: true, drift: false });
    assert_eq!(next(None, Some(&observed("5")), now), ChildStep::Write { look: false, drift: false });
    let foreign = ObservedMeta { owned_by_uid: Some("other".to_owned()), ..observed("5") };
    assert_eq!(next(None, Some(&foreign), now), ChildStep::Write { look: true, drift: false });
    let nobodys = ObservedMeta { owned_by_uid: None, ..observed("5") };
    assert_eq!(next(None, Some(&nobodys), now), ChildStep::Write { look: true, drift: false });
}

#[test]
fn what_is_as_we_wrote_it_or_older_in_the_caches_is_left() {
    let now = Instant::now();
    let sent = sent(&child(), now);
    for version in ["100", "99", "9"] {
        assert_eq!(next(Some(&sent), Some(&observed(version)), now), ChildStep::Leave, "{version}");
    }
}

#[test]
fn a_version_that_is_not_ours_is_drift() {
    let now = Instant::now();
    let sent = sent(&child(), now);
    let drift = ChildStep::Write { look: false, drift: true };
    assert_eq!(next(Some(&sent), Some(&observed("101")), now), drift);
    assert_eq!(next(Some(&sent), Some(&observed("not a number")), now), drift);
    let disowned = ObservedMeta { owned_by_uid: None, ..observed("101") };
    assert_eq!(next(Some(&sent), Some(&disowned), now), ChildStep::Write { look: true, drift: true });
}

#[test]
fn a_status_is_no_drift_and_a_label_is() {
    let now = Instant::now();
    let sent = sent(&child(), now);
    let status = ObservedMeta { generation: Some(1), ..observed("101") };
    assert_eq!(next(Some(&sent), Some(&status), now), ChildStep::Leave);
    let mut extra = status.clone();
    extra.annotations = pairs(&[("a", "1"), ("deployment.kubernetes.io/revision", "2")]);
    assert_eq!(next(Some(&sent), Some(&extra), now), ChildStep::Leave, "what others add is theirs");
    let drift = ChildStep::Write { look: false, drift: true };
    let mut label = status.clone();
    label.labels = pairs(&[("l", "2")]);
    assert_eq!(next(Some(&sent), Some(&label), now), drift);
    let mut annotation = status.clone();
    annotation.annotations = pairs(&[]);
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
    let gone = ChildStep::Write { look: true, drift: true };
    assert_eq!(next(Some(&sent), None, now), gone);
    let unseen = Sent { seen: false, ..sent };
    assert_eq!(next(Some(&unseen), None, now + CACHE_LAG / 2), ChildStep::Await(CACHE_LAG / 2));
    assert_eq!(next(Some(&unseen), None, later), gone);
}

#[test]
fn a_change_of_ours_is_no_drift() {
    let now = Instant::now();
    let before = Child { object: json!({"metadata": {"name": "a"}}), ..child() };
    let sent = sent(&before, now);
    assert_eq!(next(Some(&sent), Some(&observed("100")), now), ChildStep::Write { look: false, drift: false });
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
            ChildStep::Await(pause) => pause.as_secs(),
            ChildStep::Write { look: false, drift: true } => 0,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([0, 1, 2, 5, 6, 63, 64, u32::MAX].map(waits), [0, 2, 4, 32, 60, 60, 60, 60]);
    let idle = Sent { idle: 1, ..sent.clone() };
    let drift = ChildStep::Write { look: false, drift: true };
    assert_eq!(next(Some(&idle), Some(&status), now + Duration::from_secs(2)), drift);
    let disowned = ObservedMeta { owned_by_uid: None, ..status };
    assert_eq!(
        next(Some(&idle), Some(&disowned), now),
        ChildStep::Write { look: true, drift: true },
        "that is no status"
    );
}

/// An object as the API server returns it.
fn answer(version: &str, generation: Option<i64>) -> ObjectMeta {
    let controller = OwnerReference { uid: "owner".to_owned(), controller: Some(true), ..OwnerReference::default() };
    ObjectMeta {
        uid: Some("object".to_owned()),
        resource_version: Some(version.to_owned()),
        generation,
        owner_references: Some(vec![controller]),
        ..ObjectMeta::default()
    }
}

#[test]
fn an_apply_changed_something_when_more_than_a_status_moved() {
    let child = child();
    let sent = sent(&child, Instant::now());
    let before = ObservedMeta { generation: Some(2), ..observed("150") };
    let changed = |before: Option<&ObservedMeta>, after: &ObjectMeta| changed(&child, before, Some(&sent), after);
    assert!(changed(None, &answer("200", Some(1))), "it was made");
    assert!(!changed(Some(&before), &answer("150", Some(2))), "nothing moved");
    assert!(!changed(Some(&before), &answer("100", Some(1))), "it is what we wrote");
    assert!(!changed(Some(&before), &answer("200", Some(2))), "a status moved in the meantime");
    assert!(changed(Some(&before), &answer("200", Some(3))));
    let mut labelled = before.clone();
    labelled.labels = pairs(&[]);
    assert!(changed(Some(&labelled), &answer("200", Some(2))), "a label was put back");
    let disowned = ObservedMeta { owned_by_uid: None, ..before.clone() };
    assert!(changed(Some(&disowned), &answer("200", Some(2))), "the owner was put back");
    let without = ObservedMeta { generation: None, ..before };
    assert!(changed(Some(&without), &answer("200", None)), "a kind that does not tell");
}

#[test]
fn an_autoscaler_is_changed_when_our_fields_of_it_are() {
    let child = Child { kind: ChildKind::HorizontalPodAutoscaler, ..child() };
    let at = |text: &str| serde_json::from_str::<Time>(&format!("\"2026-01-01T00:00:{text}Z\"")).unwrap();
    let answer = |manager: &str, time: &str| {
        let entry = ManagedFieldsEntry {
            manager: Some(manager.to_owned()),
            operation: Some("Apply".to_owned()),
            time: Some(at(time)),
            ..ManagedFieldsEntry::default()
        };
        ObjectMeta { managed_fields: Some(vec![entry]), ..answer("200", None) }
    };
    let before = ObservedMeta { generation: None, ..observed("150") };
    let sent = Sent { applied_at: applied_at(&answer(FIELD_MANAGER, "01")), ..sent(&child, Instant::now()) };
    assert_eq!(sent.applied_at, Some(at("01")));
    assert!(!changed(&child, Some(&before), Some(&sent), &answer(FIELD_MANAGER, "01")));
    assert!(changed(&child, Some(&before), Some(&sent), &answer(FIELD_MANAGER, "02")));
    assert!(changed(&child, Some(&before), Some(&sent), &answer("somebody", "01")), "it was not ours");
    assert!(changed(&child, Some(&before), None, &answer(FIELD_MANAGER, "01")));
}
