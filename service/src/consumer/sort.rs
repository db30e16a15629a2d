//! What each delivery of a batch becomes: a notification to commit, or a dead letter.

use crate::{
    broker::{DeadLetter, Delivery, LetterClass},
    inbox::NotificationFate,
    notif::{Arrival, Envelope, Notification, ParseError, from_amqp},
    timestamp::Timestamp,
};

use super::{
    guard::{GuardVerdict, Pace, judge},
    metrics::ConsumerMetrics,
};

/// The limits for sorting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The largest notification, in bytes.
    pub(super) body_bytes: usize,
    /// The delivery count from which a message is a crash loop.
    pub(super) crash_loop: u64,
}

/// A delivery with the guard's verdict.
pub(super) type Judged = (Delivery, GuardVerdict);

/// A batch after the guard's verdicts.
pub(super) struct JudgedBatch {
    /// The deliveries that are processed together, in order.
    pub(super) together: Vec<Judged>,
    /// The deliveries that are processed one by one after that. Those with the fewest deaths come first, so that an
    /// innocent message goes before the message that it died with.
    pub(super) alone: Vec<Judged>,
}

/// Judges a batch.
pub(super) fn judge_all(batch: Vec<Delivery>, pace: Pace, limits: Limits) -> JudgedBatch {
    let judged = batch.into_iter().map(|delivery| {
        let verdict = judge(pace, delivery.delivery_count, limits.crash_loop);
        (delivery, verdict)
    });
    let (mut alone, together): (Vec<_>, Vec<_>) = judged.partition(|(_, verdict)| match verdict {
        GuardVerdict::ProcessAlone => true,
        GuardVerdict::Process | GuardVerdict::DeadLetter => false,
    });
    alone.sort_by_key(|(delivery, _)| delivery.delivery_count);
    JudgedBatch { together, alone }
}

/// A sorted batch.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// The notifications to commit, each with its delivery.
    pub(super) notifications: Vec<(Notification, Delivery)>,
    /// The deliveries that can never be stored.
    pub(super) letters: Vec<DeadLetter>,
    /// The tags of the whole batch, rising.
    pub(super) taken: Vec<u64>,
    /// The lowest delivery count of the batch.
    pub(super) lowest_count: u64,
}

/// Sorts a batch in order.
pub(super) fn sort(batch: Vec<Judged>, limits: Limits, metrics: &ConsumerMetrics) -> Sorted {
    let mut sorted = Sorted { lowest_count: u64::MAX, ..Sorted::default() };
    sorted.notifications.reserve(batch.len());
    sorted.taken.reserve(batch.len());
    for (delivery, verdict) in batch {
        sorted.taken.push(delivery.tag);
        sorted.lowest_count = sorted.lowest_count.min(delivery.delivery_count);
        match verdict {
            GuardVerdict::DeadLetter => {
                let reason = format!(
                    "{} consumers died or lost their connection while they held this message; the limit is {}",
                    delivery.delivery_count, limits.crash_loop
                );
                sorted.letters.push(DeadLetter { delivery, class: LetterClass::CrashLoop, reason });
            }
            GuardVerdict::Process | GuardVerdict::ProcessAlone => sorted.parse(delivery, limits.body_bytes, metrics),
        }
    }
    sorted
}

impl Sorted {
    fn parse(&mut self, delivery: Delivery, body_bytes: usize, metrics: &ConsumerMetrics) {
        let arrival = Arrival {
            exchange: &delivery.exchange,
            body_bytes,
            now: Timestamp::now(),
            idempotency_key: None,
            item: None,
        };
        let envelope = Envelope { message_id: delivery.message_id.as_deref(), timestamp: delivery.timestamp };
        match from_amqp(&delivery.body, &arrival, &envelope) {
            Ok(received) => {
                metrics.derived_ids.inc_by(u64::from(received.derived_id));
                metrics.unknown_fields.inc_by(received.unknown_fields as u64);
                self.notifications.push((received.notification, delivery));
            }
            Err(error) => {
                let (class, reason) = (LetterClass::from(&error), error.to_string());
                self.letters.push(DeadLetter { delivery, class, reason });
            }
        }
    }

    /// Adds the dead letters that follow from the commit's fates, and sorts all letters by tag.
    pub(super) fn settle(&mut self, committed: Vec<(Delivery, NotificationFate)>, metrics: &ConsumerMetrics) {
        for (delivery, fate) in committed {
            let (class, reason) = match fate {
                NotificationFate::Stored { .. } => {
                    metrics.stored.inc();
                    continue;
                }
                NotificationFate::Repeat => {
                    metrics.repeats.inc();
                    continue;
                }
                NotificationFate::IdConflict => (
                    LetterClass::IdConflict,
                    "the store already has a notification with this owner and id, but other content".to_owned(),
                ),
                NotificationFate::Refused(reason) => (LetterClass::Refused, reason),
            };
            self.letters.push(DeadLetter { delivery, class, reason });
        }
        self.letters.sort_by_key(|letter| letter.delivery.tag);
    }
}

impl From<&ParseError> for LetterClass {
    fn from(error: &ParseError) -> Self {
        match error {
            ParseError::TooLarge { .. } => Self::TooLarge,
            ParseError::NotJson(_) => Self::NotJson,
            ParseError::Fields(_) => Self::InvalidField,
        }
    }
}
