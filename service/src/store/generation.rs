//! The cache generation. A cached head of an older generation is not trusted.

use sea_orm::ConnectionTrait;

use super::{StoreError, dialect::Dialect, error::no_store_row};

/// The statement that raises the generation and returns the new one.
pub(super) const RAISE: &str = "UPDATE store SET generation = generation + 1 RETURNING generation";

/// Raises the generation and returns the new one.
pub(super) async fn raise(db: &impl ConnectionTrait) -> Result<i64, StoreError> {
    let row = db.query_one_raw(Dialect::of(db).statement(RAISE, [])).await?.ok_or_else(no_store_row)?;
    Ok(row.try_get("", "generation")?)
}
