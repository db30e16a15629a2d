//! How a client keeps up with an inbox: it asks for the newest page first, then only for what changed since. Pure: the
//! caller sends the requests and waits.

use super::{
    feed::{FeedReply, FeedRequest},
    wire::{FeedAnswer, Rev, Row},
};
use crate::store::{Head, Position};

/// The most rows that a page may have.
pub const LARGEST_PAGE: u32 = 200;

/// A client that keeps up with one inbox.
#[derive(Clone, Debug)]
pub struct Follower {
    first_page: u32,
    whole: bool,
    unread: bool,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    /// The client knows nothing yet.
    Start,
    /// The client reads the older pages. What changes meanwhile comes later, by `since` with the head of the first
    /// page.
    Older { cursor: String, since: Position },
    /// The client knows everything up to `since`.
    Following { since: Position, cursor: Option<String>, etag: Option<String> },
}

/// What an answer brought.
#[derive(Debug)]
pub enum Step {
    /// 304: nothing changed.
    Nothing,
    /// Rows as they are now, newest first: the first page, or one of the older pages.
    Standing {
        /// The head.
        head: Head,
        /// The rows.
        rows: Vec<Row>,
        /// The position from which the server could not continue. The rows then replace everything that was known.
        reset_from: Option<Position>,
    },
    /// Rows that changed, oldest change first.
    Changed {
        /// The head.
        head: Head,
        /// The rows.
        rows: Vec<Row>,
        /// What was known before.
        after: Position,
        /// What is known now.
        complete_to: i64,
    },
}

impl Follower {
    /// A follower that shows the newest `first_page` rows, then the changes.
    pub fn newest(first_page: u32, unread: bool) -> Self {
        Self { first_page, whole: false, unread, stage: Stage::Start }
    }

    /// A follower that reads the whole inbox, and reads it again when the server cannot continue from its position.
    pub fn whole() -> Self {
        Self { first_page: LARGEST_PAGE, whole: true, unread: false, stage: Stage::Start }
    }

    /// The request to send now.
    pub fn request(&self) -> FeedRequest {
        let page = FeedRequest { limit: LARGEST_PAGE, ..FeedRequest::default() };
        match &self.stage {
            Stage::Start => FeedRequest { limit: self.first_page, unread: self.unread, ..page },
            Stage::Older { cursor, .. } => FeedRequest { cursor: Some(cursor.clone()), ..page },
            Stage::Following { since, cursor, etag } => {
                FeedRequest { since: Some(*since), cursor: cursor.clone(), etag: etag.clone(), ..page }
            }
        }
    }

    /// Whether to send the next request at once, because the last answer held only a part of the news.
    pub fn is_behind(&self) -> bool {
        match &self.stage {
            Stage::Start | Stage::Older { .. } => true,
            Stage::Following { cursor, .. } => cursor.is_some(),
        }
    }

    /// The position up to which the client knows everything, once it knows something.
    pub fn position(&self) -> Option<Position> {
        match &self.stage {
            Stage::Start => None,
            Stage::Older { since, .. } | Stage::Following { since, .. } => Some(*since),
        }
    }

    /// Takes the answer to [`Follower::request`].
    pub fn take(&mut self, reply: FeedReply) -> Step {
        let (page, etag) = match reply {
            FeedReply::Unchanged => return Step::Nothing,
            FeedReply::Page { page, etag, body: _ } => (*page, etag),
        };
        match std::mem::replace(&mut self.stage, Stage::Start) {
            Stage::Start => self.standing(page, etag, None),
            Stage::Older { since, .. } => {
                self.stage = match page.next {
                    Some(cursor) => Stage::Older { cursor, since },
                    None => Stage::Following { since, cursor: None, etag: None },
                };
                Step::Standing { head: page.head, rows: page.items, reset_from: None }
            }
            Stage::Following { since, .. } if page.reset => self.standing(page, etag, Some(since)),
            Stage::Following { since, .. } => self.changed(page, etag, since),
        }
    }

    fn standing(&mut self, page: FeedAnswer, etag: Option<String>, reset_from: Option<Position>) -> Step {
        let since = page.head.position();
        self.stage = match page.next {
            Some(cursor) if self.whole => Stage::Older { cursor, since },
            Some(_) | None => Stage::Following { since, cursor: None, etag },
        };
        Step::Standing { head: page.head, rows: page.items, reset_from }
    }

    fn changed(&mut self, page: FeedAnswer, etag: Option<String>, after: Position) -> Step {
        let complete_to = page.complete_to.map_or(page.head.rev, Rev::number);
        self.stage = if page.next.is_some() {
            // A request for a further page carries the cursor and the same `since`.
            Stage::Following { since: after, cursor: page.next, etag: None }
        } else {
            // Keep the ETag only when everything is known: the ETag stands for the whole head, so a client that knows
            // only a part of it must not be answered "no news".
            let etag = etag.filter(|_| complete_to == page.head.rev);
            Stage::Following { since: Position { epoch: page.head.epoch, rev: complete_to }, cursor: None, etag }
        };
        Step::Changed { head: page.head, rows: page.items, after, complete_to }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::client::read_state::tests::{head, row};

    fn page(rev: i64, rows: &[i64], next: Option<&str>, complete_to: Option<i64>) -> FeedReply {
        let items = rows.iter().map(|rev| row(Uuid::nil(), *rev)).collect();
        let next = next.map(str::to_owned);
        let complete_to = complete_to.map(Rev::Number);
        let page = FeedAnswer { head: head(rev), items, next, complete_to, reset: false };
        FeedReply::Page { page: Box::new(page), etag: Some(format!("W/\"{rev}\"")), body: Vec::new() }
    }

    #[test]
    fn the_newest_page_then_the_news() {
        let mut follower = Follower::newest(20, false);
        assert_eq!(follower.request(), FeedRequest { limit: 20, ..FeedRequest::default() });
        assert!(matches!(
            follower.take(page(9, &[9, 8], Some("older"), None)),
            Step::Standing { reset_from: None, .. }
        ));
        assert!(!follower.is_behind());
        let request = follower.request();
        assert_eq!(request.since, Some(head(9).position()));
        assert_eq!(request.etag.as_deref(), Some("W/\"9\""));
        assert!(matches!(follower.take(FeedReply::Unchanged), Step::Nothing));
        assert_eq!(follower.request(), request);
    }

    #[test]
    fn a_part_of_the_news_is_no_reason_to_wait_and_no_etag() {
        let mut follower = Follower::newest(20, false);
        follower.take(page(9, &[9], None, None));
        let step = follower.take(page(400, &[10, 11], Some("c1"), Some(11)));
        assert!(matches!(step, Step::Changed { complete_to: 11, .. }));
        assert!(follower.is_behind());
        let request = follower.request();
        assert_eq!((request.since, request.cursor.as_deref()), (Some(head(9).position()), Some("c1")));
        assert_eq!(request.etag, None);
        follower.take(page(500, &[400], None, Some(400)));
        assert!(!follower.is_behind());
        assert_eq!(follower.request().since, Some(head(400).position()));
        assert_eq!(follower.request().etag, None, "the head is at 500, we are at 400");
        follower.take(page(500, &[500], None, Some(500)));
        assert_eq!(follower.request().etag.as_deref(), Some("W/\"500\""));
    }

    #[test]
    fn a_reset_is_told_and_a_whole_reader_reads_all_again() {
        let mut follower = Follower::whole();
        follower.take(page(9, &[9], None, None));
        let FeedReply::Page { page: mut answer, etag, body } = page(3, &[3, 2], Some("older"), None) else { panic!() };
        answer.reset = true;
        let step = follower.take(FeedReply::Page { page: answer, etag, body });
        assert!(matches!(step, Step::Standing { reset_from: Some(_), .. }));
        assert!(follower.is_behind());
        let request = follower.request();
        assert_eq!((request.since, request.cursor.as_deref()), (None, Some("older")));
        follower.take(page(5, &[1], None, None));
        assert!(!follower.is_behind());
        assert_eq!(follower.request().since, Some(head(3).position()), "what changed while paging comes by since");
    }
}
