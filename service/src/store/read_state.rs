//! What a mark changes in a row, and whether a row counts. Pure.

use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{MarkState, entity::owner_state};

/// The columns of a row that decide whether it counts.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(super) struct RowState {
    pub(super) id: Uuid,
    pub(super) unread_rev: i64,
    pub(super) unseen_rev: i64,
    pub(super) seen_at: Option<i64>,
    pub(super) read_at: Option<i64>,
    pub(super) archived_at: Option<i64>,
    pub(super) expired_at: Option<i64>,
    pub(super) snoozed_until: Option<i64>,
    pub(super) deleted_at: Option<i64>,
}

/// The columns of [`RowState`].
pub(super) const COLUMNS: &str =
    "id, unread_rev, unseen_rev, seen_at, read_at, archived_at, expired_at, snoozed_until, deleted_at";

/// The condition for a row that may count. It is the same as [`RowState::is_visible`].
pub(super) const VISIBLE: &str =
    "archived_at IS NULL AND expired_at IS NULL AND snoozed_until IS NULL AND deleted_at IS NULL";

/// Up to which revs everything was read and seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watermarks {
    pub(super) read_upto: i64,
    pub(super) seen_upto: i64,
}

impl From<&owner_state::Model> for Watermarks {
    fn from(state: &owner_state::Model) -> Self {
        Self { read_upto: state.read_upto, seen_upto: state.seen_upto }
    }
}

impl RowState {
    fn is_visible(&self) -> bool {
        self.archived_at.is_none()
            && self.expired_at.is_none()
            && self.snoozed_until.is_none()
            && self.deleted_at.is_none()
    }

    fn is_read(&self, upto: Watermarks) -> bool {
        self.read_at.is_some() || self.unread_rev <= upto.read_upto
    }

    /// Read implies seen: all-read moves both watermarks, and a mark sets both times.
    fn is_seen(&self, upto: Watermarks) -> bool {
        self.seen_at.is_some() || self.unseen_rev <= upto.seen_upto
    }

    /// Its share of the unread counter and of the unseen counter, each 0 or 1.
    pub(super) fn counts(&self, upto: Watermarks) -> (i64, i64) {
        let visible = self.is_visible();
        (i64::from(visible && !self.is_read(upto)), i64::from(visible && !self.is_seen(upto)))
    }

    /// The row after the mark, which takes the owner's rev `rev`. `None`: the mark changes nothing, or the row has
    /// expired.
    pub(super) fn marked(&self, state: MarkState, upto: Watermarks, rev: i64, now: i64) -> Option<Self> {
        if self.expired_at.is_some() {
            return None;
        }
        let mut row = self.clone();
        match state {
            MarkState::Seen => {
                if !self.is_seen(upto) {
                    row.seen_at = Some(now);
                }
            }
            MarkState::Read => {
                if !self.is_read(upto) {
                    row.read_at = Some(now);
                }
                if !self.is_seen(upto) {
                    row.seen_at = Some(now);
                }
            }
            MarkState::Unread => {
                if self.is_read(upto) {
                    row.read_at = None;
                    row.unread_rev = rev;
                }
            }
            MarkState::Archived => row.archived_at = self.archived_at.or(Some(now)),
            MarkState::Unarchived => row.archived_at = None,
        }
        (row != *self).then_some(row)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NOTHING: Watermarks = Watermarks { read_upto: 0, seen_upto: 0 };

    fn row() -> RowState {
        RowState {
            id: Uuid::nil(),
            unread_rev: 5,
            unseen_rev: 5,
            seen_at: None,
            read_at: None,
            archived_at: None,
            expired_at: None,
            snoozed_until: None,
            deleted_at: None,
        }
    }

    #[test]
    fn read_is_seen_too_and_unread_does_not_unsee() {
        let read = row().marked(MarkState::Read, NOTHING, 6, 9).unwrap();
        assert_eq!((read.counts(NOTHING), read.read_at, read.seen_at), ((0, 0), Some(9), Some(9)));
        let unread = read.marked(MarkState::Unread, NOTHING, 7, 10).unwrap();
        assert_eq!((unread.counts(NOTHING), unread.unread_rev), ((1, 0), 7));
    }

    #[test]
    fn below_the_watermark_a_row_is_read_until_it_is_marked_unread() {
        let upto = Watermarks { read_upto: 5, seen_upto: 5 };
        assert_eq!(row().counts(upto), (0, 0));
        assert_eq!(row().marked(MarkState::Read, upto, 6, 9), None);
        assert_eq!(row().marked(MarkState::Seen, upto, 6, 9), None);
        assert_eq!(row().marked(MarkState::Unread, upto, 6, 9).unwrap().counts(upto), (1, 0));
    }

    #[test]
    fn what_is_so_already_does_not_change() {
        for (state, opposite) in [(MarkState::Unread, MarkState::Read), (MarkState::Unarchived, MarkState::Archived)] {
            assert_eq!(row().marked(state, NOTHING, 6, 9), None, "{state:?}");
            let other = row().marked(opposite, NOTHING, 6, 9).unwrap();
            assert_eq!(other.marked(opposite, NOTHING, 7, 9), None, "{opposite:?}");
        }
        let expired = RowState { expired_at: Some(1), ..row() };
        assert_eq!(expired.marked(MarkState::Read, NOTHING, 6, 9), None);
    }

    #[test]
    fn archived_expired_snoozed_and_deleted_rows_do_not_count() {
        assert_eq!(row().counts(NOTHING), (1, 1));
        for hidden in [
            RowState { archived_at: Some(1), ..row() },
            RowState { expired_at: Some(1), ..row() },
            RowState { snoozed_until: Some(1), ..row() },
            RowState { deleted_at: Some(1), ..row() },
        ] {
            assert_eq!(hidden.counts(NOTHING), (0, 0), "{hidden:?}");
        }
    }
}
