//! The book: every notification of a run and what became of it. It takes 56 bytes per notification; everything else
//! grows only with the number of owners.

use std::collections::HashSet;

use super::{findings::Findings, numbering::Numbering};
use crate::client::wire::Row;

/// How a notification is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// `POST /v1/notifications`.
    Http,
    /// Straight to the exchange.
    Amqp,
}

/// What the sender of a notification was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// No clear answer: it may be stored or not.
    Unknown,
    /// 202, or a confirm without a return.
    Accepted,
    /// A refusal that no retry can change.
    Refused,
}

/// One notification. Times are microseconds since the run began.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The index of its owner.
    pub owner: u32,
    /// How it was sent.
    pub way: Way,
    /// What its sender was told.
    pub fate: Fate,
    /// Whether the owner's inbox had it when it was read back whole at the end.
    pub stored: bool,
    /// When it was first sent.
    pub sent: u64,
    /// When it was accepted.
    pub accepted: u64,
    /// When the owner's reader first saw it.
    pub shown: u64,
    /// The rev with which the reader first saw it; 0 if it never did.
    pub rev: i64,
    changed_rev: i64,
}

/// Every notification of a run.
#[derive(Debug)]
pub struct Book {
    numbering: Numbering,
    entries: Vec<Entry>,
    read_back: HashSet<u32>,
    findings: Findings,
    open: u64,
}

impl Book {
    /// An empty book.
    pub fn new(numbering: Numbering) -> Self {
        Self { numbering, entries: Vec::new(), read_back: HashSet::new(), findings: Findings::default(), open: 0 }
    }

    /// Enters a notification that is about to be sent, and returns its number.
    pub fn enter(&mut self, owner: u32, way: Way, at: u64) -> u64 {
        let (fate, n) = (Fate::Unknown, self.entries.len() as u64);
        self.entries.push(Entry {
            owner,
            way,
            fate,
            stored: false,
            sent: at,
            accepted: 0,
            shown: 0,
            rev: 0,
            changed_rev: 0,
        });
        n
    }

    /// Notes that the sender was told "accepted".
    pub fn accepted(&mut self, n: u64, at: u64) {
        if let Some(entry) = at_mut(&mut self.entries, n)
            && entry.fate != Fate::Accepted
        {
            (entry.fate, entry.accepted) = (Fate::Accepted, at);
            self.open += u64::from(entry.rev == 0);
        }
    }

    /// Notes that the sender was told that the notification will never be accepted.
    pub fn refused(&mut self, n: u64, why: impl FnOnce() -> String) {
        if let Some(entry) = at_mut(&mut self.entries, n) {
            entry.fate = Fate::Refused;
            self.findings.note("refused", why);
        }
    }

    /// Notes that the owner's reader saw a row.
    pub fn shown(&mut self, owner: u32, row: &Row, at: u64) {
        let Some(entry) = self.numbering.number(row.id).and_then(|n| at_mut(&mut self.entries, n)) else {
            self.findings.doubled(|| {
                format!("owner {owner} was shown {} at rev {}, which the ledger never sent", row.id, row.rev)
            });
            return;
        };
        let (rev, changed_rev) = (entry.rev, entry.changed_rev);
        if entry.owner != owner {
            let theirs = entry.owner;
            self.findings.doubled(|| format!("owner {owner} was shown {} of owner {theirs}", row.id));
        } else if rev == 0 {
            self.open -= u64::from(entry.fate == Fate::Accepted);
            (entry.rev, entry.changed_rev, entry.shown) = (row.rev, row.changed_rev, at);
        } else if rev != row.rev {
            self.findings.doubled(|| format!("owner {owner} was shown {} at rev {rev}, then at {}", row.id, row.rev));
        } else if changed_rev > row.changed_rev {
            self.findings.backwards(|| {
                format!("owner {owner} was shown {} as changed at {changed_rev}, then at {}", row.id, row.changed_rev)
            });
        } else if changed_rev < row.changed_rev {
            entry.changed_rev = row.changed_rev;
            // Only the ledger uses these owners, and it marks nothing: an untouched row must not come a second time.
            if is_untouched(row) {
                self.findings.doubled(|| {
                    format!("owner {owner} was shown {} again at {}, but it is unchanged", row.id, row.changed_rev)
                });
            }
        }
    }

    /// Notes that the owner's inbox was read back whole. What it does not have now counts as lost.
    pub fn read_back(&mut self, owner: u32) {
        self.read_back.insert(owner);
    }

    /// Whether the owner's inbox was read back whole.
    pub fn is_read_back(&self, owner: u32) -> bool {
        self.read_back.contains(&owner)
    }

    /// Notes a row of the owner's inbox, read back whole. Call it once for each row.
    pub fn stored(&mut self, owner: u32, row: &Row) -> Option<&Entry> {
        let n = self.numbering.number(row.id);
        let Some(entry) = n.and_then(|n| at_mut(&mut self.entries, n)).filter(|entry| entry.owner == owner) else {
            self.findings.doubled(|| {
                format!("owner {owner} has {} at rev {}, which the ledger never sent there", row.id, row.rev)
            });
            return None;
        };
        if entry.stored {
            self.findings.doubled(|| format!("owner {owner} has {} twice, once at rev {}", row.id, row.rev));
        } else if entry.rev != 0 && entry.rev != row.rev {
            let rev = entry.rev;
            self.findings
                .doubled(|| format!("owner {owner} was shown {} at rev {rev}, and has it at {}", row.id, row.rev));
        }
        entry.stored = true;
        Some(entry)
    }

    /// How many notifications are accepted and not seen yet.
    pub fn open(&self) -> u64 {
        self.open
    }

    /// All entries, in the order of their numbers.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How numbers become ids in this run.
    pub fn numbering(&self) -> Numbering {
        self.numbering
    }

    /// What was found wrong, to add to it.
    pub fn findings(&mut self) -> &mut Findings {
        &mut self.findings
    }

    /// What was found wrong.
    pub fn found(&self) -> &Findings {
        &self.findings
    }
}

fn at_mut(entries: &mut [Entry], n: u64) -> Option<&mut Entry> {
    entries.get_mut(usize::try_from(n).ok()?)
}

fn is_untouched(row: &Row) -> bool {
    row.read_at.is_none()
        && row.seen_at.is_none()
        && row.archived_at.is_none()
        && row.expired_at.is_none()
        && row.deleted_at.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::read_state::tests::row;

    fn book() -> (Book, u64) {
        let mut book = Book::new(Numbering::new(1));
        let n = book.enter(0, Way::Http, 5);
        book.accepted(n, 10);
        (book, n)
    }

    #[test]
    fn an_entry_is_as_small_as_it_says() {
        assert!(size_of::<Entry>() <= 56, "{}", size_of::<Entry>());
    }

    #[test]
    fn what_is_shown_once_or_again_at_its_rev_is_right() {
        let (mut book, n) = book();
        assert_eq!(book.open(), 1);
        let row = row(book.numbering().id(n), 3);
        book.shown(0, &row, 20);
        book.shown(0, &row, 30);
        book.accepted(n, 40);
        assert!(book.stored(0, &row).is_some());
        assert_eq!((book.open(), book.found().doubled, book.found().backwards), (0, 0, 0));
        assert_eq!((book.entries()[0].accepted, book.entries()[0].shown), (10, 20));
    }

    #[test]
    fn shown_before_it_was_accepted_is_not_open() {
        let mut book = Book::new(Numbering::new(1));
        let n = book.enter(0, Way::Amqp, 5);
        book.shown(0, &row(book.numbering().id(n), 3), 7);
        book.accepted(n, 10);
        assert_eq!(book.open(), 0);
    }

    #[test]
    fn a_second_rev_is_a_double() {
        let (mut book, n) = book();
        book.shown(0, &row(book.numbering().id(n), 3), 20);
        book.shown(0, &row(book.numbering().id(n), 4), 30);
        assert_eq!(book.found().doubled, 1);
    }

    #[test]
    fn news_of_a_row_that_did_not_change_is_a_double_and_old_news_runs_back() {
        let (mut book, n) = book();
        let first = row(book.numbering().id(n), 3);
        book.shown(0, &first, 20);
        book.shown(0, &Row { changed_rev: 9, ..first.clone() }, 30);
        assert_eq!((book.found().doubled, book.found().backwards), (1, 0));
        book.shown(0, &first, 40);
        assert_eq!((book.found().doubled, book.found().backwards), (1, 1));
        let read = Row { changed_rev: 12, read_at: Some(first.created_at), ..first };
        book.shown(0, &read, 50);
        assert_eq!((book.found().doubled, book.found().backwards), (1, 1), "a mark is a change");
    }

    #[test]
    fn a_row_that_nobody_sent_or_of_another_owner_is_a_double() {
        let (mut book, n) = book();
        book.shown(0, &row(uuid::Uuid::now_v7(), 1), 20);
        book.shown(1, &row(book.numbering().id(n), 2), 20);
        book.shown(0, &row(book.numbering().id(99), 3), 20);
        assert_eq!(book.found().doubled, 3);
        assert_eq!(book.open(), 1);
        assert!(book.stored(1, &row(book.numbering().id(n), 2)).is_none());
        assert_eq!(book.found().doubled, 4);
    }

    #[test]
    fn one_id_in_two_rows_is_a_double() {
        let (mut book, n) = book();
        let id = book.numbering().id(n);
        book.stored(0, &row(id, 3));
        book.stored(0, &row(id, 4));
        assert_eq!(book.found().doubled, 1);
        assert_eq!(book.found().examples.len(), 1);
    }
}
