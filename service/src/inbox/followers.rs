//! The followers of each owner in this process, and how wake-ups reach them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::sync::watch;

use crate::{notif::Owner, store::Position};

/// The followers of this process. An owner without followers takes no memory.
#[derive(Default)]
pub(super) struct Followers {
    owners: Mutex<HashMap<Owner, Followed>>,
    /// Rises when changes of any owner may have been missed.
    missed: watch::Sender<u64>,
}

struct Followed {
    news: watch::Sender<News>,
    followers: usize,
}

/// What the wake-ups said about one owner since it is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// The newest change that was announced, and when its first wake-up came.
    pub(super) announced: Option<(Position, Instant)>,
    /// Whether its second wake-up came. A writer sends one before and one after the commit.
    pub(super) committed: bool,
}

/// One follower of an owner. Dropping it unregisters.
pub(super) struct Follower {
    followers: Arc<Followers>,
    owner: Owner,
    news: watch::Receiver<News>,
    missed: watch::Receiver<u64>,
}

impl Followers {
    /// Registers a follower. From now on every wake-up reaches it.
    pub(super) fn register(self: &Arc<Self>, owner: &Owner) -> Follower {
        let mut owners = self.lock();
        let followed = owners
            .entry(owner.clone())
            .or_insert_with(|| Followed { news: watch::Sender::new(News::default()), followers: 0 });
        followed.followers += 1;
        Follower {
            followers: Arc::clone(self),
            owner: owner.clone(),
            news: followed.news.subscribe(),
            missed: self.missed.subscribe(),
        }
    }

    /// Reports a change of this owner up to this position. It is announced, or committed.
    pub(super) fn changed(&self, owner: &Owner, position: Position, now: Instant) {
        let owners = self.lock();
        let Some(followed) = owners.get(owner) else { return };
        followed.news.send_modify(|news| match news.announced {
            Some((known, _)) if known == position => news.committed = true,
            Some((known, _)) if known > position => {}
            Some(_) | None => *news = News { announced: Some((position, now)), committed: false },
        });
    }

    /// Reports that changes of any owner may have been missed.
    pub(super) fn missed(&self) {
        self.missed.send_modify(|times| *times += 1);
    }

    /// How many owners are followed.
    #[cfg(test)]
    pub(super) fn owners(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Owner, Followed>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower {
    /// The news so far. [`Follower::woken`] then waits for further news.
    pub(super) fn take(&mut self) -> News {
        self.missed.mark_unchanged();
        *self.news.borrow_and_update()
    }

    /// Resolves when changes may have been missed (`true`), or when there is news about the owner (`false`).
    /// Cancel-safe.
    pub(super) async fn woken(&mut self) -> bool {
        // An error would mean that the sender is gone, but `followers` keeps it alive.
        tokio::select! {
            biased;
            _ = self.missed.changed() => true,
            _ = self.news.changed() => false,
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut owners = self.followers.lock();
        let Some(followed) = owners.get_mut(&self.owner) else { return };
        followed.followers -= 1;
        if followed.followers == 0 {
            owners.remove(&self.owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Position {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn both_followers_of_an_owner_hear_of_it_and_leave_nothing_behind() {
        let followers = Arc::new(Followers::default());
        let owner = Owner::parse("a").unwrap();
        let (mut one, mut two) = (followers.register(&owner), followers.register(&owner));
        followers.changed(&Owner::parse("b").unwrap(), at("1.5-9"), Instant::now());
        followers.changed(&owner, at("1.5-1"), Instant::now());
        for follower in [&mut one, &mut two] {
            assert!(!follower.woken().await);
            let news = follower.take();
            assert_eq!((news.announced.map(|(position, _)| position), news.committed), (Some(at("1.5-1")), false));
        }
        drop(one);
        followers.missed();
        assert!(two.woken().await);
        assert_eq!(followers.owners(), 1);
        drop(two);
        assert_eq!(followers.owners(), 0);
    }

    #[test]
    fn a_position_that_is_heard_twice_is_committed_and_an_older_one_says_nothing() {
        let followers = Arc::new(Followers::default());
        let owner = Owner::parse("a").unwrap();
        let mut follower = followers.register(&owner);
        for (position, expected) in [("1.5-2", false), ("1.5-1", false), ("1.5-2", true), ("1.5-3", false)] {
            followers.changed(&owner, at(position), Instant::now());
            assert_eq!(follower.take().committed, expected, "{position}");
        }
    }
}
