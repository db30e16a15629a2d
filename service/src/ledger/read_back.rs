//! A whole inbox, read back page by page at the end, and the judgement on it.

use std::time::Duration;

use super::book::Book;
use crate::{
    client::{read_state::ReadState, wire::Row},
    store::{Head, Position},
};

/// The pages of one inbox so far. All must have the same head; otherwise the reading starts over.
#[derive(Debug, Default)]
pub struct ReadBack {
    head: Option<Head>,
    rows: Vec<Row>,
}

/// The inbox changed while it was read, or the answer was older than what its reader knew already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved;

impl ReadBack {
    /// Takes the next page, newest first. `at_least` is the position that the owner's reader knew.
    pub fn page(&mut self, head: Head, rows: Vec<Row>, at_least: Option<Position>) -> Result<(), Moved> {
        let known = self.head.get_or_insert(head);
        if *known != head || at_least.is_some_and(|position| head.position() < position) {
            return Err(Moved);
        }
        self.rows.extend(rows);
        Ok(())
    }

    /// Judges the whole inbox: every row appears once, revs fall, and the count of the head equals its rows. Returns
    /// the arrival skew: the time by which a notification that was sent later stands before one that was sent earlier.
    pub fn judge(self, owner: u32, book: &mut Book) -> Duration {
        let Some(head) = self.head else { return Duration::ZERO };
        book.read_back(owner);
        for pair in self.rows.windows(2) {
            if pair[0].rev <= pair[1].rev {
                let (above, below) = (pair[0].rev, pair[1].rev);
                book.findings().backwards(|| format!("owner {owner}: the inbox lists rev {above} before rev {below}"));
            }
        }
        let mut unread = std::collections::HashSet::new();
        let (mut latest, mut skew) = (0, 0);
        for row in self.rows.iter().rev() {
            if ReadState::of(row, &head).counts_as_unread() {
                unread.insert(row.id);
            }
            if row.rev > head.rev {
                book.findings().backwards(|| format!("owner {owner} has rev {} above its head {}", row.rev, head.rev));
            }
            if let Some(entry) = book.stored(owner, row) {
                latest = latest.max(entry.sent);
                skew = skew.max(latest - entry.sent);
            }
        }
        let counted = i64::try_from(unread.len()).unwrap_or(i64::MAX);
        if counted != head.unread {
            let head = head.unread;
            book.findings().unread_mismatch(|| format!("owner {owner}: the head says {head}, its rows say {counted}"));
        }
        Duration::from_micros(skew)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::read_state::tests::{head, row},
        ledger::{book::Way, numbering::Numbering},
    };

    fn judge(head: Head, rows: &[(u64, i64)]) -> (Book, Duration) {
        let mut book = Book::new(Numbering::new(1));
        for n in 0..3 {
            book.enter(0, Way::Http, n * 1000);
        }
        let rows = rows.iter().map(|(n, rev)| row(book.numbering().id(*n), *rev)).collect();
        let mut back = ReadBack::default();
        back.page(head, rows, None).unwrap();
        let skew = back.judge(0, &mut book);
        (book, skew)
    }

    #[test]
    fn a_right_inbox_has_no_findings() {
        let (book, skew) = judge(head(3), &[(2, 3), (1, 2), (0, 1)]);
        let found = book.found();
        assert_eq!((found.doubled, found.backwards, found.unread_mismatches, skew), (0, 0, 0, Duration::ZERO));
        assert!(book.entries().iter().all(|entry| entry.stored));
    }

    #[test]
    fn skew_is_told_and_is_no_fault() {
        let (book, skew) = judge(head(3), &[(0, 3), (1, 2), (2, 1)]);
        assert_eq!((book.found().backwards, skew), (0, Duration::from_millis(2)));
    }

    #[test]
    fn a_rev_in_two_rows_an_id_in_two_rows_and_a_wrong_count_are_found() {
        let (book, _) = judge(head(3), &[(2, 2), (1, 2), (0, 1)]);
        assert_eq!((book.found().doubled, book.found().backwards), (0, 1));
        let (book, _) = judge(head(2), &[(0, 3), (1, 2), (0, 1)]);
        assert_eq!((book.found().doubled, book.found().backwards, book.found().unread_mismatches), (1, 1, 0));
        let (book, _) = judge(head(3), &[(1, 2), (0, 1)]);
        assert_eq!(book.found().unread_mismatches, 1);
        let (book, _) = judge(Head { unread: 1, read_upto: 1, ..head(2) }, &[(1, 2), (0, 1)]);
        assert_eq!(book.found().unread_mismatches, 0, "read up to 1");
    }

    #[test]
    fn pages_of_two_heads_or_older_than_what_was_known_start_over() {
        let mut back = ReadBack::default();
        assert_eq!(back.page(head(3), Vec::new(), Some(head(3).position())), Ok(()));
        assert_eq!(back.page(head(4), Vec::new(), None), Err(Moved));
        assert_eq!(ReadBack::default().page(head(3), Vec::new(), Some(head(4).position())), Err(Moved));
    }
}
