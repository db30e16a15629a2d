//! One write to a broker.

use std::fmt;

use hoopoe_crds::policy::Policy;
use serde_json::{Map, Value};

use super::Binding;
use crate::topology::BrokerWrite;

/// One write to a broker. Carried out in the order in which [`super::diff`] lists them.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Declares a durable exchange.
    DeclareExchange {
        /// Its name.
        name: String,
        /// Its type.
        kind: &'static str,
    },
    /// Sets a policy on a queue of ours. The policy is also the claim.
    PutPolicy(Policy),
    /// Declares a durable queue.
    DeclareQueue {
        /// Its name.
        name: String,
        /// Its arguments.
        arguments: Map<String, Value>,
    },
    /// Binds a queue.
    Bind {
        /// The queue.
        queue: String,
        /// The binding, marked as ours.
        binding: Binding,
    },
    /// Removes a binding of ours.
    Unbind {
        /// The queue.
        queue: String,
        /// The binding.
        binding: Binding,
    },
    /// Removes a policy of ours.
    DeletePolicy {
        /// Its name.
        name: String,
    },
    /// Removes a queue, with what is in it.
    DeleteQueue {
        /// Its name.
        name: String,
        /// The messages that were in it when this was decided.
        messages: u64,
    },
    /// Removes an exchange, if nothing is bound to it.
    DeleteExchange {
        /// Its name.
        name: String,
    },
}

impl Change {
    /// What the change is of, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::DeclareExchange { .. } | Self::DeleteExchange { .. } => "exchange",
            Self::PutPolicy(_) | Self::DeletePolicy { .. } => "policy",
            Self::DeclareQueue { .. } | Self::DeleteQueue { .. } => "queue",
            Self::Bind { .. } | Self::Unbind { .. } => "binding",
        }
    }

    /// As every kind of broker says it.
    pub fn to_write(&self) -> BrokerWrite {
        BrokerWrite { object: self.kind(), what: self.to_string() }
    }

    /// What would be lost; `None`: nothing.
    pub fn loss(&self) -> Option<String> {
        match self {
            Self::DeleteQueue { name, messages } if *messages > 0 => Some(format!("{messages} messages in {name}")),
            Self::DeclareExchange { .. }
            | Self::PutPolicy(_)
            | Self::DeclareQueue { .. }
            | Self::Bind { .. }
            | Self::Unbind { .. }
            | Self::DeletePolicy { .. }
            | Self::DeleteQueue { .. }
            | Self::DeleteExchange { .. } => None,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeclareExchange { name, kind } => write!(f, "declare the {kind} exchange {name}"),
            Self::PutPolicy(policy) => write!(f, "set the policy {} on the queue {}", policy.name, policy.queue),
            Self::DeclareQueue { name, arguments } => {
                let kind = arguments.get("x-queue-type").and_then(Value::as_str).unwrap_or("classic");
                write!(f, "declare the {kind} queue {name}")
            }
            Self::Bind { queue, binding } => {
                write!(f, "bind the queue {queue} to {} with the key \"{}\"", binding.source, binding.routing_key)
            }
            Self::Unbind { queue, binding } => {
                write!(f, "unbind the queue {queue} from {} with the key \"{}\"", binding.source, binding.routing_key)
            }
            Self::DeletePolicy { name } => write!(f, "delete the policy {name}"),
            Self::DeleteQueue { name, messages } => write!(f, "delete the queue {name} with {messages} messages"),
            Self::DeleteExchange { name } => write!(f, "delete the exchange {name} unless something is bound to it"),
        }
    }
}
