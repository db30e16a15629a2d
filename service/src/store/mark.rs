//! A change of read state, under the owner's lock.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, FromQueryResult, Value};
use uuid::Uuid;

use super::{
    Announce, Epoch, Head, HeadAt, Mark, MarkState, Marked, OwnerChange, Position, StoreError,
    dialect::Dialect,
    entity::owner_state::Model as State,
    history::{self, Attempt, History},
    owner_lock,
    read_state::{COLUMNS, RowState, VISIBLE, Watermarks},
    transaction,
};
use crate::notif::Owner;

/// Changes the read state of rows.
pub(super) async fn mark(
    db: &DatabaseConnection,
    owner: &Owner,
    mark: &Mark,
    announce: &dyn Announce,
) -> Result<Attempt<Marked>, StoreError> {
    let tx = transaction::begin(db).await?;
    let state = owner_lock::lock(&tx, owner).await?;
    let history = history::read(&tx).await?;
    if history.forked {
        tx.rollback().await?;
        return Ok(Attempt::Forked);
    }
    let before = match &state {
        Some(state) => owner_lock::head(state, history.epoch, history.generation),
        None => no_owner(&history),
    };
    let mut after = state.clone();
    let unknown = match (mark, &mut after) {
        (Mark::Ids { ids, state: as_ }, Some(state)) => mark_ids(&tx, state, ids, *as_, &history).await?,
        (Mark::Ids { ids, .. }, None) => distinct(ids),
        (Mark::UpTo { upto, .. }, None) => {
            check(*upto, before)?;
            Vec::new()
        }
        (Mark::UpTo { upto, state: as_ }, Some(state)) => {
            check(*upto, before)?;
            mark_upto(&tx, state, upto.rev, *as_, &history).await?;
            Vec::new()
        }
    };
    let (Some(state), Some(new)) = (state, after) else {
        tx.rollback().await?;
        return Ok(Attempt::Done(Marked { head: before, unknown, change: None }));
    };
    if new == state {
        tx.rollback().await?;
        return Ok(Attempt::Done(Marked { head: before, unknown, change: None }));
    }
    let change = commit(tx, owner, &state, new, &history, announce).await?;
    Ok(Attempt::Done(Marked { head: change.head, unknown, change: Some(change) }))
}

/// Writes the owner's row, announces, commits.
pub(super) async fn commit(
    tx: DatabaseTransaction,
    owner: &Owner,
    before: &State,
    after: State,
    history: &History,
    announce: &dyn Announce,
) -> Result<OwnerChange, StoreError> {
    owner_lock::write(&tx, std::slice::from_ref(&after)).await?;
    let mut head = owner_lock::head(&after, history.epoch, history.generation);
    let positions = [(owner.clone(), head.head.position())];
    if let Some(generation) = transaction::announce(&tx, announce, &positions).await? {
        head.generation = generation;
    }
    tx.commit().await?;
    let previous = owner_lock::position(before, history.epoch);
    Ok(OwnerChange { owner: owner.clone(), previous, head, inserted: Vec::new() })
}

/// The head of an owner that has no row.
fn no_owner(history: &History) -> HeadAt {
    let head = Head {
        epoch: Epoch { store: history.epoch, owner: 0 },
        rev: 0,
        unread: 0,
        unseen: 0,
        read_upto: 0,
        seen_upto: 0,
        next_due: None,
    };
    HeadAt { head, generation: history.generation }
}

fn check(upto: Position, head: HeadAt) -> Result<(), StoreError> {
    if upto.epoch != head.head.epoch {
        return Err(StoreError::OtherEpoch(Box::new(head)));
    }
    if upto.rev > head.head.rev {
        return Err(StoreError::AboveHead(Box::new(head)));
    }
    Ok(())
}

/// The ids in their order, without repeats.
fn distinct(ids: &[Uuid]) -> Vec<Uuid> {
    let mut seen = std::collections::HashSet::new();
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}

/// Marks single rows. Returns the ids that do not exist.
async fn mark_ids(
    tx: &DatabaseTransaction,
    state: &mut State,
    ids: &[Uuid],
    as_: MarkState,
    history: &History,
) -> Result<Vec<Uuid>, StoreError> {
    let ids = distinct(ids);
    let rows = rows(tx, &state.owner, &ids).await?;
    let upto = Watermarks::from(&*state);
    let mut changed = Vec::new();
    let mut unknown = Vec::new();
    for id in ids {
        let Some(row) = rows.get(&id).filter(|row| row.deleted_at.is_none()) else {
            unknown.push(id);
            continue;
        };
        let Some(marked) = row.marked(as_, upto, state.rev + 1, history.clock.micros()) else { continue };
        let ((unread, unseen), (unread_now, unseen_now)) = (row.counts(upto), marked.counts(upto));
        state.rev += 1;
        state.unread += unread_now - unread;
        state.unseen += unseen_now - unseen;
        changed.push((marked, state.rev));
    }
    write_rows(tx, &state.owner, &changed).await?;
    Ok(unknown)
}

async fn rows(tx: &DatabaseTransaction, owner: &str, ids: &[Uuid]) -> Result<HashMap<Uuid, RowState>, StoreError> {
    let dialect = Dialect::of(tx);
    let mut rows = HashMap::with_capacity(ids.len());
    match dialect {
        Dialect::Postgres => {
            let sql = format!("SELECT {COLUMNS} FROM notification WHERE owner = $1 AND id = ANY($2::uuid[])");
            let found = RowState::find_by_statement(dialect.statement(sql, [owner.into(), ids.to_vec().into()]));
            rows.extend(found.all(tx).await?.into_iter().map(|row| (row.id, row)));
        }
        Dialect::Sqlite => {
            let sql = format!("SELECT {COLUMNS} FROM notification WHERE owner = $1 AND id = $2");
            for id in ids {
                let found = RowState::find_by_statement(dialect.statement(sql.as_str(), [owner.into(), (*id).into()]));
                rows.extend(found.one(tx).await?.map(|row| (row.id, row)));
            }
        }
    }
    Ok(rows)
}

/// Writes marked rows with their revs. Postgres takes one statement for all rows. SQLite runs in this process, so one
/// statement per row is cheap there.
async fn write_rows(tx: &DatabaseTransaction, owner: &str, changed: &[(RowState, i64)]) -> Result<(), StoreError> {
    let dialect = Dialect::of(tx);
    // sea-orm cannot bind NULL inside an array, so 0 stands for it; no mark has that time.
    let time = |time: Option<i64>| time.unwrap_or(0);
    match dialect {
        Dialect::Postgres if !changed.is_empty() => {
            let sql = "UPDATE notification n SET changed_rev = u.changed_rev, unread_rev = u.unread_rev, \
                 seen_at = nullif(u.seen_at, 0), read_at = nullif(u.read_at, 0), \
                 archived_at = nullif(u.archived_at, 0) \
                 FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) \
                 AS u (id, changed_rev, unread_rev, seen_at, read_at, archived_at) WHERE n.owner = $1 AND n.id = u.id";
            let column = |of: fn(&RowState) -> Option<i64>| -> Value {
                changed.iter().map(|(row, _)| time(of(row))).collect::<Vec<i64>>().into()
            };
            let values = [
                owner.into(),
                changed.iter().map(|(row, _)| row.id).collect::<Vec<Uuid>>().into(),
                changed.iter().map(|(_, rev)| *rev).collect::<Vec<i64>>().into(),
                column(|row| Some(row.unread_rev)),
                column(|row| row.seen_at),
                column(|row| row.read_at),
                column(|row| row.archived_at),
            ];
            tx.execute_raw(dialect.statement(sql, values)).await?;
        }
        Dialect::Postgres => {}
        Dialect::Sqlite => {
            let sql = "UPDATE notification SET changed_rev = $3, unread_rev = $4, seen_at = $5, read_at = $6, \
                archived_at = $7 \
                 WHERE owner = $1 AND id = $2";
            for (row, rev) in changed {
                let values = [
                    owner.into(),
                    row.id.into(),
                    (*rev).into(),
                    row.unread_rev.into(),
                    row.seen_at.into(),
                    row.read_at.into(),
                    row.archived_at.into(),
                ];
                tx.execute_raw(dialect.statement(sql, values)).await?;
            }
        }
    }
    Ok(())
}

/// Marks everything that the client had seen.
async fn mark_upto(
    tx: &DatabaseTransaction,
    state: &mut State,
    upto: i64,
    as_: MarkState,
    history: &History,
) -> Result<(), StoreError> {
    let (read_upto, seen_upto) = match as_ {
        MarkState::Seen => (state.read_upto, state.seen_upto.max(upto)),
        MarkState::Read => (state.read_upto.max(upto), state.seen_upto.max(upto)),
        MarkState::Archived => {
            let archived = archive_upto(tx, state, upto, history).await?;
            if archived > 0 {
                state.unread = count(tx, &state.owner, Counter::Unread(state.read_upto), upto).await?;
                state.unseen = count(tx, &state.owner, Counter::Unseen(state.seen_upto), upto).await?;
                state.rev += archived;
            }
            return Ok(());
        }
        // The edge refuses these states before, because neither says which rows it means.
        MarkState::Unread | MarkState::Unarchived => return Ok(()),
    };
    let (read_moves, seen_moves) = (read_upto > state.read_upto, seen_upto > state.seen_upto);
    if read_moves {
        state.unread = count(tx, &state.owner, Counter::Unread(read_upto), read_upto).await?;
    }
    if seen_moves {
        state.unseen = count(tx, &state.owner, Counter::Unseen(seen_upto), seen_upto).await?;
    }
    if read_moves || seen_moves {
        state.rev += 1;
        state.read_upto = read_upto;
        state.seen_upto = seen_upto;
    }
    Ok(())
}

/// Archives the visible rows that have not changed since `upto`, and gives each a rev of its own. Returns how many.
async fn archive_upto(
    tx: &DatabaseTransaction,
    state: &State,
    upto: i64,
    history: &History,
) -> Result<i64, StoreError> {
    let dialect = Dialect::of(tx);
    let sql = format!(
        "WITH picked AS (SELECT id AS picked_id, row_number() OVER (ORDER BY changed_rev) AS n FROM notification \
         WHERE owner = $1 AND changed_rev <= $2 AND {VISIBLE}) \
         UPDATE notification SET archived_at = $3, changed_rev = $4 + picked.n FROM picked \
         WHERE notification.owner = $1 AND notification.id = picked.picked_id"
    );
    let values = [state.owner.as_str().into(), upto.into(), history.clock.micros().into(), state.rev.into()];
    let result = tx.execute_raw(dialect.statement(sql, values)).await?;
    Ok(i64::try_from(result.rows_affected()).unwrap_or(i64::MAX))
}

/// How many of the rows that changed after `since` count. No other row can count: all-read leaves no unread row below
/// the watermark, and an archive leaves no visible row below its position. So this is O(news).
async fn count(tx: &DatabaseTransaction, owner: &str, counter: Counter, since: i64) -> Result<i64, StoreError> {
    let dialect = Dialect::of(tx);
    let (rev, at, watermark) = match counter {
        Counter::Unread(watermark) => ("unread_rev", "read_at", watermark),
        Counter::Unseen(watermark) => ("unseen_rev", "seen_at", watermark),
    };
    let sql = format!(
        "SELECT count(*) AS n FROM notification \
         WHERE owner = $1 AND changed_rev > $2 AND {rev} > $3 AND {at} IS NULL AND {VISIBLE}"
    );
    let values = [owner.into(), since.max(watermark).into(), watermark.into()];
    let row = tx.query_one_raw(dialect.statement(sql, values)).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "n")).transpose()?.unwrap_or(0))
}

/// A counter with its watermark.
enum Counter {
    Unread(i64),
    Unseen(i64),
}
