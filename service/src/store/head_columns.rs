//! The head of an owner as columns of a statement that joins `store` and `owner_state`.

use sea_orm::QueryResult;

use super::{Epoch, Head, HeadAt, StoreError, row::FromColumn};

/// The head of an owner as columns; `s` is the row of `store`, `o` that of the owner, if any.
pub(super) const HEAD: &str = "s.generation AS generation, s.epoch AS store_epoch, o.epoch AS owner_epoch, \
     o.rev AS owner_rev, \
     o.unread AS unread, o.unseen AS unseen, o.read_upto AS read_upto, o.seen_upto AS seen_upto, \
     o.next_due AS next_due, \
     o.floor_rev AS floor_rev";

/// The head in a row that has the columns [`HEAD`].
pub(super) fn head(row: &QueryResult) -> Result<HeadAt, StoreError> {
    let number = |name: &str| -> Result<i64, StoreError> { Ok(row.try_get::<Option<i64>>("", name)?.unwrap_or(0)) };
    let head = Head {
        epoch: Epoch { store: number("store_epoch")?, owner: number("owner_epoch")? },
        rev: number("owner_rev")?,
        unread: number("unread")?,
        unseen: number("unseen")?,
        read_upto: number("read_upto")?,
        seen_upto: number("seen_upto")?,
        next_due: FromColumn::read(row, "next_due")?,
    };
    Ok(HeadAt { head, generation: number("generation")? })
}
