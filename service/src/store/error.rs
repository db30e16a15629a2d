//! What the database said, sorted by what the caller can do about it.

use std::{
    future::Future,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sea_orm::{DbErr, RuntimeErr, SqlxError};

use super::StoreError;

/// The longest that one call may take. The server's own limits (`connect`) end a statement earlier; this is for a
/// server that is frozen or unreachable and says nothing.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(15);

/// What may be done about an error.
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

/// An error of sqlx itself, from the statements that go past sea-orm.
pub(super) fn from_sqlx(error: sqlx::Error) -> StoreError {
    DbErr::Query(RuntimeErr::SqlxError(error.into())).into()
}

fn classify(error: &DbErr) -> Class {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(RuntimeErr::Internal(_)) => Class::Unavailable,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => classify_sqlx(error),
        // sea-orm's own enum is not exhaustive; what is left are decoding and programming errors.
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
        // sqlx's own enum is not exhaustive; what is left are decoding and programming errors.
        _ => Class::Other,
    }
}

/// By the class of a SQLSTATE, its first two characters, and a few whole ones.
fn classify_sqlstate(code: &str) -> Class {
    match code {
        "42P01" | "42703" | "3F000" => return Class::NoSchema,
        // A standby: no WAL of its own (55000), nothing may be written (25006). Lock not had in time, or a server's own
        // limit.
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

/// By SQLite's primary result code, the low 8 bits of the extended one.
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

/// Ends a call that gets no answer. `suspect` is set before the call is dropped, for its connection goes back to the
/// pool then.
pub(super) async fn bounded<T>(
    suspect: &AtomicBool,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut call = pin!(call);
    let result = match tokio::time::timeout(CALL_LIMIT, call.as_mut()).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Unavailable(DbErr::Conn(RuntimeErr::Internal(format!(
            "no answer within {} s",
            CALL_LIMIT.as_secs()
        ))))),
    };
    let unavailable = matches!(result, Err(StoreError::Unavailable(_)));
    if suspect.load(Ordering::Relaxed) != unavailable {
        suspect.store(unavailable, Ordering::Relaxed);
    }
    result
}

/// The history forked again while the epoch was being raised: a failover is going on.
pub(super) fn forking() -> StoreError {
    StoreError::Unavailable(DbErr::Conn(RuntimeErr::Internal("the database's history is changing".to_owned())))
}

/// The row that the first migration makes is not there.
pub(super) fn no_store_row() -> StoreError {
    StoreError::Schema("table `store` has no row; run `hoopoe migrate up`".to_owned())
}
