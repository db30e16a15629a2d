//! The errors of the store: errors of the database, sorted by what the caller can do about them.

use std::{
    future::Future,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sea_orm::{DbErr, RuntimeErr, SqlxError};

use super::HeadAt;

/// The longest time of a call. The server's own limits (`connect`) end a statement earlier. This limit is for a server
/// that is frozen or unreachable and does not answer.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(15);

/// Why a call to the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is starting or stopping, or the connection broke. The same call may succeed
    /// later.
    #[error("failed to reach the database")]
    Unavailable(#[source] DbErr),
    /// The database refuses a value (Postgres class 22 or 23). The same call will fail again.
    #[error("failed to store a value that the database refuses")]
    Refused(#[source] DbErr),
    /// `upto` belongs to another epoch, so the state that the client saw no longer exists. 409.
    #[error("failed to mark up to a head of another epoch")]
    OtherEpoch(Box<HeadAt>),
    /// `upto` is above the owner's rev. 422.
    #[error("failed to mark up to a rev above the owner's")]
    AboveHead(Box<HeadAt>),
    /// The URL, or a TLS setting, cannot be used. Only another configuration helps.
    #[error("failed to use the database settings: {0}")]
    Settings(String),
    /// The schema is missing, or too new for this build.
    #[error("failed to use the database's schema: {0}")]
    Schema(String),
    /// Any other error of the database.
    #[error("failed to run a database statement")]
    Statement(#[source] DbErr),
}

/// What the caller can do about an error.
enum Class {
    Unavailable,
    Refused,
    NoSchema,
    Other,
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match classify(&error) {
            Class::Unavailable => Self::Unavailable(error),
            Class::Refused => Self::Refused(error),
            Class::NoSchema => Self::Schema("its tables are missing; run `hoopoe migrate up`".to_owned()),
            Class::Other => Self::Statement(error),
        }
    }
}

/// An error of sqlx itself, from the statements that do not go through sea-orm.
pub(super) fn from_sqlx(error: sqlx::Error) -> StoreError {
    DbErr::Query(RuntimeErr::SqlxError(error.into())).into()
}

fn classify(error: &DbErr) -> Class {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(RuntimeErr::Internal(_)) => Class::Unavailable,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => classify_sqlx(error),
        // sea-orm's own enum is not exhaustive. The remaining variants are decoding and programming errors.
        _ => Class::Other,
    }
}

fn classify_sqlx(error: &SqlxError) -> Class {
    match error {
        SqlxError::Database(error) => match error.code() {
            Some(code) if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() => {
                classify_sqlstate(&code)
            }
            Some(code) => classify_sqlite(&code, error.message()),
            None => Class::Other,
        },
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed
        | SqlxError::BeginFailed => Class::Unavailable,
        // sqlx's own enum is not exhaustive. The remaining variants are decoding and programming errors.
        _ => Class::Other,
    }
}

/// Classifies a SQLSTATE by its first two characters, and a few codes by all five.
fn classify_sqlstate(code: &str) -> Class {
    match code {
        "42P01" | "42703" | "3F000" => return Class::NoSchema,
        // A standby: it has no WAL of its own (55000), and refuses writes (25006). The others: a lock was not granted
        // in time, or a limit of the server ended the transaction.
        "55000" | "55006" | "55P03" | "25006" | "25P02" | "25P03" => return Class::Unavailable,
        _ => {}
    }
    match code.get(..2) {
        // A value out of range or of the wrong encoding, a constraint, a limit on the size of a row or an index entry.
        Some("22" | "23" | "54") => Class::Refused,
        // Connection, authorisation (a password may be rotated), no such database yet, rolled back (deadlock),
        // resources, operator intervention (shutdown, statement timeout), system and input/output errors.
        Some("08" | "28" | "3D" | "40" | "53" | "57" | "58") => Class::Unavailable,
        _ => Class::Other,
    }
}

/// Classifies SQLite's primary result code, the low 8 bits of the extended one.
fn classify_sqlite(code: &str, message: &str) -> Class {
    match code.parse::<u32>().map(|code| code & 0xff) {
        // BUSY, LOCKED, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL.
        Ok(5 | 6 | 8 | 9 | 10 | 13 | 14 | 15) => Class::Unavailable,
        // TOOBIG, CONSTRAINT, MISMATCH.
        Ok(18..=20) => Class::Refused,
        Ok(1) if message.starts_with("no such table") => Class::NoSchema,
        _ => Class::Other,
    }
}

/// Ends a call that gets no answer. `suspect` is set before the call is dropped, because its connection returns to the
/// pool at that moment.
pub(super) async fn bounded<T>(
    suspect: &AtomicBool,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut call = pin!(call);
    let result = match tokio::time::timeout(CALL_LIMIT, call.as_mut()).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Unavailable(DbErr::Conn(RuntimeErr::Internal(format!(
            "the database did not answer within {} s",
            CALL_LIMIT.as_secs()
        ))))),
    };
    let unavailable = matches!(result, Err(StoreError::Unavailable(_)));
    if suspect.load(Ordering::Relaxed) != unavailable {
        suspect.store(unavailable, Ordering::Relaxed);
    }
    result
}

/// The error when the history forked again while the epoch was being raised, because a failover is in progress.
pub(super) fn forking() -> StoreError {
    StoreError::Unavailable(DbErr::Conn(RuntimeErr::Internal("a failover of the database is in progress".to_owned())))
}

/// The error when the row that the first migration makes is missing.
pub(super) fn no_store_row() -> StoreError {
    StoreError::Schema("table `store` has no row; run `hoopoe migrate up`".to_owned())
}
