//! The policies of a queue and of its dead-letter queue, as the management API takes them.

use hoopoe_crds::worker_config::{ConsumerConfig, Overflow, QueueConfig, QueuePolicy, QueueType};
use serde_json::{Map, Value, json};

/// A policy and its name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Policy {
    /// `hoopoe.<namespace>.<queue>`, the dead-letter queue's with `.dlq`.
    pub(super) name: String,
    /// The body of the `PUT`.
    pub(super) body: Value,
}

/// The name of a queue's policy.
pub(super) fn name(namespace: &str, queue: &str) -> String {
    format!("hoopoe.{namespace}.{queue}")
}

/// The policy of the queue itself.
pub(super) fn of_queue(namespace: &str, consumer: &ConsumerConfig) -> Policy {
    let QueueConfig { name: queue, kind, max_priority: _, policy } = &consumer.queue;
    let QueuePolicy { message_ttl, max_length, overflow, delivery_limit, priority } = policy;
    let mut definition = Map::new();
    let mut set = |key: &str, value: Value| definition.insert(key.to_owned(), value);
    set("dead-letter-exchange", json!(""));
    set("dead-letter-routing-key", json!(format!("{queue}.dlq")));
    let rejects = match overflow {
        Overflow::RejectPublish => true,
        Overflow::DropHead => false,
    };
    set("overflow", json!(if rejects { "reject-publish" } else { "drop-head" }));
    match kind {
        QueueType::Quorum => {
            set("delivery-limit", json!(delivery_limit));
            // At-least-once needs reject-publish; beside drop-head the broker ignores it with a warning.
            if rejects {
                set("dead-letter-strategy", json!("at-least-once"));
            }
        }
        QueueType::Classic => {}
    }
    if let Some(ttl) = message_ttl {
        set("message-ttl", json!(u64::try_from(ttl.0.as_millis()).unwrap_or(u64::MAX)));
    }
    if let Some(length) = max_length {
        set("max-length", json!(length));
    }
    policy_of(name(namespace, queue), queue, *priority, &definition)
}

/// The policy of `<queue>.dlq`.
pub(super) fn of_dead_letters(namespace: &str, consumer: &ConsumerConfig) -> Policy {
    let queue = format!("{}.dlq", consumer.queue.name);
    let mut definition = Map::new();
    definition.insert("max-length".to_owned(), json!(consumer.dead_letter_max_length));
    definition.insert("overflow".to_owned(), json!("reject-publish"));
    policy_of(name(namespace, &queue), &queue, consumer.queue.policy.priority, &definition)
}

fn policy_of(name: String, queue: &str, priority: i32, definition: &Map<String, Value>) -> Policy {
    let body = json!({
        "pattern": format!("^{}$", escaped(queue)),
        "apply-to": "queues",
        "priority": priority,
        "definition": definition,
    });
    Policy { name, body }
}

/// A name as a regular expression that matches exactly it.
fn escaped(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '-' | '_' | ':' | '/') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use hoopoe_crds::duration::Span;

    use super::*;

    fn consumer(policy: &QueuePolicy, kind: QueueType) -> ConsumerConfig {
        let queue = json!({ "queue": { "name": "Hoopoe.a:b", "type": kind, "policy": policy } });
        serde_json::from_value(queue).unwrap()
    }

    #[test]
    fn a_quorum_queue_dead_letters_at_least_once() {
        let policy =
            QueuePolicy { message_ttl: Some(Span::from_secs(2)), max_length: Some(5), ..QueuePolicy::default() };
        let policy = of_queue("dev", &consumer(&policy, QueueType::Quorum));
        assert_eq!(policy.name, "hoopoe.dev.Hoopoe.a:b");
        let expected = json!({
            "pattern": r"^Hoopoe\.a:b$", "apply-to": "queues", "priority": 100,
            "definition": {
                "dead-letter-exchange": "", "dead-letter-routing-key": "Hoopoe.a:b.dlq",
                "dead-letter-strategy": "at-least-once", "overflow": "reject-publish",
                "delivery-limit": 20, "message-ttl": 2000, "max-length": 5,
            },
        });
        assert_eq!(policy.body, expected);
    }

    #[test]
    fn drop_head_omits_the_strategy() {
        let policy = QueuePolicy { overflow: Overflow::DropHead, ..QueuePolicy::default() };
        let body = of_queue("dev", &consumer(&policy, QueueType::Quorum)).body;
        assert_eq!(body["definition"]["overflow"], "drop-head");
        assert_eq!(body["definition"].get("dead-letter-strategy"), None);
    }

    #[test]
    fn a_classic_queue_has_no_delivery_limit() {
        let body = of_queue("dev", &consumer(&QueuePolicy::default(), QueueType::Classic)).body;
        assert_eq!(body["definition"].get("delivery-limit"), None);
        assert_eq!(body["definition"].get("dead-letter-strategy"), None);
    }

    #[test]
    fn the_dead_letter_queue_refuses_when_full() {
        let policy = of_dead_letters("dev", &consumer(&QueuePolicy::default(), QueueType::Quorum));
        assert_eq!(policy.name, "hoopoe.dev.Hoopoe.a:b.dlq");
        assert_eq!(policy.body["pattern"], r"^Hoopoe\.a:b\.dlq$");
        assert_eq!(policy.body["definition"], json!({ "max-length": 100_000, "overflow": "reject-publish" }));
    }
}
