//! A batch in one transaction, step by step: for either database, and for any batch.
//!
//! The steps are separate statements, so that the look for ids that exist has a snapshot later than the locks: done in one, two
//! consumers with one id made one row and an unread counter of 2.

use std::collections::HashMap;

use sea_orm::{DatabaseConnection, DatabaseTransaction, EntityTrait, FromQueryResult, Set, Value};
use uuid::Uuid;

use super::{
    Announce, Committed, Outcome, OwnerChange, StoreError,
    batch::{Batch, Entry},
    dialect::Dialect,
    entity::notification::{ActiveModel, Entity},
    history::{self, Attempt},
    owner_lock, transaction,
};
use crate::{notif::Notification, timestamp::Timestamp};

/// Rows of one INSERT: 23 columns each, and Postgres takes 65,535 parameters, SQLite 32,766.
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
            if let Some(there) = existing.get(&(state.owner.as_str(), entry.notification.id)) {
                entry.found(batch.all, &mut outcomes, |notification| there.has_content_of(notification));
                continue;
            }
            state.rev += 1;
            entry.stored(state.rev, batch.all, &mut outcomes);
            let expired = entry.is_expired(history.clock);
            if !expired {
                state.unread += 1;
                state.unseen += 1;
                state.next_due = earliest(state.next_due, entry.expires_at.map(Timestamp::micros));
                inserted.push(entry.item(state.rev)?);
            }
            rows.push(row(entry, state.rev, expired.then_some(history.clock.micros())));
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

/// Announces the changes; their heads carry the generation that this raised, if it did.
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

/// The content of a row that is there, to compare a repeat with.
#[derive(FromQueryResult)]
struct Existing {
    owner: String,
    id: Uuid,
    kind: String,
    actor: String,
    title: String,
    body: String,
    data: Option<String>,
    priority: i16,
}

impl Existing {
    fn has_content_of(&self, notification: &Notification) -> bool {
        let Notification {
            kind,
            actor,
            title,
            body,
            data,
            priority,
            owner: _,
            id: _,
            source_id: _,
            created_at: _,
            expires_at: _,
        } = notification;
        self.kind == *kind
            && self.actor == *actor
            && self.title == *title
            && self.body == *body
            && self.data == *data
            && self.priority == i16::from(*priority)
    }
}

/// The rows of the batch that are in the store already.
async fn existing<'a>(
    tx: &DatabaseTransaction,
    batch: &Batch<'a>,
) -> Result<HashMap<(&'a str, Uuid), Existing>, StoreError> {
    let dialect = Dialect::of(tx);
    let entries: Vec<&Entry<'a>> = batch.owners.iter().flat_map(|owner| &owner.entries).collect();
    let mut rows = Vec::new();
    match dialect {
        Dialect::Postgres => {
            let sql = "SELECT n.owner, n.id, n.kind, n.actor, n.title, n.body, n.data, n.priority \
                 FROM unnest($1::text[], $2::uuid[]) AS u (owner, id) JOIN notification n ON n.owner = u.owner AND n.id = u.id";
            let owners: Vec<String> = entries.iter().map(|entry| entry.notification.owner.to_string()).collect();
            let ids: Vec<Uuid> = entries.iter().map(|entry| entry.notification.id).collect();
            rows = Existing::find_by_statement(dialect.statement(sql, [owners.into(), ids.into()])).all(tx).await?;
        }
        Dialect::Sqlite => {
            for chunk in entries.chunks(ROWS_PER_INSERT) {
                let keys = vec!["(?,?)"; chunk.len()].join(",");
                let sql = format!(
                    "SELECT owner, id, kind, actor, title, body, data, priority FROM notification WHERE (owner, id) IN (VALUES {keys})"
                );
                let values = chunk.iter().flat_map(|entry| {
                    [Value::from(entry.notification.owner.as_str()), Value::from(entry.notification.id)]
                });
                rows.extend(Existing::find_by_statement(dialect.statement(sql, values)).all(tx).await?);
            }
        }
    }
    let owners: HashMap<&str, &'a str> =
        batch.owners.iter().map(|entries| (entries.owner.as_str(), entries.owner.as_str())).collect();
    Ok(rows.into_iter().filter_map(|row| Some(((*owners.get(row.owner.as_str())?, row.id), row))).collect())
}

fn row(entry: &Entry<'_>, rev: i64, expired_at: Option<i64>) -> ActiveModel {
    let Notification { owner, id, source_id, kind, actor, title, body, data, priority, created_at, expires_at: _ } =
        entry.notification;
    ActiveModel {
        owner: Set(owner.to_string()),
        id: Set(*id),
        source_id: Set(source_id.clone()),
        rev: Set(rev),
        changed_rev: Set(rev),
        unread_rev: Set(rev),
        unseen_rev: Set(rev),
        kind: Set(kind.clone()),
        actor: Set(actor.clone()),
        title: Set(title.clone()),
        body: Set(body.clone()),
        data: Set(data.clone()),
        priority: Set(i16::from(*priority)),
        created_at: Set(created_at.micros()),
        expires_at: Set(entry.expires_at.map(Timestamp::micros)),
        expired_at: Set(expired_at),
        ..Default::default()
    }
}

async fn insert(tx: &DatabaseTransaction, rows: Vec<ActiveModel>) -> Result<(), StoreError> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk: Vec<ActiveModel> = rows.by_ref().take(ROWS_PER_INSERT).collect();
        Entity::insert_many(chunk).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The earlier of two moments that may never come.
fn earliest(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
