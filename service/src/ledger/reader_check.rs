//! Judges what one reader sees against what it saw before.

use super::book::Book;
use crate::{client::follow::Step, client::wire::Row, store::Position};

/// The judge of one owner's reader.
#[derive(Clone, Debug)]
pub struct ReaderCheck {
    owner: u32,
    /// The highest head that an answer to a request with a position carried.
    last: Option<Position>,
    /// The `since` of the last answer, and the highest `changed_rev` of all answers to it.
    reached: Option<(Position, i64)>,
    resets: u64,
}

impl ReaderCheck {
    /// The judge of this owner's reader.
    pub fn new(owner: u32) -> Self {
        Self { owner, last: None, reached: None, resets: 0 }
    }

    /// How often the server could not continue from the reader's position. The first notification of an owner does not
    /// count.
    pub fn resets(&self) -> u64 {
        self.resets
    }

    /// The highest head that the reader saw.
    pub fn last(&self) -> Option<Position> {
        self.last
    }

    /// Judges one answer and enters its rows.
    pub fn judge(&mut self, step: &Step, book: &mut Book, at: u64) {
        match step {
            Step::Nothing => {}
            Step::Standing { head, rows, reset_from } => {
                if let Some(from) = reset_from {
                    // A position of epoch 0 belongs to an owner without a row: the first notification makes the row.
                    self.resets += u64::from(from.epoch.owner != 0);
                    self.reached = None;
                    self.head(head.position(), book);
                } else if self.last.is_none() {
                    self.last = Some(head.position());
                }
                self.falling(rows, book);
                self.enter(rows, book, at);
            }
            Step::Changed { head, rows, after, complete_to } => {
                self.head(head.position(), book);
                self.rising(rows, *after, head.rev, book);
                if *complete_to < after.rev || *complete_to > head.rev || head.epoch != after.epoch {
                    let (owner, head) = (self.owner, head.position());
                    book.findings()
                        .backwards(|| format!("owner {owner}, since {after}: complete_to {complete_to}, head {head}"));
                }
                self.enter(rows, book, at);
            }
        }
    }

    /// An answer to a request that carried a position is never older than what the reader knew.
    fn head(&mut self, head: Position, book: &mut Book) {
        let owner = self.owner;
        if let Some(last) = self.last.filter(|last| *last > head) {
            book.findings().backwards(|| format!("owner {owner}: the head fell from {last} to {head}"));
        }
        self.last = self.last.max(Some(head));
    }

    fn rising(&mut self, rows: &[Row], after: Position, head_rev: i64, book: &mut Book) {
        let owner = self.owner;
        let mut reached = match self.reached {
            Some((since, reached)) if since == after => reached,
            Some(_) | None => after.rev,
        };
        for row in rows {
            let rev = row.changed_rev;
            if rev <= reached || rev > head_rev {
                let id = row.id;
                book.findings()
                    .backwards(|| format!("owner {owner}: {id} changed at {rev}, outside {reached} to {head_rev}"));
            }
            reached = reached.max(rev);
        }
        self.reached = Some((after, reached));
    }

    fn falling(&self, rows: &[Row], book: &mut Book) {
        let owner = self.owner;
        for pair in rows.windows(2) {
            if pair[0].rev <= pair[1].rev {
                let (above, below) = (pair[0].rev, pair[1].rev);
                book.findings().backwards(|| format!("owner {owner}: a page lists rev {above} before rev {below}"));
            }
        }
    }

    fn enter(&self, rows: &[Row], book: &mut Book, at: u64) {
        for row in rows {
            book.shown(self.owner, row, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::read_state::tests::{head, row},
        ledger::{book::Way, numbering::Numbering},
        store::Head,
    };

    struct Reader {
        book: Book,
        check: ReaderCheck,
    }

    impl Reader {
        /// A book of ten notifications of owner 0, and its reader at rev 1.
        fn new() -> Self {
            let mut book = Book::new(Numbering::new(1));
            for _ in 0..10 {
                book.enter(0, Way::Http, 0);
            }
            let mut reader = Self { book, check: ReaderCheck::new(0) };
            reader.judge(&Step::Standing { head: head(1), rows: reader.rows(&[(0, 1)]), reset_from: None });
            assert_eq!(reader.wrong(), (0, 0));
            reader
        }

        fn rows(&self, numbers: &[(u64, i64)]) -> Vec<Row> {
            numbers.iter().map(|(n, rev)| row(self.book.numbering().id(*n), *rev)).collect()
        }

        fn judge(&mut self, step: &Step) {
            self.check.judge(step, &mut self.book, 1);
        }

        fn changed(&mut self, at: i64, after: i64, rows: &[(u64, i64)]) -> (u64, u64) {
            let (rows, after) = (self.rows(rows), head(after).position());
            let complete_to = rows.last().map_or(at, |row| row.changed_rev);
            self.judge(&Step::Changed { head: head(at), rows, after, complete_to });
            self.wrong()
        }

        fn wrong(&self) -> (u64, u64) {
            (self.book.found().doubled, self.book.found().backwards)
        }
    }

    #[test]
    fn news_in_order_is_right_also_over_pages() {
        let mut reader = Reader::new();
        assert_eq!(reader.changed(3, 1, &[(1, 2), (2, 3)]), (0, 0));
        assert_eq!(reader.changed(9, 3, &[(3, 4), (4, 5)]), (0, 0));
        assert_eq!(reader.changed(10, 3, &[(5, 6), (6, 10)]), (0, 0), "the next page of the same since");
        reader.judge(&Step::Nothing);
        assert_eq!(reader.wrong(), (0, 0));
        assert_eq!(reader.check.last(), Some(head(10).position()));
    }

    #[test]
    fn a_head_that_falls_runs_back() {
        let mut reader = Reader::new();
        reader.changed(3, 1, &[(1, 2), (2, 3)]);
        assert_eq!(reader.changed(2, 1, &[]).1, 1);
    }

    #[test]
    fn a_rev_that_repeats_for_another_row_runs_back() {
        let mut reader = Reader::new();
        assert_eq!(reader.changed(3, 1, &[(1, 2), (2, 2)]), (0, 1));
        let mut reader = Reader::new();
        reader.changed(3, 1, &[(1, 2), (2, 3)]);
        assert_eq!(reader.changed(3, 1, &[(3, 3)]), (0, 1), "on the next page");
    }

    #[test]
    fn what_was_known_already_runs_back() {
        let mut reader = Reader::new();
        assert_eq!(reader.changed(3, 1, &[(1, 1)]), (0, 1));
    }

    #[test]
    fn an_answer_that_promises_less_than_was_known_or_more_than_there_is_runs_back() {
        for complete_to in [0, 4] {
            let mut reader = Reader::new();
            let after = head(1).position();
            reader.judge(&Step::Changed { head: head(3), rows: Vec::new(), after, complete_to });
            assert_eq!(reader.wrong(), (0, 1), "{complete_to}");
        }
    }

    #[test]
    fn a_page_out_of_order_runs_back() {
        let mut reader = Reader::new();
        let rows = reader.rows(&[(1, 2), (2, 3)]);
        reader.judge(&Step::Standing { head: head(3), rows, reset_from: None });
        assert_eq!(reader.wrong(), (0, 1));
    }

    #[test]
    fn a_reset_into_a_later_epoch_is_counted_and_into_the_past_runs_back() {
        let mut reader = Reader::new();
        let mut later = head(1);
        later.epoch.store += 1;
        reader.judge(&Step::Standing { head: later, rows: Vec::new(), reset_from: Some(head(1).position()) });
        assert_eq!((reader.wrong(), reader.check.resets()), ((0, 0), 1));
        reader.judge(&Step::Standing { head: head(9), rows: Vec::new(), reset_from: Some(later.position()) });
        assert_eq!((reader.wrong(), reader.check.resets()), ((0, 1), 2));
    }

    #[test]
    fn the_first_notification_of_an_owner_is_no_reset() {
        let mut check = ReaderCheck::new(0);
        let mut book = Book::new(Numbering::new(1));
        let mut none = head(0);
        none.epoch.owner = 0;
        let standing = |head: Head, reset_from| Step::Standing { head, rows: Vec::new(), reset_from };
        check.judge(&standing(none, None), &mut book, 0);
        check.judge(&standing(head(1), Some(none.position())), &mut book, 0);
        assert_eq!((check.resets(), book.found().backwards), (0, 0));
    }
}
