//! The plan of a batch: which items are sent, which repeat an earlier item, and which contradict one.

use std::collections::{HashMap, hash_map::Entry};

use uuid::Uuid;

use super::{IngestError, Refused};
use crate::notif::{Notification, Owner, ParseError};

/// What is done with an item.
pub(super) enum Planned {
    /// Sent as number `place` of the plan; repeats share it.
    Sent { id: Uuid, place: usize },
    /// Refused before anything was sent.
    Refused(Refused),
}

/// What a batch becomes.
pub(super) struct Plan {
    /// What is sent.
    pub(super) send: Vec<Notification>,
    /// What is done with each item, in the batch's order.
    pub(super) items: Vec<Planned>,
}

/// Plans the items of a batch.
pub(super) fn plan(parsed: impl ExactSizeIterator<Item = Result<Notification, ParseError>>) -> Plan {
    let mut send: Vec<Notification> = Vec::with_capacity(parsed.len());
    let mut known: HashMap<(Owner, Uuid), usize> = HashMap::with_capacity(parsed.len());
    let items = parsed
        .map(|parsed| {
            let notification = match parsed {
                Ok(notification) => notification,
                Err(error) => return Planned::Refused(error.into()),
            };
            let id = notification.id;
            match known.entry((notification.owner.clone(), id)) {
                Entry::Vacant(entry) => {
                    let place = send.len();
                    entry.insert(place);
                    send.push(notification);
                    Planned::Sent { id, place }
                }
                Entry::Occupied(entry) if send[*entry.get()].content == notification.content => {
                    Planned::Sent { id, place: *entry.get() }
                }
                Entry::Occupied(_) => Planned::Refused(Refused { error: IngestError::IdConflict, id: Some(id) }),
            }
        })
        .collect();
    Plan { send, items }
}

/// What became of each item, where `sent` is what became of the notifications that were sent.
pub(super) fn results(items: Vec<Planned>, sent: &[Result<(), IngestError>]) -> Vec<Result<Uuid, Refused>> {
    let result = |item| match item {
        Planned::Refused(refused) => Err(refused),
        Planned::Sent { id, place } => match &sent[place] {
            Ok(()) => Ok(id),
            Err(error) => Err(Refused { error: error.clone(), id: Some(id) }),
        },
    };
    items.into_iter().map(result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        notif::{Arrival, from_http},
        timestamp::Timestamp,
    };

    fn parsed(bodies: &[&str]) -> Plan {
        let arrival = Arrival {
            exchange: "events",
            body_bytes: 1000,
            now: Timestamp::EARLIEST,
            idempotency_key: None,
            item: None,
        };
        plan(bodies.iter().map(|body| from_http(body.as_bytes(), &arrival)))
    }

    #[test]
    fn a_repeat_shares_a_place_and_a_contradiction_is_refused() {
        let plan = parsed(&[
            r#"{"id": "a", "owner": "ada", "kind": "k"}"#,
            r#"{"id": "a", "owner": "ada", "kind": "k", "created_at": 7}"#,
            r#"{"id": "a", "owner": "ada", "kind": "other"}"#,
            r#"{"id": "a", "owner": "eve", "kind": "k"}"#,
            r#"{"id": "a", "owner": "ada"}"#,
        ]);
        assert_eq!(plan.send.len(), 2);
        let sent = [Ok(()), Err(IngestError::RateLimited(std::time::Duration::from_secs(1)))];
        let results = results(plan.items, &sent);
        let id = plan.send[0].id;
        assert_eq!(results[..2], [Ok(id), Ok(id)], "times are no content");
        assert_eq!(results[2], Err(Refused { error: IngestError::IdConflict, id: Some(id) }));
        assert_eq!(results[3].as_ref().unwrap_err().id, Some(id), "the same id of another owner");
        assert!(matches!(results[4], Err(Refused { error: IngestError::Parse(_), id: None })));
    }
}
