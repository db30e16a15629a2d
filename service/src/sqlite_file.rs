//! A SQLite file that several connections use at once, and that several processes may try to create at once. The store
//! and the embedded broker use such files.

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::time::{Instant, sleep};

/// How long a statement waits for another connection, unless the connection has a limit of its own.
const BUSY_LIMIT: Duration = Duration::from_secs(5);
/// How long [`patiently`] tries again. It is shorter than the limit of a call of the store, so that the error says that
/// the file is busy.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause before a busy file is tried again.
const AGAIN: Duration = Duration::from_millis(5);
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

/// Repeats `attempt` for 10 s while its error says that the file is busy.
///
/// SQLite itself waits for another connection's transaction, but not well. It refuses at once if a new file is to be
/// switched to WAL while another connection writes to it. And it looks only ten times a second whether the other
/// transaction has ended: if several processes write without a pause, one of them may find none of the short gaps for
/// many seconds.
pub async fn patiently<T, E, F: Future<Output = Result<T, E>>>(
    is_busy: impl Fn(&E) -> bool,
    attempt: impl Fn() -> F,
) -> Result<T, E> {
    let until = Instant::now() + PATIENCE;
    loop {
        match attempt().await {
            Err(error) if is_busy(&error) && Instant::now() < until => sleep(AGAIN).await,
            result => return result,
        }
    }
}

/// Whether another connection holds the file's lock.
pub fn is_busy(error: &sqlx::Error) -> bool {
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
        let open = patiently(is_busy, || {
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
        let refused = patiently(is_busy, || {
            tries.fetch_add(1, Ordering::Relaxed);
            options.connect()
        });
        assert!(refused.await.is_err_and(|error| !is_busy(&error)));
        assert_eq!(tries.into_inner(), 1);
    }
}
