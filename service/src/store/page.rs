//! Pages of an inbox. Head, rows and watermarks come from one statement, and so from one snapshot and one round trip.

use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Value};

use super::{
    Feed, FeedQuery, Filter, HeadAt, Item, Since, StoreError, Window,
    dialect::Dialect,
    entity::notification::ITEM,
    error::no_store_row,
    head_columns::{self, HEAD},
};
use crate::notif::Owner;

/// The owner's head.
pub(super) async fn head(db: &DatabaseConnection, owner: &Owner) -> Result<HeadAt, StoreError> {
    let sql = format!("SELECT {HEAD} FROM store s LEFT JOIN owner_state o ON o.owner = $1");
    let row = db.query_one_raw(Dialect::of(db).statement(sql, [owner.as_str().into()])).await?;
    head_columns::head(&row.ok_or_else(no_store_row)?)
}

/// A page.
pub(super) async fn feed(db: &DatabaseConnection, owner: &Owner, query: &FeedQuery) -> Result<Feed, StoreError> {
    let FeedQuery { limit, selection } = query;
    match selection {
        Filter::Newest { before, unread, archived, kind } => {
            let newest = Newest { before: *before, unread: *unread, archived: *archived, kind: kind.as_deref() };
            newest.read(db, owner, *limit).await
        }
        Filter::Changes(since) => changes(db, owner, *since, *limit).await,
    }
}

/// Which of the newest rows are listed.
struct Newest<'a> {
    before: Option<i64>,
    unread: bool,
    archived: bool,
    kind: Option<&'a str>,
}

/// The condition for a row that is shown, whether archived or not. A row past its expiry is hidden by the clock, even
/// before it is marked as expired.
fn shown(dialect: Dialect, archived: bool, values: &mut Vec<Value>) -> String {
    let clock = dialect.statement_clock(values);
    let which =
        if archived { "n.archived_at IS NOT NULL" } else { "n.archived_at IS NULL AND n.snoozed_until IS NULL" };
    format!(
        "{which} AND n.expired_at IS NULL AND n.deleted_at IS NULL AND (n.expires_at IS NULL OR n.expires_at > {clock})"
    )
}

/// The condition for an unread row.
const UNREAD: &str =
    "n.read_at IS NULL AND n.unread_rev > coalesce((SELECT read_upto FROM owner_state WHERE owner = $1), 0)";

impl Newest<'_> {
    async fn read(&self, db: &DatabaseConnection, owner: &Owner, limit: u32) -> Result<Feed, StoreError> {
        let dialect = Dialect::of(db);
        let mut values: Vec<Value> = vec![owner.as_str().into(), (i64::from(limit) + 1).into()];
        let mut conditions = vec![shown(dialect, self.archived, &mut values)];
        if let Some(before) = self.before {
            values.push(before.into());
            conditions.push(format!("n.rev < ${}", values.len()));
        }
        if self.unread {
            conditions.push(UNREAD.to_owned());
        }
        if let Some(kind) = self.kind {
            values.push(kind.into());
            conditions.push(format!("n.kind = ${}", values.len()));
        }
        let (head, _, items, more) = rows(db, &conditions.join(" AND "), Order::Newest, limit, values).await?;
        Ok(Feed { head, items, more, complete_to: None, reset: false })
    }
}

/// What changed since a position, or the newest page if that position cannot be continued.
async fn changes(db: &DatabaseConnection, owner: &Owner, since: Since, limit: u32) -> Result<Feed, StoreError> {
    let Since { position, after } = since;
    let above = after.map_or(position.rev, |after| after.max(position.rev));
    let values = vec![owner.as_str().into(), (i64::from(limit) + 1).into(), above.into()];
    let (head, floor, items, more) = rows(db, "n.changed_rev > $3", Order::Changes, limit, values).await?;
    let rev = head.head.rev;
    if position.epoch != head.head.epoch || above > rev || position.rev < floor {
        let newest = Newest { before: None, unread: false, archived: false, kind: None }.read(db, owner, limit).await?;
        return Ok(Feed { complete_to: Some(newest.head.head.rev), reset: true, ..newest });
    }
    let complete_to = if more { items.last().map(|item| item.changed_rev) } else { Some(rev) };
    Ok(Feed { head, items, more, complete_to, reset: false })
}

/// Head, floor, at most `limit` rows, and whether there are more. `$1` is the owner, `$2` one more than the limit.
async fn rows(
    db: &DatabaseConnection,
    condition: &str,
    order: Order,
    limit: u32,
    values: Vec<Value>,
) -> Result<(HeadAt, i64, Vec<Item>, bool), StoreError> {
    let sql = format!(
        "SELECT {HEAD}, {item} FROM store s LEFT JOIN owner_state o ON o.owner = $1 \
         LEFT JOIN (SELECT * FROM notification n WHERE n.owner = $1 AND {condition} ORDER BY n.{order} LIMIT $2) n \
         ON true",
        item = *ITEM,
        order = order.sql()
    );
    let rows = db.query_all_raw(Dialect::of(db).statement(sql, values)).await?;
    let first = rows.first().ok_or_else(no_store_row)?;
    let head = head_columns::head(first)?;
    let floor = first.try_get::<Option<i64>>("", "floor_rev")?.unwrap_or(0);
    let mut items = items(&rows, order)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    Ok((head, floor, items, more))
}

fn items(rows: &[QueryResult], order: Order) -> Result<Vec<Item>, StoreError> {
    let mut items: Vec<Item> = rows.iter().filter_map(|row| Item::read(row).transpose()).collect::<Result<_, _>>()?;
    match order {
        Order::Newest => items.sort_unstable_by_key(|item| std::cmp::Reverse(item.rev)),
        Order::Changes => items.sort_unstable_by_key(|item| item.changed_rev),
    }
    Ok(items)
}

/// The order of a page. An index decides which rows are on it, but a join promises no order, so they are sorted here.
#[derive(Clone, Copy)]
enum Order {
    Newest,
    Changes,
}

impl Order {
    fn sql(self) -> &'static str {
        match self {
            Self::Newest => "rev DESC",
            Self::Changes => "changed_rev",
        }
    }
}

/// The rows `from ≤ i < to` of the visible rows, newest first, and how many visible rows there are.
pub(super) async fn window(
    db: &DatabaseConnection,
    owner: &Owner,
    from: u64,
    to: u64,
    unread_only: bool,
) -> Result<Window, StoreError> {
    let dialect = Dialect::of(db);
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let mut values: Vec<Value> =
        vec![owner.as_str().into(), number(to.saturating_sub(from)).into(), number(from).into()];
    let mut condition = shown(dialect, false, &mut values);
    if unread_only {
        condition.push_str(" AND ");
        condition.push_str(UNREAD);
    }
    let sql = format!(
        "SELECT {HEAD}, (SELECT count(*) FROM notification n WHERE n.owner = $1 AND {condition}) AS total, {item} \
         FROM store s LEFT JOIN owner_state o ON o.owner = $1 \
         LEFT JOIN (SELECT * FROM notification n WHERE n.owner = $1 AND {condition} ORDER BY n.rev DESC \
         LIMIT $2 OFFSET $3) n \
         ON true",
        item = *ITEM
    );
    let rows = db.query_all_raw(dialect.statement(sql, values)).await?;
    let first = rows.first().ok_or_else(no_store_row)?;
    let total = u64::try_from(first.try_get::<i64>("", "total")?).unwrap_or(0);
    Ok(Window { head: head_columns::head(first)?, items: items(&rows, Order::Newest)?, total })
}
