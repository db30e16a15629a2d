//! Which history the store is in, and which caches may be trusted. Every transaction reads the one row that says so.

use sea_orm::{ConnectionTrait, DatabaseConnection};

use super::{
    Pulse, StoreError,
    dialect::{Dialect, POSTGRES_SYSTEM, POSTGRES_TIMELINE},
    error::no_store_row,
    transaction,
};
use crate::timestamp::Timestamp;

/// What a transaction reads from the row of `store`.
#[derive(Clone, Copy, Debug)]
pub(super) struct History {
    pub(super) generation: i64,
    pub(super) epoch: i64,
    /// Whether the database is in another history than the one in which the epoch was set. Nothing may be committed
    /// before the epoch is raised.
    pub(super) forked: bool,
    pub(super) clock: Timestamp,
}

/// How a change ended.
pub(super) enum Attempt<T> {
    /// It is committed, or there was nothing to change.
    Done(T),
    /// The history forked, and nothing was committed. Raise the epoch and repeat the change.
    Forked,
}

/// Reads the row. A transaction does this after it has locked its owners, so that its commit is at least as new as the
/// generation it read.
pub(super) async fn read(db: &impl ConnectionTrait) -> Result<History, StoreError> {
    let dialect = Dialect::of(db);
    let sql = match dialect {
        Dialect::Postgres => format!(
            "SELECT s.generation, s.epoch, {} AS forked, {} AS clock FROM store s",
            dialect.forked(),
            dialect.clock()
        ),
        Dialect::Sqlite => "SELECT generation, epoch FROM store".to_owned(),
    };
    let row = db.query_one_raw(dialect.statement(sql, [])).await?.ok_or_else(no_store_row)?;
    let (forked, clock) = match dialect {
        Dialect::Postgres => {
            (row.try_get::<i64>("", "forked")? != 0, Timestamp::from_micros(row.try_get("", "clock")?))
        }
        Dialect::Sqlite => (false, Timestamp::now()),
    };
    Ok(History { generation: row.try_get("", "generation")?, epoch: row.try_get("", "epoch")?, forked, clock })
}

/// Reads generation, epoch and clock. If the history forked, raises the epoch first.
pub(super) async fn pulse(reader: &DatabaseConnection, writer: &DatabaseConnection) -> Result<Pulse, StoreError> {
    let mut history = read(reader).await?;
    if history.forked {
        enter_fork(writer).await?;
        history = read(reader).await?;
    }
    let History { generation, epoch, forked: _, clock } = history;
    Ok(Pulse { generation, epoch, clock })
}

/// Raises the epoch if the history still differs from the row; several processes may find that at once.
///
/// The new epoch is the Unix second, or the old epoch plus one if that is higher. With a mere counter, two restores of
/// one backup would give both histories the same number.
pub(super) async fn enter_fork(db: &DatabaseConnection) -> Result<(), StoreError> {
    let dialect = Dialect::of(db);
    let tx = transaction::begin(db).await?;
    let lock = match dialect {
        Dialect::Postgres => "SELECT 1 AS one FROM store FOR UPDATE",
        Dialect::Sqlite => "SELECT 1 AS one FROM store",
    };
    tx.query_one_raw(dialect.statement(lock, [])).await?.ok_or_else(no_store_row)?;
    let history = read(&tx).await?;
    if history.forked {
        raise_epoch(&tx).await?;
        tracing::warn!(
            from = history.epoch,
            "the database's history forked (failover or restore): the store's epoch is raised"
        );
    }
    tx.commit().await?;
    Ok(())
}

/// Starts a new epoch in the database's present history. Returns its number.
pub(super) async fn raise_epoch(db: &impl ConnectionTrait) -> Result<i64, StoreError> {
    let dialect = Dialect::of(db);
    let (greatest, timeline, system) = match dialect {
        Dialect::Postgres => ("greatest", POSTGRES_TIMELINE, POSTGRES_SYSTEM),
        Dialect::Sqlite => ("max", "''", "''"),
    };
    let sql = format!(
        "UPDATE store SET epoch = {greatest}(epoch + 1, {clock} / 1000000), generation = generation + 1, \
         timeline = {timeline}, system_identifier = {system} RETURNING epoch",
        clock = dialect.clock()
    );
    let row = db.query_one_raw(dialect.statement(sql, [])).await?.ok_or_else(no_store_row)?;
    Ok(row.try_get("", "epoch")?)
}
