//! Faults on a broker that our writes cannot mend.

use std::fmt;

use crate::topology::{self, Meaning};

/// A fault on a broker that our writes cannot mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RabbitFinding {
    /// An exchange is missing that we may not create.
    ExchangeMissing {
        /// Its name.
        name: String,
    },
    /// An exchange or a queue exists with a property that cannot change.
    ArgumentsDiffer {
        /// `the queue inbox`.
        what: String,
        /// What differs: `type`, an argument's name, `durable`.
        field: String,
        /// What the resource wants.
        want: String,
        /// What the broker has.
        have: String,
    },
    /// Another resource holds the queue.
    QueueTaken {
        /// The queue.
        queue: String,
        /// `namespace/name` of who holds it.
        by: String,
    },
    /// Another policy than ours is in force.
    PolicyShadowed {
        /// The queue.
        queue: String,
        /// Our policy.
        ours: String,
        /// The policy in force; empty: none.
        by: String,
    },
    /// Bindings of our queue that are not ours.
    ForeignBindings {
        /// The queue.
        queue: String,
        /// How many.
        count: usize,
        /// One of them: its exchange.
        exchange: String,
    },
}

impl RabbitFinding {
    /// The variant's name.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::ExchangeMissing { .. } => "ExchangeMissing",
            Self::ArgumentsDiffer { .. } => "ArgumentsDiffer",
            Self::QueueTaken { .. } => "QueueTaken",
            Self::PolicyShadowed { .. } => "PolicyShadowed",
            Self::ForeignBindings { .. } => "ForeignBindings",
        }
    }

    /// As every kind of broker says it.
    pub fn to_finding(&self) -> topology::Finding {
        topology::Finding { reason: self.reason(), message: self.to_string(), meaning: self.meaning() }
    }

    fn meaning(&self) -> Meaning {
        match self {
            Self::ForeignBindings { .. } => Meaning::Note,
            Self::ExchangeMissing { name } => Meaning::ExchangeMissing(name.clone()),
            Self::PolicyShadowed { .. } => Meaning::Passing,
            Self::QueueTaken { .. } => Meaning::Taken,
            Self::ArgumentsDiffer { .. } => Meaning::Lasting,
        }
    }
}

impl fmt::Display for RabbitFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExchangeMissing { name } => {
                write!(
                    f,
                    "the exchange {name} does not exist: declare it, or create a NotifProducer that declares it; the \
                     operator then adds the bindings to it"
                )
            }
            Self::ArgumentsDiffer { what, field, want, have } => write!(
                f,
                "{what} exists with {field} {have}, but {want} is asked for: RabbitMQ cannot change this, so delete \
                 {what} by hand, or create this resource again with other settings"
            ),
            Self::QueueTaken { queue, by } => {
                write!(f, "the queue {queue} belongs to {by}: choose another queue, or delete that resource")
            }
            Self::PolicyShadowed { queue, ours, by } if by.is_empty() => {
                write!(
                    f,
                    "no policy is in force on the queue {queue}, although the policy {ours} exists: check whether it \
                     is a queue of another type"
                )
            }
            Self::PolicyShadowed { queue, ours, by } => {
                write!(
                    f,
                    "the policy {by} is in force on the queue {queue} instead of {ours}: raise \
                     spec.queue.policy.priority above the priority of {by}"
                )
            }
            Self::ForeignBindings { queue, count, exchange } => {
                write!(
                    f,
                    "the queue {queue} has {count} bindings that the operator did not make and leaves alone; one of \
                     them is to the exchange {exchange}"
                )
            }
        }
    }
}
