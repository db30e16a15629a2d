//! Which of the objects on a broker are ours, and whether a queue that is there can become the queue that we want.

use serde_json::{Map, Value};

use super::{Binding, Queue, RabbitFinding, Snapshot, names::MARK};

/// The bindings of a queue that carry our mark.
pub(super) fn ours<'a>(queue: &'a str, mark: &'a str, seen: &'a Snapshot) -> impl Iterator<Item = &'a Binding> {
    bindings_of(queue, seen).filter(move |binding| binding.arguments.get(MARK).and_then(Value::as_str) == Some(mark))
}

/// Every binding of a queue.
pub(super) fn bindings_of<'a>(queue: &'a str, seen: &'a Snapshot) -> impl Iterator<Item = &'a Binding> {
    seen.bindings.iter().filter(move |binding| binding.destination_type == "queue" && binding.destination == queue)
}

/// The differences that no write can remove between an object and one that outlives the broker and its last user.
pub(super) fn lifetime_differences(what: &str, durable: bool, auto_delete: bool) -> Vec<RabbitFinding> {
    let differs = |field: &str, want: bool| RabbitFinding::ArgumentsDiffer {
        what: what.to_owned(),
        field: field.to_owned(),
        want: want.to_string(),
        have: (!want).to_string(),
    };
    let mut findings = Vec::new();
    if !durable {
        findings.push(differs("durable", true));
    }
    if auto_delete {
        findings.push(differs("auto-delete", false));
    }
    findings
}

/// The differences between a queue and what we want that no write can remove.
pub(super) fn immutable_differences(name: &str, want: &Map<String, Value>, there: &Queue) -> Vec<RabbitFinding> {
    let differ = |field: &str, want: String, have: String| RabbitFinding::ArgumentsDiffer {
        what: format!("the queue {name}"),
        field: field.to_owned(),
        want,
        have,
    };
    let mut findings = Vec::new();
    let kind = want.get("x-queue-type").and_then(Value::as_str).unwrap_or_default();
    if kind != there.kind {
        findings.push(differ("type", kind.to_owned(), there.kind.clone()));
    }
    findings.extend(lifetime_differences(&format!("the queue {name}"), there.durable, there.auto_delete));
    let text = |value: Option<&Value>| value.map_or_else(|| "none".to_owned(), ToString::to_string);
    let others = want.keys().chain(there.arguments.keys()).filter(|key| *key != "x-queue-type");
    let mut fields: Vec<&String> = others.collect();
    fields.sort();
    fields.dedup();
    for field in fields {
        let (wanted, have) = (want.get(field), there.arguments.get(field));
        if wanted != have {
            findings.push(differ(field, text(wanted), text(have)));
        }
    }
    findings
}
