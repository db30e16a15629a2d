//! One owner's positions as they come: what a stream is made of.

use std::{sync::Arc, time::Duration};

use futures::Stream;
use tokio::time::{Instant, sleep_until};

use super::{
    Current, ReadError, Reader,
    followers::{Follower, News},
};
use crate::{
    notif::Owner,
    store::{Position, StoreError},
};

/// After an announcement the commit is waited for so long before the inbox is looked at. The second wake-up comes
/// first, as a rule.
const COMMIT_GRACE: Duration = Duration::from_millis(100);
/// How often an inbox is looked at that has not reached what was announced: its second wake-up was lost, or a replica
/// is late.
const PENDING_LOOK: Duration = Duration::from_secs(1);
/// A change that is not committed so long after its announcement never will be: Postgres ends a transaction that idles
/// for 60 s.
const PENDING_FOR: Duration = Duration::from_secs(75);

/// Follows one owner's inbox. Each item is a position above the one before; the last one is where the inbox stands.
///
/// Every change is followed by an item at or above its position. Wake-ups say when to look; what was missed with a lost
/// subscription or a lost cache write is found by looking again, and without a cache the inbox is looked at now and
/// then. A database that is away is waited for. An error that waiting does not mend is the last item. Dropping it
/// unregisters.
pub struct Follow {
    reader: Arc<Reader>,
    owner: Owner,
    follower: Follower,
    /// Nothing at or below it is told.
    told: Option<Position>,
    /// When the inbox is looked at next, whatever happens; `None`: only when woken.
    look_at: Option<Instant>,
    ended: bool,
}

/// How a look ended.
enum Look {
    /// The inbox stands there.
    At(Position),
    /// The store cannot say now.
    Later,
    /// It never will.
    Failed(ReadError),
}

impl Reader {
    /// Follows the owner's inbox from `since` on; without it, the first item is where the inbox stands now.
    pub fn follow(self: &Arc<Self>, owner: Owner, since: Option<Position>) -> Follow {
        // Registered before the first look: no change falls between.
        let follower = self.followers.register(&owner);
        let look_at = Some(Instant::now());
        Follow { reader: Arc::clone(self), owner, follower, told: since, look_at, ended: false }
    }
}

impl Follow {
    /// The next position; `None` once the reader was stopped, or after an error. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<Position, ReadError>> {
        while !self.ended {
            if !self.wait().await {
                self.ended = true;
                break;
            }
            // Taken before the look: a wake-up during it asks for another one.
            let news = self.follower.take();
            // Until the look ends, a caller that drops this future has not looked: the next call does.
            self.look_at = Some(Instant::now());
            let look = self.look().await;
            self.look_at = self.next_look(&look, news);
            match look {
                Look::At(position) if Some(position) > self.told => {
                    self.told = Some(position);
                    return Some(Ok(position));
                }
                Look::At(_) | Look::Later => {}
                Look::Failed(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    /// As a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<Position, ReadError>> + Send {
        futures::stream::unfold(self, async |mut follow| follow.next().await.map(|item| (item, follow)))
    }

    /// Waits for a reason to look; `false`: the reader was stopped.
    async fn wait(&mut self) -> bool {
        loop {
            let look_at = self.look_at;
            let missed = tokio::select! {
                biased;
                () = self.reader.stop.cancelled() => return false,
                () = until(look_at) => return true,
                missed = self.follower.woken() => missed,
            };
            if missed {
                return true;
            }
            let news = self.follower.take();
            if news.committed {
                return true;
            }
            let soon = Instant::now() + COMMIT_GRACE;
            self.look_at = Some(self.look_at.map_or(soon, |at| at.min(soon)));
        }
    }

    async fn look(&self) -> Look {
        match self.reader.head(&self.owner, None).await {
            Ok(Current { value, stale: _ }) => Look::At(value.head.position()),
            Err(ReadError::Overloaded | ReadError::Behind | ReadError::Store(StoreError::Unavailable(_))) => {
                Look::Later
            }
            Err(
                error @ ReadError::Store(
                    StoreError::Refused(_)
                    | StoreError::OtherEpoch(_)
                    | StoreError::AboveHead(_)
                    | StoreError::Settings(_)
                    | StoreError::Schema(_)
                    | StoreError::Statement(_),
                ),
            ) => Look::Failed(error),
        }
    }

    /// When to look again without being woken.
    fn next_look(&self, look: &Look, news: News) -> Option<Instant> {
        let now = Instant::now();
        // Spread, so that all who lost one Redis do not ask the database at the same moment.
        let deaf = self.reader.deaf_look.mul_f64(0.75 + rand::random::<f64>() / 2.0);
        match look {
            Look::At(position) => {
                let pending = news
                    .announced
                    .is_some_and(|(announced, heard)| announced > *position && heard.elapsed() < PENDING_FOR);
                if pending {
                    Some(now + PENDING_LOOK.min(deaf))
                } else if self.reader.hears() {
                    None
                } else {
                    Some(now + deaf)
                }
            }
            Look::Later => Some(now + deaf),
            Look::Failed(_) => None,
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
