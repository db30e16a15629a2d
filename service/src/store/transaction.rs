//! A writing transaction, and its end.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use super::{Announce, Position, StoreError, generation};
use crate::notif::Owner;

/// Begins a transaction: read committed on Postgres (the connection's default, see `connect`), `BEGIN IMMEDIATE` on
/// SQLite, because a deferred transaction that starts to write may fail at once instead of waiting.
pub(super) async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(db.begin_with_options(options).await?)
}

/// Tells the cache which positions are about to be committed. If the cache does not accept that, this transaction
/// raises the generation and returns the new one. The heads that it makes may carry that number, because their owners
/// are locked until the commit.
pub(super) async fn announce(
    db: &impl ConnectionTrait,
    announce: &dyn Announce,
    changes: &[(Owner, Position)],
) -> Result<Option<i64>, StoreError> {
    if announce.announce(changes).await {
        return Ok(None);
    }
    // The row of `store` is locked after all owners' rows, until the commit. So no two transactions wait for each
    // other, but while Redis cannot be reached, commits run one after the other.
    generation::raise(db).await.map(Some)
}
