//! The plan of a batch: which items are sent, which repeat an earlier one, and which contradict one.

use std::collections::{HashMap, hash_map::Entry};

use uuid::Uuid;

use super::{IngestError, Refused};
use crate::notif::{Notification, Owner, ParseError};

/// What is done with each item.
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
