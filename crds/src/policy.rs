//! The RabbitMQ policies of a queue and of its dead-letter queue. What a policy can say is never a queue argument,
//! since an argument cannot change and wins over a policy.

use serde_json::{Map, Value, json};

use crate::worker_config::{Overflow, QueuePolicy, QueueType};

/// What the name of a dead-letter queue ends with, and that of its policy.
pub const DEAD_LETTERS: &str = ".dlq";

/// A policy on exactly one queue, applied to `queues`.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name, unique in the virtual host.
    pub name: String,
    /// The queue that it is for.
    pub queue: String,
    /// Which of several policies on one queue is in force: the highest.
    pub priority: i32,
    /// What it says.
    pub definition: Map<String, Value>,
    /// The id of the cluster whose resource claims the queue by it; `None`: it names no cluster.
    pub cluster: Option<String>,
}

/// What the mark of a cluster in a pattern starts with: a comment, which matches nothing. A policy has no other place
/// for a text of ours: a broker refuses unknown keys, and the name is the claim, which two clusters must both see.
const CLUSTER_MARK: &str = "(?#hoopoe-cluster=";

impl Policy {
    /// A regular expression that matches exactly the queue's name; the cluster's mark behind it.
    pub fn pattern(&self) -> String {
        let mark = self.cluster.as_ref().map(|id| format!("{CLUSTER_MARK}{id})")).unwrap_or_default();
        pattern(&self.queue) + &mark
    }

    /// The body of the management API's `PUT`.
    pub fn body(&self) -> Value {
        json!({
            "pattern": self.pattern(),
            "apply-to": "queues",
            "priority": self.priority,
            "definition": self.definition,
        })
    }
}

/// The policy of the queue itself.
pub fn of_queue(name: String, queue: &str, kind: QueueType, policy: &QueuePolicy) -> Policy {
    let QueuePolicy { message_ttl, max_length, overflow, delivery_limit, priority } = policy;
    let mut definition = Map::new();
    let mut set = |key: &str, value: Value| definition.insert(key.to_owned(), value);
    set("dead-letter-exchange", json!(""));
    set("dead-letter-routing-key", json!(dead_letters(queue)));
    let rejects = match overflow {
        Overflow::RejectPublish => true,
        Overflow::DropHead => false,
    };
    set("overflow", json!(if rejects { "reject-publish" } else { "drop-head" }));
    match kind {
        QueueType::Quorum => {
            set("delivery-limit", json!(delivery_limit));
            // At-least-once needs reject-publish: with drop-head the broker ignores it and warns.
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
    Policy { name, queue: queue.to_owned(), priority: *priority, definition, cluster: None }
}

/// The policy of `<queue>.dlq`: a full queue refuses messages, so that a dead letter is never dropped silently.
pub fn of_dead_letters(name: String, queue: &str, max_length: u32, priority: i32) -> Policy {
    let mut definition = Map::new();
    definition.insert("max-length".to_owned(), json!(max_length));
    definition.insert("overflow".to_owned(), json!("reject-publish"));
    Policy { name, queue: dead_letters(queue), priority, definition, cluster: None }
}

/// A pattern as [`Policy::pattern`] writes it, without the cluster's mark, and the cluster.
pub fn without_cluster(pattern: &str) -> (&str, Option<&str>) {
    match pattern.rsplit_once(CLUSTER_MARK) {
        Some((bare, id)) => (bare, id.strip_suffix(')')),
        None => (pattern, None),
    }
}

/// The name of a queue's dead-letter queue.
pub fn dead_letters(queue: &str) -> String {
    format!("{queue}{DEAD_LETTERS}")
}

/// A regular expression that matches exactly this name.
pub fn pattern(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len() + 2);
    pattern.push('^');
    for c in name.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '-' | '_' | ':' | '/') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('$');
    pattern
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::duration::Span;

    fn policy(policy: &QueuePolicy, kind: QueueType) -> Policy {
        of_queue("hoopoe.dev.a".to_owned(), "Hoopoe.a:b", kind, policy)
    }

    #[test]
    fn a_quorum_queue_dead_letters_at_least_once() {
        let asked =
            QueuePolicy { message_ttl: Some(Span::from_secs(2)), max_length: Some(5), ..QueuePolicy::default() };
        let expected = json!({
            "pattern": r"^Hoopoe\.a:b$", "apply-to": "queues", "priority": 100,
            "definition": {
                "dead-letter-exchange": "", "dead-letter-routing-key": "Hoopoe.a:b.dlq",
                "dead-letter-strategy": "at-least-once", "overflow": "reject-publish",
                "delivery-limit": 20, "message-ttl": 2000, "max-length": 5,
            },
        });
        assert_eq!(policy(&asked, QueueType::Quorum).body(), expected);
    }

    #[test]
    fn drop_head_omits_the_strategy() {
        let asked = QueuePolicy { overflow: Overflow::DropHead, ..QueuePolicy::default() };
        let definition = policy(&asked, QueueType::Quorum).definition;
        assert_eq!(definition["overflow"], "drop-head");
        assert_eq!(definition.get("dead-letter-strategy"), None);
    }

    #[test]
    fn a_classic_queue_has_no_delivery_limit() {
        let definition = policy(&QueuePolicy::default(), QueueType::Classic).definition;
        assert_eq!((definition.get("delivery-limit"), definition.get("dead-letter-strategy")), (None, None));
    }

    #[test]
    fn the_cluster_stands_behind_the_pattern_and_is_read_back() {
        let plain = policy(&QueuePolicy::default(), QueueType::Quorum);
        assert_eq!(without_cluster(&plain.pattern()), (plain.pattern().as_str(), None));
        let marked = Policy { cluster: Some("1b4e-28ba".to_owned()), ..plain.clone() };
        assert_eq!(marked.pattern(), r"^Hoopoe\.a:b$(?#hoopoe-cluster=1b4e-28ba)");
        assert_eq!(without_cluster(&marked.pattern()), (plain.pattern().as_str(), Some("1b4e-28ba")));
    }

    #[test]
    fn the_dead_letter_queue_refuses_when_full() {
        let policy = of_dead_letters("p.dlq".to_owned(), "Hoopoe.a:b", 100_000, 100);
        assert_eq!(policy.pattern(), r"^Hoopoe\.a:b\.dlq$");
        assert_eq!(Value::Object(policy.definition), json!({ "max-length": 100_000, "overflow": "reject-publish" }));
    }
}
