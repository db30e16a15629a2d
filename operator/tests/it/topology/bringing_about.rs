//! Wanted objects are declared, stay, and are restored.

use hoopoe_e2e::Method;
use hoopoe_operator::rabbitmq::{Change, RabbitFinding};
use serde_json::json;

use crate::topology::kit::{self, Outcomes, VERSIONS};

const INBOX: &str = "queue: {name: Hoopoe.a:inbox, policy: {messageTtl: 1h, maxLength: 7}}, \
     bindings: [{exchange: events, routingKey: 'order.*'}, {exchange: amq.headers, arguments: {x-match: any, kind: \
     order}}]";

#[tokio::test]
async fn queue_bindings_policies_and_dead_letters_come_about_and_a_second_look_writes_nothing() -> Outcomes {
    for version in VERSIONS {
        let rabbit = kit::start(version).await?;
        let broker = kit::broker(&rabbit);
        let inbox = kit::consumer("inbox", 1, INBOX);
        // The consumer may be created first: its binding follows when the exchange exists.
        let outcome = kit::reconcile(&broker, &inbox).await?;
        assert_eq!(outcome.findings, [RabbitFinding::ExchangeMissing { name: "events".to_owned() }], "{version:?}");
        for kind in ["Topic", "Direct", "Fanout", "Headers"] {
            let name = if kind == "Topic" { "events".to_owned() } else { format!("events-{kind}") };
            let events = kit::producer("events", &format!("exchange: {{name: {name}, type: {kind}}}"));
            assert_eq!(kit::reconcile(&broker, &events).await?.changes.len(), 1);
            assert_eq!(kit::get(&rabbit, &format!("/api/exchanges/%2F/{name}")).await["type"], kind.to_lowercase());
        }
        let outcome = kit::reconcile(&broker, &inbox).await?;
        assert!(outcome.findings.is_empty(), "{version:?}: {:?}", outcome.findings);
        let queue = kit::get(&rabbit, "/api/queues/%2F/Hoopoe.a%3Ainbox").await;
        assert_eq!(queue["arguments"], json!({ "x-queue-type": "quorum" }), "what a policy can say is no argument");
        assert_eq!(queue["policy"], "hoopoe.default.inbox");
        assert_eq!(queue["effective_policy_definition"]["dead-letter-strategy"], "at-least-once");
        assert_eq!(queue["effective_policy_definition"]["max-length"], 7);
        assert_eq!(
            kit::get(&rabbit, "/api/queues/%2F/Hoopoe.a%3Ainbox.dlq").await["policy"],
            "hoopoe.default.inbox.dlq"
        );
        let bindings = kit::get(&rabbit, "/api/queues/%2F/Hoopoe.a%3Ainbox/bindings").await;
        let marked =
            bindings.as_array().unwrap().iter().filter(|binding| binding["arguments"]["x-hoopoe"] == "default/inbox");
        assert_eq!(marked.count(), 2, "{bindings}");
        let again = kit::reconcile(&broker, &inbox).await?;
        assert!(again.changes.is_empty() && again.findings.is_empty(), "{again:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_left_the_spec_is_unbound_and_what_is_not_ours_stays() -> Outcomes {
    let rabbit = kit::start(VERSIONS[0]).await?;
    let broker = kit::broker(&rabbit);
    let queue = "queue: {name: q}";
    kit::reconcile(
        &broker,
        &kit::consumer(
            "c",
            1,
            &format!(
                "{queue}, bindings: [{{exchange: amq.topic, routingKey: a}}, {{exchange: amq.topic, routingKey: b}}]"
            ),
        ),
    )
    .await?;
    rabbit
        .management(Method::POST, "/api/bindings/%2F/e/amq.topic/q/q", Some(&json!({ "routing_key": "theirs" })))
        .await?;
    // A new `Broker`, because the operator did not run while the spec changed.
    let outcome = kit::reconcile(
        &kit::broker(&rabbit),
        &kit::consumer("c", 1, &format!("{queue}, bindings: [{{exchange: amq.topic, routingKey: b}}]")),
    )
    .await?;
    let texts: Vec<_> = outcome.changes.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["unbind the queue q from amq.topic with the key \"a\""]);
    assert!(
        matches!(outcome.findings[..], [RabbitFinding::ForeignBindings { count: 1, .. }]),
        "{:?}",
        outcome.findings
    );
    let bindings = kit::get(&rabbit, "/api/queues/%2F/q/bindings").await;
    let keys: Vec<_> = bindings
        .as_array()
        .unwrap()
        .iter()
        .filter(|b| b["source"] == "amq.topic")
        .map(|b| b["routing_key"].clone())
        .collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(keys.contains(&json!("theirs")) && keys.contains(&json!("b")), "{keys:?}");
    Ok(())
}

#[tokio::test]
async fn what_is_removed_or_changed_by_hand_comes_back() -> Outcomes {
    let rabbit = kit::start(VERSIONS[1]).await?;
    let broker = kit::broker(&rabbit);
    let inbox = kit::consumer("inbox", 1, "queue: {name: q}, bindings: [{exchange: amq.topic, routingKey: a}]");
    kit::reconcile(&broker, &inbox).await?;
    for (method, path, body, kind) in [
        (Method::DELETE, "/api/policies/%2F/hoopoe.default.inbox", None, "policy"),
        (
            Method::PUT,
            "/api/policies/%2F/hoopoe.default.inbox.dlq",
            Some(json!({ "pattern": "^q\\.dlq$", "apply-to": "queues", "definition": { "max-length": 1 } })),
            "policy",
        ),
        (Method::DELETE, "/api/queues/%2F/q.dlq", None, "queue"),
        (Method::DELETE, "/api/queues/%2F/q", None, "queue"),
    ] {
        rabbit.management(method.clone(), path, body.as_ref()).await?;
        let outcome = kit::reconcile(&broker, &inbox).await?;
        assert!(outcome.changes.iter().any(|change| change.kind() == kind), "{method} {path}: {:?}", outcome.changes);
        assert!(outcome.findings.is_empty(), "{method} {path}: {:?}", outcome.findings);
        assert!(kit::reconcile(&broker, &inbox).await?.changes.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn other_immutable_arguments_are_told_with_both_values_and_not_touched() -> Outcomes {
    let rabbit = kit::start(VERSIONS[1]).await?;
    let broker = kit::broker(&rabbit);
    let arguments = json!({ "durable": true, "arguments": { "x-queue-type": "classic", "x-max-priority": 3 } });
    rabbit.management(Method::PUT, "/api/queues/%2F/q", Some(&arguments)).await?;
    rabbit
        .management(Method::PUT, "/api/exchanges/%2F/events", Some(&json!({ "type": "fanout", "durable": true })))
        .await?;
    let outcome =
        kit::reconcile(&broker, &kit::consumer("c", 1, "queue: {name: q}, bindings: [{exchange: amq.topic}]")).await?;
    let told: Vec<_> = outcome
        .findings
        .iter()
        .filter(|finding| matches!(finding, RabbitFinding::ArgumentsDiffer { .. }))
        .map(ToString::to_string)
        .collect();
    assert!(told[0].contains("type classic") && told[0].contains("quorum is asked for"), "{told:?}");
    assert!(told[1].contains("x-max-priority 3") && told[1].contains("none is asked for"), "{told:?}");
    let outcome = kit::reconcile(&broker, &kit::producer("p", "exchange: {name: events}")).await?;
    assert!(
        matches!(&outcome.findings[..], [RabbitFinding::ArgumentsDiffer { have, .. }] if have == "fanout"),
        "{outcome:?}"
    );
    assert_eq!(kit::get(&rabbit, "/api/queues/%2F/q").await["type"], "classic");
    assert!(!outcome.changes.iter().any(|change| matches!(change, Change::DeclareExchange { .. })));
    Ok(())
}
