//! Columns by name, from rows of statements that no entity stands for.

use sea_orm::QueryResult;
use serde_json::value::RawValue;

use super::{Epoch, Head, HeadAt, Item, StoreError};
use crate::timestamp::Timestamp;

/// The head of an owner as columns; `s` is the row of `store`, `o` that of the owner, if any.
pub(super) const HEAD: &str = "s.generation AS generation, s.epoch AS store_epoch, o.epoch AS owner_epoch, o.rev AS owner_rev, \
     o.unread AS unread, o.unseen AS unseen, o.read_upto AS read_upto, o.seen_upto AS seen_upto, o.next_due AS next_due, \
     o.floor_rev AS floor_rev";

/// What a client sees of a row, `n`.
pub(super) const ITEM: &str = "n.id, n.source_id, n.rev, n.changed_rev, n.unread_rev, n.unseen_rev, n.kind, n.actor, n.title, \
     n.body, n.data, n.priority, n.created_at, n.expires_at, n.expired_at, n.seen_at, n.read_at, n.archived_at, n.deleted_at";

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
        next_due: moment(row, "next_due")?,
    };
    Ok(HeadAt { head, generation: number("generation")? })
}

/// The item in a row that has the columns [`ITEM`]; `None` where an outer join found none.
pub(super) fn item(row: &QueryResult) -> Result<Option<Item>, StoreError> {
    let Some(id) = row.try_get("", "id")? else { return Ok(None) };
    let Some(created_at) = moment(row, "created_at")? else { return Ok(None) };
    Ok(Some(Item {
        id,
        source_id: row.try_get("", "source_id")?,
        rev: row.try_get("", "rev")?,
        changed_rev: row.try_get("", "changed_rev")?,
        unread_rev: row.try_get("", "unread_rev")?,
        unseen_rev: row.try_get("", "unseen_rev")?,
        kind: row.try_get("", "kind")?,
        actor: row.try_get("", "actor")?,
        title: row.try_get("", "title")?,
        body: row.try_get("", "body")?,
        data: row.try_get::<Option<String>>("", "data")?.map(json).transpose()?,
        priority: u8::try_from(row.try_get::<i16>("", "priority")?).unwrap_or(0),
        created_at,
        expires_at: moment(row, "expires_at")?,
        expired_at: moment(row, "expired_at")?,
        seen_at: moment(row, "seen_at")?,
        read_at: moment(row, "read_at")?,
        archived_at: moment(row, "archived_at")?,
        deleted_at: moment(row, "deleted_at")?,
    }))
}

/// The sender's JSON, byte for byte.
pub(super) fn json(text: String) -> Result<Box<RawValue>, StoreError> {
    // Only a notification that did not come through `notif` can hold such a text; it is refused like any bad value.
    RawValue::from_string(text).map_err(|error| StoreError::Refused(sea_orm::DbErr::Json(error.to_string())))
}

fn moment(row: &QueryResult, name: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.try_get::<Option<i64>>("", name)?.map(Timestamp::from_micros))
}
