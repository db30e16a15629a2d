//! Why the database refuses a value, in words without payload.

use std::borrow::Cow;

use sea_orm::{DbErr, RuntimeErr};
use sqlx::error::DatabaseError;

/// The database's own text may quote the value, but its code does not.
pub(super) fn reason(error: &DbErr) -> String {
    let code = match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            error.as_database_error().and_then(DatabaseError::code).map(Cow::into_owned)
        }
        _ => None,
    };
    match code {
        Some(code) => format!("the database refuses a value in the notification (code {code})"),
        None => "the database refuses a value in the notification".to_owned(),
    }
}
