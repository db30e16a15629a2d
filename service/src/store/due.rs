//! Changes of an inbox that happen by themselves: rows expire.

use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};

use super::{
    Announce, OwnerChange, StoreError,
    dialect::Dialect,
    history::{self, Attempt},
    mark, owner_lock,
    read_state::{COLUMNS, RowState, Watermarks},
    transaction,
};
use crate::notif::Owner;

/// Applies everything that is due for one owner. A reader waits for this, and answers with the resulting head.
pub(super) async fn run(
    db: &DatabaseConnection,
    owner: &Owner,
    announce: &dyn Announce,
) -> Result<Attempt<Option<OwnerChange>>, StoreError> {
    let tx = transaction::begin(db).await?;
    let dialect = Dialect::of(&tx);
    let state = owner_lock::lock(&tx, owner).await?;
    let history = history::read(&tx).await?;
    let clock = history.clock.micros();
    let Some(before) = state.filter(|state| state.next_due.is_some_and(|due| due <= clock)) else {
        tx.rollback().await?;
        return Ok(Attempt::Done(None));
    };
    if history.forked {
        tx.rollback().await?;
        return Ok(Attempt::Forked);
    }
    // The rows as they were before, because the counters must be lowered by what expires.
    let sql = format!(
        "WITH picked AS (SELECT id AS picked_id, row_number() OVER (ORDER BY expires_at, rev) AS n FROM notification \
         WHERE owner = $1 AND expires_at <= $2 AND expires_at IS NOT NULL AND expired_at IS NULL) \
         UPDATE notification SET expired_at = $2, changed_rev = $3 + picked.n FROM picked \
         WHERE notification.owner = $1 AND notification.id = picked.picked_id RETURNING {COLUMNS}"
    );
    let values = [owner.as_str().into(), clock.into(), before.rev.into()];
    let expired = RowState::find_by_statement(dialect.statement(sql, values)).all(&tx).await?;
    let sql = "SELECT min(expires_at) AS due FROM notification \
               WHERE owner = $1 AND expires_at IS NOT NULL AND expired_at IS NULL";
    let next = tx.query_one_raw(dialect.statement(sql, [owner.as_str().into()])).await?;

    let mut after = before.clone();
    let upto = Watermarks::from(&before);
    // If `next_due` was too early, correcting it is a change of the head too. It takes a rev, so that caches replace
    // the head.
    after.rev += i64::try_from(expired.len()).unwrap_or(i64::MAX).max(1);
    for row in expired {
        let (unread, unseen) = RowState { expired_at: None, ..row }.counts(upto);
        after.unread -= unread;
        after.unseen -= unseen;
    }
    after.next_due = next.map(|row| row.try_get::<Option<i64>>("", "due")).transpose()?.flatten();
    let change = mark::commit(tx, owner, &before, after, &history, announce).await?;
    Ok(Attempt::Done(Some(change)))
}

/// The owners for whom something is due, longest overdue first.
pub(super) async fn owners(db: &DatabaseConnection, limit: u32) -> Result<Vec<Owner>, StoreError> {
    let dialect = Dialect::of(db);
    let mut values = vec![i64::from(limit).into()];
    let clock = dialect.statement_clock(&mut values);
    let sql = format!("SELECT owner FROM owner_state WHERE next_due <= {clock} ORDER BY next_due LIMIT $1");
    let rows = db.query_all_raw(dialect.statement(sql, values)).await?;
    let mut owners = Vec::with_capacity(rows.len());
    for row in rows {
        let text: String = row.try_get("", "owner")?;
        match Owner::parse(&text) {
            Ok(owner) => owners.push(owner),
            // Another program wrote this row. One such row must not stop the sweep of all others.
            Err(error) => tracing::warn!(%error, "skipping a row of owner_state: its owner is not valid"),
        }
    }
    Ok(owners)
}
