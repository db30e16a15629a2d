//! The figures of a run.

use std::time::Duration;

use serde::Serialize;

use super::book::{Book, Fate, Way};

/// What senders and readers counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    /// Attempts beyond the first, over HTTP and AMQP.
    pub retries: u64,
    /// Polls that got no answer.
    pub failed_polls: u64,
    /// Polls that got a 304.
    pub unchanged_polls: u64,
    /// All polls.
    pub polls: u64,
    /// How often a reader had to start over: see [`super::reader_check::ReaderCheck::resets`].
    pub resets: u64,
    /// Inboxes that could not be read back whole.
    pub not_read_back: u64,
    /// The largest arrival skew of an inbox.
    pub skew: Duration,
}

impl Counted {
    /// Adds what one reader counted.
    pub fn add(&mut self, other: &Self) {
        let Self { retries, failed_polls, unchanged_polls, polls, resets, not_read_back, skew } = other;
        self.retries += retries;
        self.failed_polls += failed_polls;
        self.unchanged_polls += unchanged_polls;
        self.polls += polls;
        self.resets += resets;
        self.not_read_back += not_read_back;
        self.skew = self.skew.max(*skew);
    }
}

/// The figures of a run. Times are milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Notifications that were sent at least once.
    pub sent: u64,
    /// Of these, over AMQP.
    pub sent_amqp: u64,
    /// Notifications whose sender was told that they are accepted.
    pub accepted: u64,
    /// Of these, over AMQP.
    pub accepted_amqp: u64,
    /// Accepted ones that the owner's reader saw.
    pub seen: u64,
    /// Accepted ones that the reader never saw, or that the inbox does not have when it is read back whole at the end.
    pub lost: u64,
    /// Accepted ones of inboxes that could not be read back whole: it is unknown whether they are there.
    pub unjudged: u64,
    /// Ids in two rows or with two revs, and rows that the ledger did not send.
    pub doubled: u64,
    /// Revs that appeared for a second row, or that went backwards for a reader.
    pub backwards: u64,
    /// Sent, but neither accepted nor refused: they may be there or not.
    pub unknown_fate: u64,
    /// Refused in a way that no retry can change.
    pub refused: u64,
    /// Heads whose `unread` differs from the count of their rows.
    pub unread_mismatches: u64,
    /// Inboxes that could not be read back whole.
    pub not_read_back: u64,
    /// How often a reader had to start over.
    pub resets: u64,
    /// Attempts beyond the first.
    pub retries: u64,
    /// All polls.
    pub polls: u64,
    /// Polls that got a 304.
    pub unchanged_polls: u64,
    /// Polls that got no answer.
    pub failed_polls: u64,
    /// The time from accepted to seen by the reader: the median.
    pub visible_p50: f64,
    /// The same: the 99th percentile.
    pub visible_p99: f64,
    /// The same: the longest.
    pub visible_max: f64,
    /// The largest time by which a notification that was sent later stands before one that was sent earlier.
    pub skew: f64,
    /// The first findings in words.
    pub examples: Vec<String>,
}

impl Figures {
    /// Computes the figures of a book whose run is over.
    pub fn of(book: &Book, counted: &Counted) -> Self {
        let found = book.found();
        let mut figures = Self {
            doubled: found.doubled,
            backwards: found.backwards,
            unread_mismatches: found.unread_mismatches,
            not_read_back: counted.not_read_back,
            resets: counted.resets,
            retries: counted.retries,
            polls: counted.polls,
            unchanged_polls: counted.unchanged_polls,
            failed_polls: counted.failed_polls,
            skew: millis(u64::try_from(counted.skew.as_micros()).unwrap_or(u64::MAX)),
            examples: found.examples.clone(),
            ..Self::default()
        };
        let mut visible = Vec::new();
        for (n, entry) in book.entries().iter().enumerate() {
            let amqp = u64::from(entry.way == Way::Amqp);
            figures.sent += 1;
            figures.sent_amqp += amqp;
            match entry.fate {
                Fate::Unknown => figures.unknown_fate += 1,
                Fate::Refused => figures.refused += 1,
                Fate::Accepted => {
                    figures.accepted += 1;
                    figures.accepted_amqp += amqp;
                    let shown = entry.rev != 0;
                    if shown {
                        figures.seen += 1;
                        visible.push(entry.shown.saturating_sub(entry.accepted));
                    }
                    if !book.is_read_back(entry.owner) {
                        figures.unjudged += 1;
                    } else if !shown || !entry.stored {
                        figures.lost += 1;
                        if figures.lost <= 5 {
                            figures.examples.push(format!(
                                "lost: {} of owner {}, accepted after {} ms ({:?}), shown: {shown}, in the inbox: {}",
                                book.numbering().id(n as u64),
                                entry.owner,
                                entry.accepted / 1000,
                                entry.way,
                                entry.stored
                            ));
                        }
                    }
                }
            }
        }
        visible.sort_unstable();
        figures.visible_p50 = millis(percentile(&visible, 50));
        figures.visible_p99 = millis(percentile(&visible, 99));
        figures.visible_max = millis(visible.last().copied().unwrap_or(0));
        figures
    }

    /// Whether the promises held, and whether the run could tell. A run proves nothing if a way that it used accepted
    /// no notification, if one was refused, or if an inbox could not be read back.
    pub fn is_clean(&self) -> bool {
        let promises = self.lost == 0 && self.doubled == 0 && self.backwards == 0 && self.unread_mismatches == 0;
        let http = self.sent == self.sent_amqp || self.accepted > self.accepted_amqp;
        let amqp = self.sent_amqp == 0 || self.accepted_amqp > 0;
        promises && self.refused == 0 && self.not_read_back == 0 && self.accepted > 0 && http && amqp
    }
}

/// The percentile of sorted values by nearest rank; 0 if there are none.
fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

fn millis(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::{
            follow::Step,
            read_state::tests::{head, row},
            wire::Row,
        },
        ledger::{numbering::Numbering, read_back::ReadBack, reader_check::ReaderCheck},
    };

    /// A run of four notifications: what the reader saw and what the inbox had, as (number, rev).
    fn run(shown: &[(u64, i64)], stored: &[(u64, i64)]) -> Figures {
        let mut book = shown_only(shown);
        let mut back = ReadBack::default();
        back.page(head(stored.len().try_into().unwrap()), stored.iter().rev().map(row_of).collect(), None).unwrap();
        let skew = back.judge(0, &mut book);
        Figures::of(&book, &Counted { skew, ..Counted::default() })
    }

    /// The same before the inbox is read back.
    fn shown_only(shown: &[(u64, i64)]) -> Book {
        let mut book = Book::new(Numbering::new(1));
        for n in 0..4 {
            let way = if n % 2 == 0 { Way::Http } else { Way::Amqp };
            let entered = book.enter(0, way, n * 10);
            book.accepted(entered, n * 10 + 1000);
        }
        let mut check = ReaderCheck::new(0);
        check.judge(&Step::Standing { head: head(0), rows: Vec::new(), reset_from: None }, &mut book, 0);
        let (top, after) = (shown.len().try_into().unwrap(), head(0).position());
        let rows = shown.iter().map(row_of).collect();
        check.judge(&Step::Changed { head: head(top), rows, after, complete_to: top }, &mut book, 5000);
        book
    }

    fn row_of((n, rev): &(u64, i64)) -> Row {
        row(Numbering::new(1).id(*n), *rev)
    }

    const ALL: &[(u64, i64)] = &[(0, 1), (1, 2), (2, 3), (3, 4)];

    #[test]
    fn a_clean_run_is_clean() {
        let figures = run(ALL, ALL);
        assert!(figures.is_clean(), "{figures:?}");
        assert_eq!((figures.sent, figures.accepted, figures.seen, figures.lost), (4, 4, 4, 0));
        assert!((figures.visible_max - 4.0).abs() < 0.001, "{figures:?}");
    }

    #[test]
    fn a_planted_loss_is_told_by_the_reader_and_by_the_inbox() {
        let unseen = run(&ALL[..3], ALL);
        assert_eq!((unseen.seen, unseen.lost), (3, 1));
        assert!(!unseen.is_clean());
        let gone = run(ALL, &ALL[..3]);
        assert_eq!((gone.seen, gone.lost), (4, 1));
        assert!(!gone.is_clean());
        assert!(gone.examples.iter().any(|example| example.starts_with("lost: ")), "{:?}", gone.examples);
    }

    #[test]
    fn of_an_inbox_that_was_not_read_back_nothing_is_called_lost() {
        let book = shown_only(&ALL[..3]);
        let figures = Figures::of(&book, &Counted { not_read_back: 1, ..Counted::default() });
        assert_eq!((figures.accepted, figures.seen, figures.lost, figures.unjudged), (4, 3, 0, 4));
        assert!(!figures.is_clean(), "and the run is not clean");
    }

    #[test]
    fn a_planted_double_is_told() {
        let figures = run(&[(0, 1), (1, 2), (2, 3), (3, 4), (1, 5)], &[(0, 1), (1, 2), (2, 3), (3, 4), (1, 5)]);
        assert_eq!((figures.lost, figures.doubled), (0, 2), "shown at two revs, and stored twice");
        assert!(!figures.is_clean());
    }

    #[test]
    fn a_planted_step_back_is_told() {
        let figures = run(&[(0, 1), (2, 3), (1, 2), (3, 4)], ALL);
        assert_eq!((figures.lost, figures.doubled, figures.backwards), (0, 0, 1));
        assert!(!figures.is_clean());
    }

    #[test]
    fn a_run_that_proves_nothing_is_not_clean() {
        assert!(!Figures::default().is_clean());
        let clean = run(ALL, ALL);
        assert!(!Figures { accepted_amqp: 0, ..clean.clone() }.is_clean());
        assert!(!Figures { accepted: 2, ..clean.clone() }.is_clean(), "only AMQP was accepted");
        assert!(!Figures { refused: 1, ..clean.clone() }.is_clean());
        assert!(!Figures { not_read_back: 1, ..clean.clone() }.is_clean());
        assert!(!Figures { unread_mismatches: 1, ..clean.clone() }.is_clean());
        assert!(Figures { unknown_fate: 7, resets: 2, ..clean }.is_clean());
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let values: Vec<_> = (1..=200).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99), percentile(&[], 99)), (100, 198, 0));
    }
}
