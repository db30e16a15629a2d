//! Two resources that want the same queue.

use std::time::Instant;

use hoopoe_e2e::Method;
use hoopoe_operator::{
    rabbitmq::{RabbitFinding, sync},
    topology::Mode,
};
use serde_json::json;

use crate::topology::kit::{self, Outcomes, VERSIONS};

#[tokio::test]
async fn one_wins_and_the_other_is_told_and_writes_nothing() -> Outcomes {
    let rabbit = kit::start(VERSIONS[0]).await?;
    let spec = "queue: {name: q}, bindings: [{exchange: amq.topic}]";
    let (first, second) = (kit::consumer("b", 1, spec), kit::consumer("a", 2, spec));
    // Two operators, each with its own connection and without knowledge of the other's resources.
    let (one, two) = (kit::broker(&rabbit), kit::broker(&rabbit));
    let (left, right) = tokio::join!(kit::reconcile(&one, &first), kit::reconcile(&two, &second));
    let taken = [left?.is_taken(), right?.is_taken()];
    assert_ne!(taken[0], taken[1], "exactly one yields: {taken:?}");
    let policies = kit::get(&rabbit, "/api/policies/%2F").await;
    let names: Vec<_> = policies.as_array().unwrap().iter().map(|policy| policy["name"].as_str().unwrap()).collect();
    let winner = if taken[0] { "a" } else { "b" };
    assert!(names.iter().all(|name| name.starts_with(&format!("hoopoe.default.{winner}"))), "{names:?}");
    // The same in one cluster: the older resource goes first, even when the younger asks first.
    let rabbit = kit::start(VERSIONS[1]).await?;
    let broker = kit::broker(&rabbit);
    let outcome =
        sync::reconcile(&broker, &second, std::slice::from_ref(&first.claimant), Mode::Write, Some(Instant::now()))
            .await?;
    assert_eq!(outcome.findings, [RabbitFinding::QueueTaken { queue: "q".to_owned(), by: "default/b".to_owned() }]);
    assert!(outcome.changes.is_empty());
    Ok(())
}

#[tokio::test]
async fn another_policy_in_force_is_told() -> Outcomes {
    let rabbit = kit::start(VERSIONS[1]).await?;
    let broker = kit::broker(&rabbit);
    let inbox = kit::consumer("inbox", 1, "queue: {name: q}, bindings: [{exchange: amq.topic}]");
    kit::reconcile(&broker, &inbox).await?;
    let theirs = json!({ "pattern": "^q", "apply-to": "queues", "priority": 999, "definition": { "max-length": 1 } });
    rabbit.management(Method::PUT, "/api/policies/%2F/theirs", Some(&theirs)).await?;
    let outcome = kit::reconcile(&broker, &inbox).await?;
    let shadowed: Vec<_> = outcome.findings.iter().map(RabbitFinding::reason).collect();
    assert_eq!(shadowed, ["PolicyShadowed", "PolicyShadowed"]);
    assert!(outcome.findings[0].to_string().contains("theirs"), "{}", outcome.findings[0]);
    Ok(())
}

#[tokio::test]
async fn the_policy_of_a_kept_queue_goes_when_the_queue_has_an_owner_again() -> Outcomes {
    for version in VERSIONS {
        let rabbit = kit::start(version).await?;
        let broker = kit::broker(&rabbit);
        // Two policies stay: one of another queue, and one that a user made.
        for (name, pattern) in [
            ("hoopoe-kept.default.gone", "^q$"),
            ("hoopoe-kept.default.gone.dlq", "^q\\.dlq$"),
            ("hoopoe-kept.default.other", "^q2$"),
            ("theirs", "^qqq$"),
        ] {
            let kept =
                json!({ "pattern": pattern, "apply-to": "queues", "priority": 100, "definition": { "max-length": 1 } });
            rabbit.management(Method::PUT, &format!("/api/policies/%2F/{name}"), Some(&kept)).await?;
        }
        let inbox = kit::consumer("inbox", 1, "queue: {name: q}, bindings: [{exchange: amq.topic}]");
        let outcome = kit::reconcile(&broker, &inbox).await?;
        assert!(outcome.findings.is_empty(), "{version:?}: {:?}", outcome.findings);
        let left: Vec<_> = outcome.seen.policies.keys().collect();
        let expected = ["hoopoe-kept.default.other", "hoopoe.default.inbox", "hoopoe.default.inbox.dlq", "theirs"];
        assert_eq!(left, expected, "{version:?}");
        assert_eq!(outcome.seen.queues["q"].policy.as_deref(), Some("hoopoe.default.inbox"), "{version:?}");
    }
    Ok(())
}
