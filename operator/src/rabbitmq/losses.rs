//! What is lost when changes are made on a broker. Pure.

use hoopoe_crds::policy::Policy;
use serde_json::Value;

use super::{Change, Snapshot};

/// What these changes would lose on this broker, a sentence each.
pub(super) fn losses(changes: &[Change], seen: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for change in changes {
        found.extend(change.loss());
        match change {
            Change::PutPolicy(policy) => found.extend(by_policy(policy, seen)),
            Change::Unbind { queue, binding } => {
                let stays = changes.iter().any(|other| match other {
                    Change::Bind { queue: its, binding: new } => {
                        its == queue && new.source == binding.source && new.routing_key == binding.routing_key
                    }
                    Change::DeclareExchange { .. }
                    | Change::PutPolicy(_)
                    | Change::DeclareQueue { .. }
                    | Change::Unbind { .. }
                    | Change::DeletePolicy { .. }
                    | Change::DeleteQueue { .. }
                    | Change::DeleteExchange { .. } => false,
                });
                if !stays {
                    let (source, key) = (&binding.source, &binding.routing_key);
                    found.push(format!(
                        "messages that are published to {source} with the key \"{key}\" no longer reach {queue}"
                    ));
                }
            }
            Change::DeclareExchange { .. }
            | Change::DeclareQueue { .. }
            | Change::Bind { .. }
            | Change::DeletePolicy { .. }
            | Change::DeleteQueue { .. }
            | Change::DeleteExchange { .. } => {}
        }
    }
    found
}

fn by_policy(policy: &Policy, seen: &Snapshot) -> Vec<String> {
    let queue = &policy.queue;
    let number = |key: &str| policy.definition.get(key).and_then(Value::as_u64);
    let before = seen.policies.get(&policy.name).map(|there| &there.definition);
    let before_number = |key: &str| before.and_then(|before| before.get(key)).and_then(Value::as_u64);
    let there = seen.queues.get(queue);
    let ready = there.map_or(0, |queue| queue.messages_ready);
    let mut found = Vec::new();
    let drops = |definition: Option<&Value>| definition.and_then(Value::as_str) == Some("drop-head");
    let over = number("max-length").map_or(0, |most| ready.saturating_sub(most));
    if drops(policy.definition.get("overflow")) {
        if over > 0 {
            found.push(format!("{over} of the {ready} messages in {queue} are over maxLength: the oldest are dropped"));
        }
        if !drops(before.and_then(|before| before.get("overflow"))) {
            found.push(format!("when {queue} is full, it drops its oldest message, and no sender gets an error"));
        }
    }
    if let Some(ttl) = number("message-ttl")
        && before_number("message-ttl").is_none_or(|before| ttl < before)
        && ready > 0
    {
        found.push(format!("of the {ready} messages in {queue}, those older than {ttl} ms become dead letters"));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::rabbitmq::{self, Binding, Queue};

    fn policy(definition: &Value) -> Policy {
        let definition = definition.as_object().unwrap().clone();
        Policy { name: "hoopoe.ns.a".to_owned(), queue: "inbox".to_owned(), priority: 100, definition, cluster: None }
    }

    fn seen(messages_ready: u64, definition: &Value) -> Snapshot {
        let queue = Queue { name: "inbox".to_owned(), messages_ready, ..Queue::default() };
        let definition = definition.as_object().unwrap().clone();
        let policy = rabbitmq::Policy { name: "hoopoe.ns.a".to_owned(), definition, ..rabbitmq::Policy::default() };
        Snapshot {
            queues: BTreeMap::from([("inbox".to_owned(), queue)]),
            policies: BTreeMap::from([("hoopoe.ns.a".to_owned(), policy)]),
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_policy_loses_what_it_drops_or_moves() {
        let put = |definition: Value| vec![Change::PutPolicy(policy(&definition))];
        let rejecting = seen(100, &json!({ "overflow": "reject-publish" }));
        let shorter = put(json!({ "overflow": "reject-publish", "max-length": 10 }));
        assert!(losses(&shorter, &rejecting).is_empty(), "senders are refused, and nothing goes");
        let dropping = losses(&put(json!({ "overflow": "drop-head", "max-length": 10 })), &rejecting);
        assert_eq!(dropping.len(), 2);
        assert!(dropping[0].starts_with("90 of the 100 messages in inbox"), "{dropping:?}");
        let still = seen(5, &json!({ "overflow": "drop-head" }));
        assert!(losses(&put(json!({ "overflow": "drop-head", "max-length": 10 })), &still).is_empty());
        let ageing = put(json!({ "overflow": "reject-publish", "message-ttl": 1000 }));
        assert_eq!(losses(&ageing, &rejecting).len(), 1);
        assert!(losses(&ageing, &seen(100, &json!({ "message-ttl": 500 }))).is_empty());
        assert!(losses(&ageing, &seen(0, &json!({}))).is_empty());
    }

    #[test]
    fn a_binding_that_goes_loses_what_only_it_led_here() {
        let binding = |key: &str, argument: &str| Binding {
            source: "shop".to_owned(),
            routing_key: key.to_owned(),
            arguments: json!({ "a": argument }).as_object().unwrap().clone(),
            ..Binding::default()
        };
        let unbind = |key: &str| Change::Unbind { queue: "inbox".to_owned(), binding: binding(key, "1") };
        let bind = |key: &str| Change::Bind { queue: "inbox".to_owned(), binding: binding(key, "2") };
        let seen = Snapshot::default();
        assert_eq!(losses(&[bind("b"), unbind("a")], &seen).len(), 1);
        assert!(losses(&[bind("a"), unbind("a")], &seen).is_empty());
    }
}
