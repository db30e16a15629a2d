//! A writing transaction, and its end.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use super::{Announce, Position, StoreError, dialect::Dialect, generation};
use crate::{notif::Owner, sqlite_file};

/// Begins a transaction: read committed on Postgres (the connection's default, see `connect`), `BEGIN IMMEDIATE` on
/// SQLite, because a deferred transaction that starts to write may fail at once instead of waiting.
pub(super) async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    match Dialect::of(db) {
        Dialect::Postgres => Ok(db.begin().await?),
        Dialect::Sqlite => {
            let begin = || {
                db.begin_with_options(TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..TransactionOptions::default()
                })
            };
            Ok(sqlite_file::patiently(is_busy, begin).await?)
        }
    }
}

fn is_busy(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => sqlite_file::is_busy(error),
        // sea-orm's own enum is not exhaustive. The remaining variants have no error of SQLite.
        _ => false,
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::connect::{BUSY_LIMIT, sqlite_writer};

    #[tokio::test]
    async fn a_transaction_waits_for_that_of_another_process_longer_than_sqlite_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let (first, second) = (sqlite_writer(&path).await.unwrap(), sqlite_writer(&path).await.unwrap());
        let held = begin(&first).await.unwrap();
        let end = async {
            tokio::time::sleep(BUSY_LIMIT * 10).await;
            held.commit().await
        };
        let (begun, ended) = tokio::join!(begin(&second), end);
        ended.unwrap();
        begun.unwrap().rollback().await.unwrap();
    }
}
