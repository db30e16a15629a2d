//! The same rules, evaluated by a real API server.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    plane::{complaints, plane},
    table::{Case, KINDS, Kind},
};

/// A document with a name, by which its answer is found.
struct Try<'a> {
    case: &'a Case,
    document: Value,
    refused: bool,
}

fn named(kind: Kind, name: &str, case: &Case, change: Option<&Value>) -> Value {
    let name = json!({ "metadata": { "name": name } });
    kind.with([&name].into_iter().chain(&case.from).chain(change))
}

/// Runs every change of every case. `refused`: the API server must refuse those changes.
fn tries<'a>(kind: Kind, cases: &'a [Case], prefix: &str, refused: impl Fn(&Case) -> bool) -> Vec<Try<'a>> {
    let mut tries = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let good = case.accept.iter().map(|change| (change, false));
        let bad = case.reject.iter().map(|change| (change, refused(case)));
        for (number, (change, refused)) in good.chain(bad).enumerate() {
            let document = named(kind, &format!("{prefix}-{index}-{number}"), case, Some(change));
            tries.push(Try { case, document, refused });
        }
    }
    tries
}

fn judge(tries: &[Try<'_>], found: &BTreeMap<String, String>) -> usize {
    for Try { case, document, refused } in tries {
        let complaint = found.get(document["metadata"]["name"].as_str().unwrap());
        if !refused {
            assert_eq!(complaint, None, "{}: {}", case.at, case.message);
            continue;
        }
        let Some(complaint) = complaint else { panic!("it was accepted: {}: {}: {document}", case.at, case.message) };
        assert!(complaint.contains(&case.message), "{}: {}: {complaint}", case.at, case.message);
        // The rule at the root reports the whole object, but its message names the field.
        let blamed = format!("{}: Invalid value", case.blames);
        assert!(complaint.contains(&blamed) || case.at.is_empty(), "{}: {complaint}", case.blames);
    }
    tries.len()
}

#[tokio::test]
async fn the_api_server_says_the_same_as_the_local_evaluation() {
    let plane = plane("rules").await;
    let mut judged = 0;
    for kind in KINDS {
        let cases = kind.cases();
        let created = tries(kind, &cases, "create", |case| case.from.is_none());
        let documents: Vec<_> = created.iter().map(|one| one.document.clone()).collect();
        judged +=
            judge(&created, &complaints(&plane, &["-n", "rules", "create", "--dry-run=server"], &documents).await);

        // A name cannot change: such a document would be another object.
        let changeable: Vec<Case> = cases.into_iter().filter(|case| !case.at.is_empty()).collect();
        let updated = tries(kind, &changeable, "update", |_| true);
        let stored =
            updated.iter().map(|one| named(kind, one.document["metadata"]["name"].as_str().unwrap(), one.case, None));
        assert_eq!(
            complaints(&plane, &["-n", "rules", "create"], &stored.collect::<Vec<_>>()).await,
            BTreeMap::default()
        );
        let documents: Vec<_> = updated.iter().map(|one| one.document.clone()).collect();
        judged +=
            judge(&updated, &complaints(&plane, &["-n", "rules", "replace", "--dry-run=server"], &documents).await);
    }
    println!("{judged} documents");
}

#[tokio::test]
async fn an_explanation_reads_like_documentation_and_lists_show_the_columns() {
    let plane = plane("columns").await;
    let explained = plane.kubectl(&["explain", "ncons.spec.queue.policy"]).await.unwrap();
    println!("{explained}");
    for words in
        ["What RabbitMQ's policy for it says", "deliveryLimit", "Deliveries before the broker itself", "DropHead: "]
    {
        assert!(explained.contains(words), "{words}: {explained}");
    }
    for kind in KINDS {
        plane.apply(&kind.with([&json!({ "metadata": { "namespace": "columns" } })]).to_string()).await.unwrap();
    }
    let listed = plane.kubectl(&["-n", "columns", "get", "hoopoe"]).await.unwrap();
    println!("{listed}");
    for column in ["READY", "EXCHANGE", "QUEUE", "WORKERS", "BACKLOG", "STATUS", "AGE", "shop.inbox", "shop.events"] {
        assert!(listed.contains(column), "{column}: {listed}");
    }
    let selected = plane
        .kubectl(&["-n", "columns", "get", "ncons", "--field-selector", "spec.queue.name=shop.inbox", "-o", "name"])
        .await;
    assert_eq!(selected.unwrap().trim(), "notifconsumer.hoopoe.app/inbox");
    plane.kubectl(&["-n", "columns", "scale", "ncons", "inbox", "--replicas=4"]).await.unwrap();
    let replicas =
        plane.kubectl(&["-n", "columns", "get", "ncons", "inbox", "-o", "jsonpath={.spec.replicas}"]).await.unwrap();
    assert_eq!(replicas, "4");
}

/// No rule ever sees a null: either a default replaces it, or the field is refused by name.
#[tokio::test]
async fn a_null_becomes_the_default_or_is_refused() {
    let plane = plane("nulls").await;
    let mut document = Kind::Consumer.with([&json!({ "metadata": { "namespace": "nulls" } })]);
    document["spec"]["disruption"] = json!({ "maxUnavailable": null });
    document["spec"]["queue"]["type"] = Value::Null;
    plane.apply(&document.to_string()).await.unwrap();
    let spec = plane.kubectl(&["-n", "nulls", "get", "ncons", "inbox", "-o", "jsonpath={.spec}"]).await.unwrap();
    let spec: Value = serde_json::from_str(&spec).unwrap();
    assert_eq!((&spec["disruption"]["maxUnavailable"], &spec["queue"]["type"]), (&json!(1), &json!("Quorum")));
    document["spec"]["scaling"] = Value::Null;
    let refused = plane.apply(&document.to_string()).await.unwrap_err().to_string();
    assert!(refused.contains("spec.scaling"), "{refused}");
}
