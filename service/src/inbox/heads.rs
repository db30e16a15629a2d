//! The heads and pages in the memory of the process. They answer most polls.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use quick_cache::{Weighter, sync};

use crate::{
    cache::Page,
    notif::Owner,
    store::{HeadAt, Position},
};

/// The bytes of a slot without its owner's name, including the map's share.
const SLOT_BYTES: u64 = 320;

/// The heads and pages of this process. Their size is limited in bytes, and the least used are dropped first.
pub(super) struct Heads {
    slots: sync::Cache<Owner, Arc<Slot>, BySlot>,
    pages: sync::Cache<Owner, Page, ByLines>,
    ttl: Duration,
}

/// One owner's head. After a slot was dropped from the map, its registration may still write to it, but no look-up
/// finds it.
struct Slot {
    state: Mutex<SlotState>,
}

#[derive(Clone, Copy)]
struct SlotState {
    hearing: u64,
    dirty: Option<Position>,
    head: Option<(HeadAt, Instant)>,
}

/// The right to store a head. It is made before the cache is read, so that no wake-up falls between.
pub(super) struct Registration {
    slot: Arc<Slot>,
    hearing: u64,
}

#[derive(Clone)]
struct BySlot;
#[derive(Clone)]
struct ByLines;

impl Weighter<Owner, Arc<Slot>> for BySlot {
    fn weight(&self, owner: &Owner, _: &Arc<Slot>) -> u64 {
        owner.as_str().len() as u64 + SLOT_BYTES
    }
}

impl Weighter<Owner, Page> for ByLines {
    fn weight(&self, owner: &Owner, page: &Page) -> u64 {
        (owner.as_str().len() + page.lines.len()) as u64 + 128
    }
}

impl Heads {
    /// An empty store of heads. `head_bytes` and `page_bytes` are the most bytes for each, and `ttl` is the longest
    /// time that a head is kept.
    pub(super) fn new(head_bytes: u64, page_bytes: u64, ttl: Duration) -> Self {
        let expected = usize::try_from(head_bytes / (SLOT_BYTES + 32)).unwrap_or(usize::MAX).min(1 << 20);
        Self {
            slots: sync::Cache::with_weighter(expected, head_bytes, BySlot),
            pages: sync::Cache::with_weighter(1024, page_bytes, ByLines),
            ttl,
        }
    }

    /// The owner's head with its `dirty` mark, if wake-ups were received without a break since it was registered.
    pub(super) fn get(&self, owner: &Owner, hearing: Option<u64>) -> Option<(HeadAt, Option<Position>)> {
        let slot = self.slots.get(owner)?;
        let state = *slot.lock();
        let (head, since) = state.head?;
        (Some(state.hearing) == hearing && since.elapsed() < self.ttl).then_some((head, state.dirty))
    }

    /// Registers the owner. A head from an earlier stretch of receiving wake-ups is dropped.
    pub(super) fn register(&self, owner: &Owner, hearing: u64) -> Registration {
        let made = self.slots.get_or_insert_with(owner, || {
            let state = SlotState { hearing, dirty: None, head: None };
            Ok::<_, std::convert::Infallible>(Arc::new(Slot { state: Mutex::new(state) }))
        });
        let Ok(slot) = made;
        {
            let mut state = slot.lock();
            if state.hearing != hearing {
                *state = SlotState { hearing, dirty: None, head: None };
            }
        }
        Registration { slot, hearing }
    }

    /// Marks an owner's head: a change up to this position was announced.
    pub(super) fn mark(&self, owner: &Owner, position: Position) {
        if let Some(slot) = self.slots.peek(owner) {
            let mut state = slot.lock();
            state.dirty = state.dirty.max(Some(position));
        }
    }

    /// Drops every head, because wake-ups may have been lost.
    pub(super) fn clear(&self) {
        self.slots.clear();
    }

    /// The owner's page, if it shows this position.
    pub(super) fn page(&self, owner: &Owner, position: Position) -> Option<Page> {
        self.pages.get(owner).filter(|page| page.position == position)
    }

    /// Keeps a page. A page carries the position that it shows, so it can never become wrong.
    pub(super) fn put_page(&self, owner: &Owner, page: &Page) {
        self.pages.insert(owner.clone(), page.clone());
    }
}

impl Registration {
    /// Stores a head, unless a newer one is there or wake-ups were lost since the registration.
    pub(super) fn put(&self, head: HeadAt) {
        let mut state = self.slot.lock();
        let newer = state.head.is_none_or(|(there, _)| head.version() >= there.version());
        if state.hearing == self.hearing && newer {
            state.head = Some((head, Instant::now()));
        }
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Epoch, Head};

    fn head(rev: i64, generation: i64) -> HeadAt {
        let epoch = Epoch { store: 1, owner: 1 };
        HeadAt {
            head: Head { epoch, rev, unread: 0, unseen: 0, read_upto: 0, seen_upto: 0, next_due: None },
            generation,
        }
    }

    fn heads() -> Heads {
        Heads::new(1 << 20, 1 << 20, Duration::from_secs(60))
    }

    #[test]
    fn a_wake_up_between_registering_and_putting_is_not_lost() {
        let (heads, owner) = (heads(), Owner::parse("a").unwrap());
        let registration = heads.register(&owner, 1);
        heads.mark(&owner, head(5, 0).head.position());
        registration.put(head(4, 0));
        assert_eq!(heads.get(&owner, Some(1)), Some((head(4, 0), Some(head(5, 0).head.position()))));
    }

    #[test]
    fn a_head_of_an_earlier_stretch_of_hearing_is_not_found_nor_put() {
        let (heads, owner) = (heads(), Owner::parse("a").unwrap());
        let before = heads.register(&owner, 1);
        before.put(head(4, 0));
        assert_eq!(heads.get(&owner, None), None);
        assert_eq!(heads.get(&owner, Some(2)), None);
        let after = heads.register(&owner, 2);
        before.put(head(9, 0));
        assert_eq!(heads.get(&owner, Some(2)), None);
        after.put(head(5, 0));
        assert_eq!(heads.get(&owner, Some(2)), Some((head(5, 0), None)));
        heads.clear();
        after.put(head(6, 0));
        assert_eq!(heads.get(&owner, Some(2)), None, "a slot that was dropped is found by nobody");
    }

    #[test]
    fn an_older_head_does_not_replace_a_newer_one() {
        let (heads, owner) = (heads(), Owner::parse("a").unwrap());
        let registration = heads.register(&owner, 1);
        for put in [head(4, 2), head(3, 9), head(4, 1)] {
            registration.put(put);
        }
        assert_eq!(heads.get(&owner, Some(1)), Some((head(4, 2), None)));
        registration.put(head(4, 3));
        assert_eq!(heads.get(&owner, Some(1)), Some((head(4, 3), None)));
    }

    #[test]
    fn is_bounded_by_bytes() {
        let heads = Heads::new(64 * 1024, 64 * 1024, Duration::from_secs(60));
        for number in 0..5000 {
            let owner = Owner::parse(&format!("owner-{number}")).unwrap();
            heads.register(&owner, 1).put(head(1, 0));
        }
        assert!(heads.slots.weight() <= 64 * 1024, "{}", heads.slots.weight());
        assert!(heads.slots.len() > 50);
    }
}
