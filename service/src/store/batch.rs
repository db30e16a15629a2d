//! A batch, sorted by owner and without its own repeats. Pure.

use std::{collections::HashMap, time::Duration};

use uuid::Uuid;

use super::{Item, Outcome, StoreError, columns};
use crate::{notif::Notification, timestamp::Timestamp};

/// The first of the batch with its key, and the later ones.
pub(super) struct Entry<'a> {
    pub(super) notification: &'a Notification,
    pub(super) expires_at: Option<Timestamp>,
    /// Its place in the batch.
    at: usize,
    later: Vec<usize>,
}

/// The entries of one owner, in the batch's order.
pub(super) struct OwnerEntries<'a> {
    pub(super) owner: &'a crate::notif::Owner,
    pub(super) entries: Vec<Entry<'a>>,
}

/// A batch by owners in sorted order, the order of their locks.
pub(super) struct Batch<'a> {
    pub(super) all: &'a [Notification],
    pub(super) owners: Vec<OwnerEntries<'a>>,
}

impl<'a> Batch<'a> {
    /// Sorts; applies the retention to each expiry.
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

    /// How many entries there are, repeats not counted.
    pub(super) fn len(&self) -> usize {
        self.owners.iter().map(|owner| owner.entries.len()).sum()
    }
}

impl Entry<'_> {
    /// Expired before it came: stored so, and never counted.
    pub(super) fn is_expired(&self, clock: Timestamp) -> bool {
        self.expires_at.is_some_and(|expiry| expiry <= clock)
    }

    /// What becomes of it and of its repeats when it is stored.
    pub(super) fn stored(&self, rev: i64, all: &[Notification], outcomes: &mut [Outcome]) {
        outcomes[self.at] = Outcome::Stored { rev };
        for later in &self.later {
            outcomes[*later] = same_content(self.notification, &all[*later]);
        }
    }

    /// What becomes of it and of its repeats when its key is in the store already; `same` compares with what is there.
    pub(super) fn found(&self, all: &[Notification], outcomes: &mut [Outcome], same: impl Fn(&Notification) -> bool) {
        for at in std::iter::once(&self.at).chain(&self.later) {
            outcomes[*at] = if same(&all[*at]) { Outcome::Repeat } else { Outcome::IdConflict };
        }
    }

    /// The row as a client sees it, stored at `rev`.
    pub(super) fn item(&self, rev: i64) -> Result<Item, StoreError> {
        let Notification {
            owner: _,
            id,
            source_id,
            kind,
            actor,
            title,
            body,
            data,
            priority,
            created_at,
            expires_at: _,
        } = self.notification;
        Ok(Item {
            id: *id,
            source_id: source_id.clone(),
            rev,
            changed_rev: rev,
            unread_rev: rev,
            unseen_rev: rev,
            kind: kind.clone(),
            actor: actor.clone(),
            title: title.clone(),
            body: body.clone(),
            data: data.clone().map(columns::json).transpose()?,
            priority: *priority,
            created_at: *created_at,
            expires_at: self.expires_at,
            expired_at: None,
            seen_at: None,
            read_at: None,
            archived_at: None,
            deleted_at: None,
        })
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

/// Times are not content: a sender that repeats itself may stamp anew.
fn same_content(a: &Notification, b: &Notification) -> Outcome {
    let Notification {
        kind,
        actor,
        title,
        body,
        data,
        priority,
        owner: _,
        id: _,
        source_id: _,
        created_at: _,
        expires_at: _,
    } = a;
    let same = *kind == b.kind
        && *actor == b.actor
        && *title == b.title
        && *body == b.body
        && *data == b.data
        && *priority == b.priority;
    if same { Outcome::Repeat } else { Outcome::IdConflict }
}
