//! Reads the inbox of one owner as a real client does: all the time, with `since` and `If-None-Match`, also during
//! faults.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    figures::Counted,
    read_back::{Moved, ReadBack},
    reader_check::ReaderCheck,
    shared::RunShared,
};
use crate::{
    client::{
        ClientError,
        backoff::Backoff,
        feed::{FeedReply, FeedRequest, head, poll},
        follow::{Follower, LARGEST_PAGE},
    },
    store::Position,
};

/// How long to wait before reading back again an inbox that changed meanwhile.
const AGAIN: Duration = Duration::from_millis(200);

/// What one reader reports at the end.
#[derive(Debug)]
pub struct Read {
    /// Its counts.
    pub counted: Counted,
    /// The highest head that it saw.
    pub last: Option<Position>,
    /// Why its last failed poll failed.
    pub trouble: Option<ClientError>,
}

/// Polls until the run is done.
pub async fn follow(shared: Arc<RunShared>, owner: u32) -> Read {
    let name = shared.plan.owner(owner);
    let (mut follower, mut check) = (Follower::whole(), ReaderCheck::new(owner));
    let (mut counted, mut trouble, mut backoff) = (Counted::default(), None, Backoff::default());
    for api in shared.plan.apis.iter().cycle() {
        if shared.done.is_cancelled() {
            break;
        }
        counted.polls += 1;
        let pause = match poll(api, &name, &follower.request()).await {
            Ok(polled) => {
                backoff.reset();
                counted.unchanged_polls += u64::from(matches!(polled.reply, FeedReply::Unchanged));
                let (step, now) = (follower.take(polled.reply), shared.now());
                shared.with_book(|book| check.judge(&step, book, now));
                if follower.is_behind() { Duration::ZERO } else { shared.plan.poll }
            }
            Err(error) => {
                counted.failed_polls += 1;
                trouble = Some(error);
                // Poll again soon: the run must see what the server answers right after a fault.
                backoff.next_wait(None, rand::random()).min(shared.plan.poll.max(Duration::from_millis(200)))
            }
        };
        tokio::select! {
            () = shared.done.cancelled() => break,
            () = sleep(pause) => {},
        }
    }
    counted.resets = check.resets();
    Read { counted, last: check.last(), trouble }
}

/// Reads the whole inbox page by page, and starts over when it changes meanwhile. Returns the skew, or `None` when the
/// time is up.
pub async fn read_back(shared: &RunShared, owner: u32, at_least: Option<Position>, until: Instant) -> Option<Duration> {
    let name = shared.plan.owner(owner);
    for (attempt, api) in shared.plan.apis.iter().cycle().enumerate() {
        if attempt > 0 && Instant::now() >= until {
            return None;
        }
        let mut back = ReadBack::default();
        match pages(api, &name, at_least, &mut back).await {
            Ok(Ok(())) => return Some(shared.with_book(|book| back.judge(owner, book))),
            Ok(Err(Moved)) | Err(_) => sleep(AGAIN).await,
        }
    }
    None
}

async fn pages(
    api: &crate::client::connect::Server,
    owner: &str,
    at_least: Option<Position>,
    back: &mut ReadBack,
) -> Result<Result<(), Moved>, ClientError> {
    let mut request = FeedRequest { limit: LARGEST_PAGE, ..FeedRequest::default() };
    loop {
        let FeedReply::Page { page, .. } = poll(api, owner, &request).await?.reply else {
            return Err(api.not_ours("the status is 304, but the request had no If-None-Match"));
        };
        if back.page(page.head, page.items, at_least).is_err() {
            return Ok(Err(Moved));
        }
        match page.next {
            Some(cursor) => request.cursor = Some(cursor),
            None => break,
        }
    }
    // The head that the badge uses must agree with the pages.
    let badge = head(api, owner).await?.head;
    Ok(back.page(badge, Vec::new(), at_least))
}
