//! Removes rows that expired a day ago.

use std::collections::BTreeMap;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, FromQueryResult, QueryFilter, Value, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    StoreError,
    dialect::Dialect,
    entity::owner_state::{Column, Entity},
    owner_lock, transaction,
};
use crate::notif::Owner;

/// How long an expired row is kept, in microseconds. A client that was away for less than a day learns of it by
/// `since`.
const KEPT: i64 = 24 * 60 * 60 * 1_000_000;

#[derive(FromQueryResult)]
struct Gone {
    owner: String,
    id: Uuid,
    changed_rev: i64,
}

/// Removes at most `limit` such rows and raises their owners' floors. Returns how many were removed.
///
/// No rev changes, and no cache is told: expired rows are on no page, and only the database is asked for a floor.
pub(super) async fn remove_expired(db: &DatabaseConnection, limit: u32) -> Result<u64, StoreError> {
    let dialect = Dialect::of(db);
    let tx = transaction::begin(db).await?;
    let mut values = vec![i64::from(limit).into()];
    let clock = dialect.statement_clock(&mut values);
    let sql = format!(
        "SELECT owner, id, changed_rev FROM notification \
         WHERE expired_at IS NOT NULL AND expired_at <= {clock} - {KEPT} ORDER BY expired_at LIMIT $1"
    );
    let found = Gone::find_by_statement(dialect.statement(sql, values)).all(&tx).await?;
    let mut by_owner: BTreeMap<&str, Vec<&Gone>> = BTreeMap::new();
    for row in &found {
        by_owner.entry(&row.owner).or_default().push(row);
    }
    let mut removed = 0;
    // Lock in sorted order, as every transaction that locks several owners does. An expired row never changes again, so
    // the rows that were found are still the same.
    for (owner, rows) in by_owner {
        if let Ok(owner) = Owner::parse(owner) {
            owner_lock::lock(&tx, &owner).await?;
        }
        removed += delete(&tx, dialect, owner, &rows).await?;
        let floor = rows.iter().map(|row| row.changed_rev).max().unwrap_or(0);
        Entity::update_many()
            .col_expr(Column::FloorRev, Expr::value(floor))
            .filter(Column::Owner.eq(owner))
            .filter(Column::FloorRev.lt(floor))
            .exec(&tx)
            .await?;
    }
    tx.commit().await?;
    Ok(removed)
}

async fn delete(tx: &impl ConnectionTrait, dialect: Dialect, owner: &str, rows: &[&Gone]) -> Result<u64, StoreError> {
    match dialect {
        Dialect::Postgres => {
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let sql = "DELETE FROM notification WHERE owner = $1 AND id = ANY($2::uuid[])";
            Ok(tx.execute_raw(dialect.statement(sql, [owner.into(), ids.into()])).await?.rows_affected())
        }
        Dialect::Sqlite => {
            let mut removed = 0;
            for row in rows {
                let sql = "DELETE FROM notification WHERE owner = $1 AND id = $2";
                let values: [Value; 2] = [owner.into(), row.id.into()];
                removed += tx.execute_raw(dialect.statement(sql, values)).await?.rows_affected();
            }
            Ok(removed)
        }
    }
}
