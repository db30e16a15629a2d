//! Commits a batch in one transaction on Postgres, for the usual case that all of it is new.
//!
//! One write locks an owner's row and raises its counters by the size of the batch, before it is known that all of the
//! batch is new. Then all rows are inserted by one `INSERT … SELECT FROM unnest … ON CONFLICT DO NOTHING`, whose count
//! shows whether all were new. (The index shows the present and not a snapshot, and the owners are locked by then.) If
//! a row existed, or had expired before it arrived, everything is rolled back and done step by step. So the usual batch
//! takes one write per owner instead of two, no search for existing ids, and four round trips.

use std::sync::LazyLock;

use sqlx::{PgPool, Row, postgres::PgRow};

use super::{
    Announce, Committed, Epoch, Outcome, OwnerChange, Position, StoreError,
    batch::{Batch, Entry, OwnerEntries},
    entity::{
        notification::{INSERT_FROM_UNNEST, WrittenColumns},
        owner_state::Model as State,
    },
    error::{from_sqlx, no_store_row},
    generation::RAISE,
    history::Attempt,
    owner_lock,
};
use crate::timestamp::Timestamp;

/// One write per owner, in the order of its input, which is the order of the locks.
const RAISE_OWNERS: &str = "INSERT INTO owner_state AS o \
     (owner, epoch, rev, floor_rev, unread, unseen, read_upto, seen_upto, next_due) \
     SELECT u.owner, floor(extract(epoch FROM clock_timestamp()))::bigint, u.n, 0, u.n, u.n, 0, 0, u.due \
     FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS u (owner, n, due) \
     ON CONFLICT (owner) DO UPDATE SET rev = o.rev + excluded.rev, unread = o.unread + excluded.unread, \
     unseen = o.unseen + excluded.unseen, next_due = least(o.next_due, excluded.next_due) \
     RETURNING owner, epoch, rev, floor_rev, unread, unseen, read_upto, seen_upto, next_due";

/// Inserts all rows and reads what the transaction must know of the store, in one round trip. Its snapshot is taken
/// after the locks.
static INSERT_ROWS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH fresh AS ({} ON CONFLICT (owner, id) DO NOTHING RETURNING 1) \
         SELECT (SELECT count(*) FROM fresh) AS inserted, s.generation, s.epoch, \
         (s.timeline <> substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) \
         OR s.system_identifier <> (SELECT system_identifier::text FROM pg_control_system())) AS forked, \
         (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock FROM store s",
        *INSERT_FROM_UNNEST
    )
});

/// Commits a batch if all of it is new. `None`: it is not all new, and nothing was changed.
pub(super) async fn commit(
    pool: &PgPool,
    batch: &Batch<'_>,
    announce: &dyn Announce,
) -> Result<Option<Attempt<Committed>>, StoreError> {
    let mut tx = pool.begin().await.map_err(from_sqlx)?;
    let states = raise_owners(&mut tx, batch).await?;
    let mut outcomes = vec![Outcome::Repeat; batch.all.len()];
    let row = insert(&mut tx, rows(batch, &states, &mut outcomes)).await?;

    let inserted: i64 = row.try_get("inserted").map_err(from_sqlx)?;
    let forked: bool = row.try_get("forked").map_err(from_sqlx)?;
    let clock = Timestamp::from_micros(row.try_get("clock").map_err(from_sqlx)?);
    if forked {
        tx.rollback().await.map_err(from_sqlx)?;
        return Ok(Some(Attempt::Forked));
    }
    let expired = batch.owners.iter().flat_map(|owner| &owner.entries).any(|entry| entry.is_expired(clock));
    if expired || usize::try_from(inserted) != Ok(batch.len()) {
        tx.rollback().await.map_err(from_sqlx)?;
        return Ok(None);
    }

    let store_epoch: i64 = row.try_get("epoch").map_err(from_sqlx)?;
    let generation: i64 = row.try_get("generation").map_err(from_sqlx)?;
    let positions: Vec<_> = batch
        .owners
        .iter()
        .zip(&states)
        .map(|(entries, state)| {
            let epoch = Epoch { store: store_epoch, owner: state.epoch };
            (entries.owner.clone(), Position { epoch, rev: state.rev })
        })
        .collect();
    let mut changes = changes(batch, &states, store_epoch, generation);
    if !announce.announce(&positions).await {
        let generation: i64 = sqlx::query_scalar(RAISE).fetch_one(&mut *tx).await.map_err(from_sqlx)?;
        for change in &mut changes {
            change.head.generation = generation;
        }
    }
    tx.commit().await.map_err(from_sqlx)?;
    Ok(Some(Attempt::Done(Committed { outcomes, changes })))
}

async fn raise_owners(tx: &mut sqlx::PgTransaction<'_>, batch: &Batch<'_>) -> Result<Vec<State>, StoreError> {
    let owners: Vec<&str> = batch.owners.iter().map(|owner| owner.owner.as_str()).collect();
    let counts: Vec<i64> = batch.owners.iter().map(|owner| count(&owner.entries)).collect();
    let dues: Vec<Option<i64>> = batch
        .owners
        .iter()
        .map(|owner| owner.entries.iter().filter_map(|entry| entry.expires_at).min().map(Timestamp::micros))
        .collect();
    let rows =
        sqlx::query(RAISE_OWNERS).bind(owners).bind(counts).bind(dues).fetch_all(&mut **tx).await.map_err(from_sqlx)?;
    let state = |row: &PgRow| -> Result<State, sqlx::Error> {
        Ok(State {
            owner: row.try_get(0)?,
            epoch: row.try_get(1)?,
            rev: row.try_get(2)?,
            floor_rev: row.try_get(3)?,
            unread: row.try_get(4)?,
            unseen: row.try_get(5)?,
            read_upto: row.try_get(6)?,
            seen_upto: row.try_get(7)?,
            next_due: row.try_get(8)?,
        })
    };
    let mut states = rows.iter().map(state).collect::<Result<Vec<State>, sqlx::Error>>().map_err(from_sqlx)?;
    states.sort_unstable_by(|a, b| a.owner.cmp(&b.owner));
    Ok(states)
}

/// The rows as columns, each with its rev. The last row of an owner gets the rev that the owner was raised to.
fn rows<'a>(batch: &Batch<'a>, states: &[State], outcomes: &mut [Outcome]) -> WrittenColumns<'a> {
    let mut rows = WrittenColumns::with_capacity(batch.len());
    for (owner, state) in batch.owners.iter().zip(states) {
        let mut rev = state.rev - count(&owner.entries);
        for entry in &owner.entries {
            rev += 1;
            entry.stored(rev, batch.all, outcomes);
            rows.push(entry.written(rev));
        }
    }
    rows
}

async fn insert(tx: &mut sqlx::PgTransaction<'_>, rows: WrittenColumns<'_>) -> Result<PgRow, StoreError> {
    let inserted = rows.bind(sqlx::query(INSERT_ROWS.as_str())).fetch_optional(&mut **tx).await.map_err(from_sqlx)?;
    inserted.ok_or_else(no_store_row)
}

fn changes(batch: &Batch<'_>, states: &[State], store_epoch: i64, generation: i64) -> Vec<OwnerChange> {
    let change = |(owner, state): (&OwnerEntries<'_>, &State)| {
        let before = State { rev: state.rev - count(&owner.entries), ..state.clone() };
        let revs = (before.rev + 1..=state.rev).rev();
        OwnerChange {
            owner: owner.owner.clone(),
            previous: owner_lock::position(&before, store_epoch),
            head: owner_lock::head(state, store_epoch, generation),
            inserted: owner.entries.iter().rev().zip(revs).map(|(entry, rev)| entry.item(rev)).collect(),
        }
    };
    batch.owners.iter().zip(states).map(change).collect()
}

fn count(entries: &[Entry<'_>]) -> i64 {
    i64::try_from(entries.len()).unwrap_or(i64::MAX)
}
