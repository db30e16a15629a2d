//! Commits a batch in one transaction, step by step: for both databases and for any batch.
//!
//! The steps are separate statements, so that the search for existing ids has a snapshot taken after the locks. In one
//! statement, two consumers with the same id made one row and an unread counter of 2.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, Set, Value};
use uuid::Uuid;

use super::{
    Announce, Committed, Outcome, OwnerChange, StoreError,
    batch::{Batch, Entry},
    dialect::Dialect,
    entity::notification::{ActiveModel, Entity, content, content_columns},
    history::{self, Attempt},
    owner_lock, transaction,
};
use crate::{notif::Content, timestamp::Timestamp};

/// Rows per INSERT. A row has 23 columns; Postgres allows 65,535 parameters, SQLite 32,766.
const ROWS_PER_INSERT: usize = 500;

/// Commits a batch.
pub(super) async fn commit(
    db: &DatabaseConnection,
    batch: &Batch<'_>,
    announce: &dyn Announce,
) -> Result<Attempt<Committed>, StoreError> {
    let tx = transaction::begin(db).await?;
    let owners: Vec<&str> = batch.owners.iter().map(|entries| entries.owner.as_str()).collect();
    let mut states = owner_lock::lock_or_create(&tx, &owners).await?;
    let history = history::read(&tx).await?;
    if history.forked {
        tx.rollback().await?;
        return Ok(Attempt::Forked);
    }
    let existing = existing(&tx, batch).await?;

    let mut outcomes = vec![Outcome::Repeat; batch.all.len()];
    let mut rows = Vec::with_capacity(batch.len());
    let mut states_after = Vec::new();
    let mut changes = Vec::new();
    for (entries, state) in batch.owners.iter().zip(&mut states) {
        let previous = owner_lock::position(state, history.epoch);
        let mut inserted = Vec::new();
        for entry in &entries.entries {
            if let Some(stored) = existing.get(&(state.owner.as_str(), entry.notification.id)) {
                entry.found(stored, batch.all, &mut outcomes);
                continue;
            }
            state.rev += 1;
            entry.stored(state.rev, batch.all, &mut outcomes);
            let expired = entry.is_expired(history.clock);
            if !expired {
                state.unread += 1;
                state.unseen += 1;
                state.next_due = earliest(state.next_due, entry.expires_at.map(Timestamp::micros));
                inserted.push(entry.item(state.rev));
            }
            rows.push(ActiveModel {
                expired_at: Set(expired.then_some(history.clock.micros())),
                ..ActiveModel::from(entry.written(state.rev))
            });
        }
        if state.rev > previous.rev {
            inserted.reverse();
            let head = owner_lock::head(state, history.epoch, history.generation);
            changes.push(OwnerChange { owner: entries.owner.clone(), previous, head, inserted });
            states_after.push(state.clone());
        }
    }
    if rows.is_empty() {
        tx.rollback().await?;
        return Ok(Attempt::Done(Committed { outcomes, changes }));
    }
    insert(&tx, rows).await?;
    owner_lock::write(&tx, &states_after).await?;
    finish(&tx, announce, &mut changes).await?;
    tx.commit().await?;
    Ok(Attempt::Done(Committed { outcomes, changes }))
}

/// Announces the changes. If that raised the generation, their heads carry the new one.
async fn finish(
    tx: &DatabaseTransaction,
    announce: &dyn Announce,
    changes: &mut [OwnerChange],
) -> Result<(), StoreError> {
    let positions: Vec<_> = changes.iter().map(|change| (change.owner.clone(), change.head.head.position())).collect();
    if let Some(generation) = transaction::announce(tx, announce, &positions).await? {
        for change in changes {
            change.head.generation = generation;
        }
    }
    Ok(())
}

/// What is in the store already: the content of each row, by owner and id.
type Existing<'a> = HashMap<(&'a str, Uuid), Content>;

/// Finds the rows of the batch that are in the store already.
async fn existing<'a>(tx: &DatabaseTransaction, batch: &Batch<'a>) -> Result<Existing<'a>, StoreError> {
    let dialect = Dialect::of(tx);
    let entries: Vec<&Entry<'a>> = batch.owners.iter().flat_map(|owner| &owner.entries).collect();
    let mut rows = Vec::new();
    match dialect {
        Dialect::Postgres => {
            let sql = format!(
                "SELECT n.owner, n.id, {} FROM unnest($1::text[], $2::uuid[]) AS u (owner, id) \
                 JOIN notification n ON n.owner = u.owner AND n.id = u.id",
                content_columns("n.")
            );
            let owners: Vec<String> = entries.iter().map(|entry| entry.notification.owner.to_string()).collect();
            let ids: Vec<Uuid> = entries.iter().map(|entry| entry.notification.id).collect();
            rows = tx.query_all_raw(dialect.statement(sql, [owners.into(), ids.into()])).await?;
        }
        Dialect::Sqlite => {
            for chunk in entries.chunks(ROWS_PER_INSERT) {
                let keys = vec!["(?,?)"; chunk.len()].join(",");
                let sql = format!(
                    "SELECT owner, id, {} FROM notification WHERE (owner, id) IN (VALUES {keys})",
                    content_columns("")
                );
                let values = chunk.iter().flat_map(|entry| {
                    [Value::from(entry.notification.owner.as_str()), Value::from(entry.notification.id)]
                });
                rows.extend(tx.query_all_raw(dialect.statement(sql, values)).await?);
            }
        }
    }
    let owners: HashMap<&str, &'a str> =
        batch.owners.iter().map(|entries| (entries.owner.as_str(), entries.owner.as_str())).collect();
    let mut existing = HashMap::with_capacity(rows.len());
    for row in &rows {
        let owner: String = row.try_get("", "owner")?;
        if let Some(owner) = owners.get(owner.as_str()) {
            existing.insert((*owner, row.try_get("", "id")?), content(row)?);
        }
    }
    Ok(existing)
}

async fn insert(tx: &DatabaseTransaction, rows: Vec<ActiveModel>) -> Result<(), StoreError> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk: Vec<ActiveModel> = rows.by_ref().take(ROWS_PER_INSERT).collect();
        Entity::insert_many(chunk).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The earlier of two times, where `None` means never.
fn earliest(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
