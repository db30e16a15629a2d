//! The lock of an inbox is its row in `owner_state`.

use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QuerySelect, Value};

use super::{
    Epoch, Head, HeadAt, Position, StoreError,
    dialect::Dialect,
    entity::owner_state::{Entity, Model},
};
use crate::{notif::Owner, timestamp::Timestamp};

/// Locks or creates the rows of these owners, which must be sorted and without repeats. Returns them in the same order.
/// A new row has rev 0.
///
/// One statement takes the locks in the order of its input. `DO NOTHING` for the missing rows and then `FOR UPDATE` for
/// the others would take the locks in another order, and two batches could wait for each other.
pub(super) async fn lock_or_create(tx: &DatabaseTransaction, owners: &[&str]) -> Result<Vec<Model>, StoreError> {
    let dialect = Dialect::of(tx);
    let mut states = match dialect {
        Dialect::Postgres => {
            let sql = "INSERT INTO owner_state AS o (owner, epoch, rev, floor_rev, unread, unseen, read_upto, \
                 seen_upto) \
                 SELECT u.owner, floor(extract(epoch FROM clock_timestamp()))::bigint, 0, 0, 0, 0, 0, 0 \
                 FROM unnest($1::text[]) AS u (owner) \
                 ON CONFLICT (owner) DO UPDATE SET rev = o.rev \
                 RETURNING owner, epoch, rev, floor_rev, unread, unseen, read_upto, seen_upto, next_due";
            let owners: Vec<String> = owners.iter().map(ToString::to_string).collect();
            Model::find_by_statement(dialect.statement(sql, [Value::from(owners)])).all(tx).await?
        }
        Dialect::Sqlite => {
            // SQLite allows only one writing transaction, so the order of locks does not matter.
            let list = Value::from(serde_json::Value::from(owners.to_vec()).to_string());
            let sql = "INSERT INTO owner_state (owner, epoch, rev, floor_rev, unread, unseen, read_upto, \
                 seen_upto) \
                 SELECT value, $2, 0, 0, 0, 0, 0, 0 FROM json_each($1) WHERE true ON CONFLICT (owner) DO NOTHING";
            tx.execute_raw(dialect.statement(sql, [list.clone(), Timestamp::now().seconds().into()])).await?;
            let sql = "SELECT * FROM owner_state WHERE owner IN (SELECT value FROM json_each($1))";
            Model::find_by_statement(dialect.statement(sql, [list])).all(tx).await?
        }
    };
    states.sort_unstable_by(|a, b| a.owner.cmp(&b.owner));
    Ok(states)
}

/// Locks the row of one owner, if it exists.
pub(super) async fn lock(tx: &DatabaseTransaction, owner: &Owner) -> Result<Option<Model>, StoreError> {
    let select = Entity::find_by_id(owner.as_str());
    let select = match Dialect::of(tx) {
        Dialect::Postgres => select.lock_exclusive(),
        Dialect::Sqlite => select,
    };
    Ok(select.one(tx).await?)
}

/// Writes the changes to locked rows: all columns except the owner, its epoch and its floor.
pub(super) async fn write(tx: &DatabaseTransaction, states: &[Model]) -> Result<(), StoreError> {
    let dialect = Dialect::of(tx);
    match dialect {
        Dialect::Postgres => {
            // sea-orm cannot bind NULL inside an array, so 0 stands for it; nothing is due at that time.
            let sql = "UPDATE owner_state o SET rev = u.rev, unread = u.unread, unseen = u.unseen, \
                 read_upto = u.read_upto, \
                 seen_upto = u.seen_upto, next_due = nullif(u.next_due, 0) \
                 FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], \
                 $6::bigint[], $7::bigint[]) \
                 AS u (owner, rev, unread, unseen, read_upto, seen_upto, next_due) WHERE o.owner = u.owner";
            let column = |of: fn(&Model) -> i64| -> Value { states.iter().map(of).collect::<Vec<i64>>().into() };
            let values = [
                states.iter().map(|state| state.owner.clone()).collect::<Vec<String>>().into(),
                column(|state| state.rev),
                column(|state| state.unread),
                column(|state| state.unseen),
                column(|state| state.read_upto),
                column(|state| state.seen_upto),
                column(|state| state.next_due.unwrap_or(0)),
            ];
            tx.execute_raw(dialect.statement(sql, values)).await?;
        }
        Dialect::Sqlite => {
            let sql = "UPDATE owner_state SET rev = $2, unread = $3, unseen = $4, read_upto = $5, seen_upto = $6, \
                 next_due = $7 \
                 WHERE owner = $1";
            for Model { owner, epoch: _, rev, floor_rev: _, unread, unseen, read_upto, seen_upto, next_due } in states {
                let values = [
                    owner.as_str().into(),
                    (*rev).into(),
                    (*unread).into(),
                    (*unseen).into(),
                    (*read_upto).into(),
                    (*seen_upto).into(),
                    (*next_due).into(),
                ];
                tx.execute_raw(dialect.statement(sql, values)).await?;
            }
        }
    }
    Ok(())
}

/// The position of a row when it was locked. A row with rev 0 was created by this transaction. Until now readers saw an
/// owner without a row, which is owner epoch 0.
pub(super) fn position(state: &Model, store_epoch: i64) -> Position {
    let owner = if state.rev == 0 { 0 } else { state.epoch };
    Position { epoch: Epoch { store: store_epoch, owner }, rev: state.rev }
}

/// The head that a row describes.
pub(super) fn head(state: &Model, store_epoch: i64, generation: i64) -> HeadAt {
    let head = Head {
        epoch: Epoch { store: store_epoch, owner: state.epoch },
        rev: state.rev,
        unread: state.unread,
        unseen: state.unseen,
        read_upto: state.read_upto,
        seen_upto: state.seen_upto,
        next_due: state.next_due.map(Timestamp::from_micros),
    };
    HeadAt { head, generation }
}
