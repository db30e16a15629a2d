//! The read state of a row, computed from the revs of the row and the watermarks of the head alone.

use super::wire::Row;
use crate::store::Head;

/// What a person did with a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadState {
    /// Not shown yet.
    Unread,
    /// Shown, but not opened.
    Seen,
    /// Opened.
    Read,
    /// Put into the archive.
    Archived,
    /// Expired or deleted: no longer shown.
    Gone,
}

impl ReadState {
    /// The state of a row under a head. They may come from different answers, as long as the head is not the older one.
    pub fn of(row: &Row, head: &Head) -> Self {
        if row.deleted_at.is_some() || row.expired_at.is_some() {
            Self::Gone
        } else if row.archived_at.is_some() {
            Self::Archived
        } else if row.read_at.is_some() || row.unread_rev <= head.read_upto {
            Self::Read
        } else if row.seen_at.is_some() || row.unseen_rev <= head.seen_upto {
            Self::Seen
        } else {
            Self::Unread
        }
    }

    /// Whether the head's `unread` counts it. A row that was only seen is still unread.
    pub fn counts_as_unread(self) -> bool {
        match self {
            Self::Unread | Self::Seen => true,
            Self::Read | Self::Archived | Self::Gone => false,
        }
    }

    /// The word that people see for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Seen => "seen",
            Self::Read => "read",
            Self::Archived => "archived",
            Self::Gone => "gone",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{store::Epoch, timestamp::Timestamp};

    pub(crate) fn head(rev: i64) -> Head {
        let epoch = Epoch { store: 1, owner: 100 };
        Head { epoch, rev, unread: rev, unseen: rev, read_upto: 0, seen_upto: 0, next_due: None }
    }

    pub(crate) fn row(id: uuid::Uuid, rev: i64) -> Row {
        let text = String::new;
        Row {
            id,
            source_id: None,
            rev,
            changed_rev: rev,
            unread_rev: rev,
            unseen_rev: rev,
            kind: "k".to_owned(),
            actor: text(),
            title: text(),
            body: text(),
            created_at: Timestamp::EARLIEST,
            expired_at: None,
            seen_at: None,
            read_at: None,
            archived_at: None,
            deleted_at: None,
        }
    }

    #[test]
    fn watermarks_and_marks_agree() {
        let at = Some(Timestamp::EARLIEST);
        let plain = row(uuid::Uuid::nil(), 5);
        let mut upto = head(9);
        assert_eq!(ReadState::of(&plain, &upto), ReadState::Unread);
        upto.seen_upto = 5;
        assert_eq!(ReadState::of(&plain, &upto), ReadState::Seen);
        upto.read_upto = 4;
        assert_eq!(ReadState::of(&plain, &upto), ReadState::Seen);
        upto.read_upto = 5;
        assert_eq!(ReadState::of(&plain, &upto), ReadState::Read);
        // The row was marked unread again after everything was read: its `unread_rev` is above the watermark.
        assert_eq!(ReadState::of(&Row { unread_rev: 6, ..plain.clone() }, &upto), ReadState::Seen);
        assert_eq!(ReadState::of(&Row { unread_rev: 6, read_at: at, ..plain.clone() }, &upto), ReadState::Read);
        assert_eq!(ReadState::of(&Row { archived_at: at, ..plain.clone() }, &head(9)), ReadState::Archived);
        assert_eq!(ReadState::of(&Row { archived_at: at, expired_at: at, ..plain }, &head(9)), ReadState::Gone);
    }
}
