//! A batch sorted by owner, without its own repeats. Pure.

use std::{collections::HashMap, time::Duration};

use uuid::Uuid;

use super::{Item, Outcome, entity::notification::Written};
use crate::{
    notif::{Content, Notification, Owner},
    timestamp::Timestamp,
};

/// The first notification of the batch with its key, and the later ones with the same key.
pub(super) struct Entry<'a> {
    pub(super) notification: &'a Notification,
    pub(super) expires_at: Option<Timestamp>,
    /// The place of the first one in the batch.
    at: usize,
    later: Vec<usize>,
}

/// The entries of one owner, in the batch's order.
pub(super) struct OwnerEntries<'a> {
    pub(super) owner: &'a Owner,
    pub(super) entries: Vec<Entry<'a>>,
}

/// A batch, with its owners in sorted order, which is the order of their locks.
pub(super) struct Batch<'a> {
    pub(super) all: &'a [Notification],
    pub(super) owners: Vec<OwnerEntries<'a>>,
}

impl<'a> Batch<'a> {
    /// Sorts the batch and applies the retention to each expiry.
    pub(super) fn new(all: &'a [Notification], retention: Option<Duration>) -> Self {
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by(|a, b| all[*a].owner.cmp(&all[*b].owner));
        let mut owners: Vec<OwnerEntries<'a>> = Vec::new();
        let mut seen: HashMap<Uuid, usize> = HashMap::new();
        for at in order {
            let notification = &all[at];
            if owners.last().is_none_or(|last| *last.owner != notification.owner) {
                owners.push(OwnerEntries { owner: &notification.owner, entries: Vec::new() });
                seen.clear();
            }
            let Some(OwnerEntries { entries, .. }) = owners.last_mut() else { continue };
            if let Some(first) = seen.get(&notification.id) {
                entries[*first].later.push(at);
                continue;
            }
            seen.insert(notification.id, entries.len());
            let expires_at = expiry(notification, retention);
            entries.push(Entry { notification, expires_at, at, later: Vec::new() });
        }
        Self { all, owners }
    }

    /// How many entries there are, without repeats.
    pub(super) fn len(&self) -> usize {
        self.owners.iter().map(|owner| owner.entries.len()).sum()
    }
}

impl<'a> Entry<'a> {
    /// Whether it expired before it arrived. It is then stored as expired, and never counted.
    pub(super) fn is_expired(&self, clock: Timestamp) -> bool {
        self.expires_at.is_some_and(|expiry| expiry <= clock)
    }

    /// The outcomes of it and of its repeats if it is stored now.
    pub(super) fn stored(&self, rev: i64, all: &[Notification], outcomes: &mut [Outcome]) {
        outcomes[self.at] = Outcome::Stored { rev };
        for later in &self.later {
            outcomes[*later] = repeated(&self.notification.content, &all[*later]);
        }
    }

    /// The outcomes of it and of its repeats if its key is in the store already, with this content.
    pub(super) fn found(&self, stored: &Content, all: &[Notification], outcomes: &mut [Outcome]) {
        for at in std::iter::once(&self.at).chain(&self.later) {
            outcomes[*at] = repeated(stored, &all[*at]);
        }
    }

    /// The row as a client sees it, stored at `rev`.
    pub(super) fn item(&self, rev: i64) -> Item {
        Item::stored(self.notification, self.expires_at, rev)
    }

    /// The row as it is written, stored at `rev`.
    pub(super) fn written(&self, rev: i64) -> Written<'a> {
        Written::new(self.notification, self.expires_at, rev)
    }
}

/// The sender's expiry, or the retention's if that is earlier.
fn expiry(notification: &Notification, retention: Option<Duration>) -> Option<Timestamp> {
    let kept_until = retention.map(|retention| notification.created_at.plus(retention));
    match (notification.expires_at, kept_until) {
        (Some(given), Some(kept)) => Some(given.min(kept)),
        (given, kept) => given.or(kept),
    }
}

/// The outcome of a notification whose key is in the store already, with this content.
fn repeated(first: &Content, again: &Notification) -> Outcome {
    if *first == again.content { Outcome::Repeat } else { Outcome::IdConflict }
}
