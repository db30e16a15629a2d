//! A SQLite file that several connections use at once, and that several processes may try to create at once. The store
//! and the embedded broker use such files.

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::time::{Instant, sleep};

/// How long a connection waits for another connection's transaction.
const BUSY_LIMIT: Duration = Duration::from_secs(5);
/// The pause before a busy file is opened again.
const AGAIN: Duration = Duration::from_millis(20);
/// `SQLITE_BUSY`, in the lowest byte of a code.
const BUSY: u32 = 5;

/// The options of every connection to such a file.
///
/// WAL lets each connection work beside the others. `synchronous = FULL` means that a commit is on disk, whichever
/// process is killed afterwards.
pub fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_LIMIT)
        .disable_statement_logging()
}

/// Opens with `open`, and repeats that for 5 s while the file is busy.
///
/// SQLite itself waits for another connection's transaction. But it refuses at once if a new file is to be switched to
/// WAL while another connection writes to it.
pub async fn patiently<T, F: Future<Output = sqlx::Result<T>>>(open: impl Fn() -> F) -> sqlx::Result<T> {
    let until = Instant::now() + BUSY_LIMIT;
    loop {
        match open().await {
            Err(error) if is_busy(&error) && Instant::now() < until => sleep(AGAIN).await,
            result => return result,
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == BUSY)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use sqlx::Connection;

    use super::*;

    #[tokio::test]
    async fn a_file_that_another_makes_at_the_same_moment_is_opened() -> sqlx::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("new.db");
        let mut other = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await?;
        let transaction = other.begin_with("BEGIN IMMEDIATE").await?;
        let tries = AtomicU32::new(0);
        let options = options(&path);
        let open = patiently(|| {
            tries.fetch_add(1, Ordering::Relaxed);
            options.connect()
        });
        let end = async {
            while tries.load(Ordering::Relaxed) < 3 {
                sleep(Duration::from_millis(1)).await;
            }
            transaction.commit().await
        };
        let (opened, ended) = tokio::join!(open, end);
        ended?;
        opened?.close().await
    }

    #[tokio::test]
    async fn what_is_wrong_otherwise_is_told_at_once() {
        let tries = AtomicU32::new(0);
        let folder = tempfile::tempdir().unwrap();
        let options = options(&folder.path().join("absent.db"));
        let refused = patiently(|| {
            tries.fetch_add(1, Ordering::Relaxed);
            options.connect()
        });
        assert!(refused.await.is_err_and(|error| !is_busy(&error)));
        assert_eq!(tries.into_inner(), 1);
    }
}
