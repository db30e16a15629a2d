//! What a run does.

use std::time::Duration;

use super::numbering::Numbering;
use crate::client::{connect::Server, draft::Draft};

/// What a run does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where notifications are posted, in turn.
    pub producers: Vec<Server>,
    /// Where inboxes are read; each reader uses them in turn.
    pub apis: Vec<Server>,
    /// Where half of the notifications are published instead of posted.
    pub amqp: Option<AmqpPlan>,
    /// Notifications a second, in all.
    pub rate: u32,
    /// How long to send.
    pub duration: Duration,
    /// How many inboxes.
    pub owners: u32,
    /// How long to wait at the end until every accepted notification is visible, and again for reading back.
    pub settle: Duration,
    /// How often each reader polls.
    pub poll: Duration,
    /// How many posts may wait for their answer at once.
    pub in_flight: usize,
    /// The kind of the notifications.
    pub kind: String,
    /// The start of the owners' names.
    pub prefix: String,
    /// The seed for choosing owners.
    pub seed: u64,
    /// How numbers become ids in this run.
    pub numbering: Numbering,
}

/// How a plain AMQP client publishes.
#[derive(Clone)]
pub struct AmqpPlan {
    /// `amqp://` or `amqps://`.
    pub url: String,
    /// The exchange.
    pub exchange: String,
    /// The routing key.
    pub routing_key: String,
    /// PEM of the authorities to trust.
    pub authorities: Option<String>,
}

impl std::fmt::Debug for AmqpPlan {
    /// Leaves the URL out, because it holds a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { url: _, exchange, routing_key, authorities } = self;
        let mut shown = f.debug_struct("AmqpPlan");
        shown.field("exchange", exchange).field("routing_key", routing_key);
        shown.field("authorities", &authorities.is_some()).finish_non_exhaustive()
    }
}

impl Plan {
    /// The name of an owner, which no other run uses.
    pub fn owner(&self, index: u32) -> String {
        format!("{}{}-{index}", self.prefix, self.numbering.run())
    }

    /// Notification `n`, with the same content at every attempt.
    pub fn draft(&self, n: u64, owner: u32) -> Draft {
        Draft {
            id: self.numbering.id(n).to_string(),
            owner: self.owner(owner),
            kind: self.kind.clone(),
            title: Some(format!("Ledger {n}")),
            data: serde_json::value::to_raw_value(&serde_json::json!({ "n": n })).ok(),
            ..Draft::default()
        }
    }
}
