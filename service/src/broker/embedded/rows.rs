//! Reads and writes rows. A list of ids is sent as one JSON parameter, so that the text of every statement is fixed.

use std::collections::BTreeMap;

use bytes::Bytes;
use hoopoe_crds::worker_config::{BindingConfig, ExchangeType, Overflow, QueueConfig, QueueType};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::timestamp::Timestamp;

/// The most rows in one `INSERT`: each takes 8 parameters of the 32,766 that SQLite allows.
const CHUNK: usize = 500;

/// A message before it has a number.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The exchange that it was published to.
    pub(super) exchange: String,
    /// Its routing key.
    pub(super) routing_key: String,
    /// Its `message_id`.
    pub(super) message_id: Option<String>,
    /// Its AMQP timestamp.
    pub(super) sent_at: Option<Timestamp>,
    /// Its headers.
    pub(super) headers: BTreeMap<String, String>,
    /// Its body.
    pub(super) body: Bytes,
}

/// A message in its queue.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// Its number, in the order of arrival.
    pub(super) id: i64,
    /// How often it was delivered.
    pub(super) times: u64,
    /// When it arrived.
    pub(super) arrived_at: Timestamp,
    /// The message.
    pub(super) draft: Draft,
}

/// The part of a queue's policy that the embedded broker obeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Limits {
    /// The most ready messages.
    pub(super) max_length: Option<u32>,
    /// What a full queue does.
    pub(super) overflow: Overflow,
    /// The most deliveries before a message goes to the dead letters.
    pub(super) delivery_limit: Option<u32>,
    /// The longest time in the queue, in milliseconds.
    pub(super) ttl_ms: Option<u64>,
}

/// A queue's row.
#[derive(Clone, Debug)]
pub(super) struct QueueRow {
    /// Its number.
    pub(super) id: i64,
    /// Its name.
    pub(super) name: String,
    /// Type and priority levels, which cannot change.
    pub(super) kind: String,
    /// The limits, which can change.
    pub(super) limits: Limits,
}

/// Type and priority levels as one text.
pub(super) fn kind_text(kind: QueueType, max_priority: Option<u8>) -> String {
    match (kind, max_priority) {
        (QueueType::Quorum, _) => "quorum".to_owned(),
        (QueueType::Classic, None) => "classic".to_owned(),
        (QueueType::Classic, Some(levels)) => format!("classic with {levels} priorities"),
    }
}

/// A queue's limits from its policy.
pub(super) fn limits_of(queue: &QueueConfig) -> Limits {
    let policy = &queue.policy;
    Limits {
        max_length: policy.max_length,
        overflow: policy.overflow,
        delivery_limit: (queue.kind == QueueType::Quorum).then_some(policy.delivery_limit),
        ttl_ms: policy.message_ttl.map(|ttl| u64::try_from(ttl.0.as_millis()).unwrap_or(u64::MAX)),
    }
}

pub(super) async fn exchanges(db: &mut SqliteConnection) -> sqlx::Result<Vec<(String, ExchangeType)>> {
    let rows = sqlx::query("SELECT name, kind FROM broker_exchange").fetch_all(db).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, from_json(row.try_get(1)?)?))).collect()
}

pub(super) async fn add_exchange(db: &mut SqliteConnection, name: &str, kind: ExchangeType) -> sqlx::Result<()> {
    let insert = sqlx::query("INSERT INTO broker_exchange (name, kind) VALUES (?, ?)");
    insert.bind(name.to_owned()).bind(to_json(&kind)?).execute(db).await.map(drop)
}

pub(super) async fn queues(db: &mut SqliteConnection) -> sqlx::Result<Vec<QueueRow>> {
    let rows = sqlx::query("SELECT id, name, kind, limits FROM broker_queue").fetch_all(db).await?;
    let row = |row: &sqlx::sqlite::SqliteRow| {
        let limits = from_json(row.try_get("limits")?)?;
        Ok(QueueRow { id: row.try_get("id")?, name: row.try_get("name")?, kind: row.try_get("kind")?, limits })
    };
    rows.iter().map(row).collect()
}

pub(super) async fn put_queue(db: &mut SqliteConnection, name: &str, kind: &str, limits: &Limits) -> sqlx::Result<i64> {
    let put = sqlx::query_scalar(
        "INSERT INTO broker_queue (name, kind, limits) VALUES (?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET limits = excluded.limits RETURNING id",
    );
    put.bind(name.to_owned()).bind(kind.to_owned()).bind(to_json(limits)?).fetch_one(db).await
}

pub(super) async fn remove_queue(db: &mut SqliteConnection, id: i64) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM broker_queue WHERE id = ?").bind(id).execute(db).await.map(drop)
}

pub(super) async fn bindings(db: &mut SqliteConnection) -> sqlx::Result<Vec<(i64, BindingConfig)>> {
    let rows =
        sqlx::query("SELECT queue_id, exchange, routing_key, arguments FROM broker_binding").fetch_all(db).await?;
    let row = |row: &sqlx::sqlite::SqliteRow| {
        let arguments = from_json(row.try_get(3)?)?;
        Ok((row.try_get(0)?, BindingConfig { exchange: row.try_get(1)?, routing_key: row.try_get(2)?, arguments }))
    };
    rows.iter().map(row).collect()
}

pub(super) async fn add_binding(db: &mut SqliteConnection, queue: i64, binding: &BindingConfig) -> sqlx::Result<()> {
    let insert = sqlx::query(
        "INSERT OR IGNORE INTO broker_binding (queue_id, exchange, routing_key, arguments) VALUES (?, ?, ?, ?)",
    );
    let BindingConfig { exchange, routing_key, arguments } = binding;
    let insert = insert.bind(queue).bind(exchange.clone()).bind(routing_key.clone()).bind(to_json(arguments)?);
    insert.execute(db).await.map(drop)
}

pub(super) async fn remove_bindings(db: &mut SqliteConnection, queue: i64) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM broker_binding WHERE queue_id = ?").bind(queue).execute(db).await.map(drop)
}

/// How many messages each queue has.
pub(super) async fn counts(db: &mut SqliteConnection) -> sqlx::Result<Vec<(i64, u64)>> {
    let rows = sqlx::query("SELECT queue_id, count(*) FROM broker_message GROUP BY queue_id").fetch_all(db).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or(0)))).collect()
}

/// Adds messages in this order.
pub(super) async fn add_messages(
    db: &mut SqliteConnection,
    messages: &[(i64, Draft)],
    now: Timestamp,
) -> sqlx::Result<()> {
    for chunk in messages.chunks(CHUNK) {
        let mut insert: QueryBuilder<Sqlite> = QueryBuilder::new(
            "INSERT INTO broker_message
             (queue_id, exchange, routing_key, message_id, sent_at, headers, arrived_at, body) ",
        );
        let headers = chunk.iter().map(|(_, draft)| to_json(&draft.headers)).collect::<sqlx::Result<Vec<_>>>()?;
        insert.push_values(chunk.iter().zip(headers), |mut row, ((queue, draft), headers)| {
            let Draft { exchange, routing_key, message_id, sent_at, headers: _, body } = draft;
            row.push_bind(*queue)
                .push_bind(exchange.clone())
                .push_bind(routing_key.clone())
                .push_bind(message_id.clone())
                .push_bind(sent_at.map(Timestamp::micros))
                .push_bind(headers)
                .push_bind(now.micros())
                .push_bind(body.to_vec());
        });
        insert.build().persistent(chunk.len() == 1).execute(&mut *db).await?;
    }
    Ok(())
}

/// The oldest messages of a queue after this number.
pub(super) async fn after(db: &mut SqliteConnection, queue: i64, id: i64, limit: usize) -> sqlx::Result<Vec<Stored>> {
    let select = sqlx::query(
        "SELECT m.*, coalesce(d.times, 0) AS times FROM broker_message m \
         LEFT JOIN broker_delivery d ON d.message_id = m.id
         WHERE m.queue_id = ? AND m.id > ? ORDER BY m.id LIMIT ?",
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = select.bind(queue).bind(id).bind(limit).fetch_all(db).await?;
    rows.iter().map(stored).collect()
}

/// The messages with these numbers.
pub(super) async fn these(db: &mut SqliteConnection, ids: &[i64]) -> sqlx::Result<Vec<Stored>> {
    let select = sqlx::query(
        "SELECT m.*, coalesce(d.times, 0) AS times FROM broker_message m \
         LEFT JOIN broker_delivery d ON d.message_id = m.id
         WHERE m.id IN (SELECT value FROM json_each(?)) ORDER BY m.id",
    );
    let rows = select.bind(to_json(&ids)?).fetch_all(db).await?;
    rows.iter().map(stored).collect()
}

/// Counts one delivery of each message.
pub(super) async fn count_delivery(db: &mut SqliteConnection, ids: &[i64]) -> sqlx::Result<()> {
    let count = sqlx::query(
        "INSERT INTO broker_delivery (message_id, times) SELECT value, 1 FROM json_each(?) WHERE true
         ON CONFLICT (message_id) DO UPDATE SET times = times + 1",
    );
    count.bind(to_json(&ids)?).execute(db).await.map(drop)
}

/// Removes messages.
pub(super) async fn remove_messages(db: &mut SqliteConnection, ids: &[i64]) -> sqlx::Result<()> {
    let ids = to_json(&ids)?;
    for statement in [
        "DELETE FROM broker_message WHERE id IN (SELECT value FROM json_each(?))",
        "DELETE FROM broker_delivery WHERE message_id IN (SELECT value FROM json_each(?))",
    ] {
        sqlx::query(statement).bind(ids.clone()).execute(&mut *db).await?;
    }
    Ok(())
}

fn stored(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Stored> {
    let draft = Draft {
        exchange: row.try_get("exchange")?,
        routing_key: row.try_get("routing_key")?,
        message_id: row.try_get("message_id")?,
        sent_at: row.try_get::<Option<i64>, _>("sent_at")?.map(Timestamp::from_micros),
        headers: from_json(row.try_get("headers")?)?,
        body: Bytes::from(row.try_get::<Vec<u8>, _>("body")?),
    };
    let times = u64::try_from(row.try_get::<i64, _>("times")?).unwrap_or(0);
    let arrived_at = Timestamp::from_micros(row.try_get("arrived_at")?);
    Ok(Stored { id: row.try_get("id")?, times, arrived_at, draft })
}

fn to_json(value: &impl Serialize) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn from_json<T: for<'de> Deserialize<'de>>(text: &str) -> sqlx::Result<T> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()))
}
