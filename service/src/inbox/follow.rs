//! The positions of one owner's inbox as they change, as the source of a stream.

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

/// How long to wait for the commit after an announcement before looking at the inbox. The second wake-up usually comes
/// earlier.
const COMMIT_GRACE: Duration = Duration::from_millis(100);
/// How often to look at an inbox that has not reached an announced change, because its second wake-up was lost or a
/// replica is late.
const PENDING_LOOK: Duration = Duration::from_secs(1);
/// A change that is not committed this long after its announcement will never be: Postgres ends a transaction that
/// idles for 60 s.
const PENDING_FOR: Duration = Duration::from_secs(75);

/// Follows one owner's inbox. Each item is a higher position than the one before; the last item is the present
/// position.
///
/// After every change an item at or above its position follows. Wake-ups say when to look. If a wake-up is missed,
/// because the subscription or a cache write was lost, a later look finds the change; without a cache the inbox is
/// looked at at intervals. A database that cannot be reached is waited for. An error that waiting cannot solve is the
/// last item. Dropping this unregisters it.
pub struct Follow {
    reader: Arc<Reader>,
    owner: Owner,
    follower: Follower,
    /// The last position that was returned. Only higher ones are returned.
    told: Option<Position>,
    /// When to look next without a wake-up. `None`: only after a wake-up.
    look_at: Option<Instant>,
    ended: bool,
}

/// The result of a look.
enum Look {
    /// The inbox is at this position.
    At(Position),
    /// The store cannot answer now.
    Later,
    /// The store will never answer.
    Failed(ReadError),
}

impl Reader {
    /// Follows the owner's inbox from `since` on. Without `since`, the first item is the present position.
    pub fn follow(self: &Arc<Self>, owner: Owner, since: Option<Position>) -> Follow {
        // Register before the first look, so that no change falls between.
        let follower = self.followers.register(&owner);
        let look_at = Some(Instant::now());
        Follow { reader: Arc::clone(self), owner, follower, told: since, look_at, ended: false }
    }
}

impl Follow {
    /// The next position. `None` once the reader was stopped, or after an error. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<Position, ReadError>> {
        while !self.ended {
            if !self.wait().await {
                self.ended = true;
                break;
            }
            // Take the news before the look, so that a wake-up during the look asks for another look.
            let news = self.follower.take();
            // If the caller drops this future before the look ends, the look counts as not done, and the next call
            // repeats it.
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

    /// The positions as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<Position, ReadError>> + Send {
        futures::stream::unfold(self, async |mut follow| follow.next().await.map(|item| (item, follow)))
    }

    /// Waits for a reason to look. `false`: the reader was stopped.
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

    /// When to look again without a wake-up.
    fn next_look(&self, look: &Look, news: News) -> Option<Instant> {
        let now = Instant::now();
        // Spread the looks, so that followers that lost the same Redis do not ask the database at the same moment.
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
