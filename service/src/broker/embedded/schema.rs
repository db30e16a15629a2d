//! The embedded broker's tables.

use std::path::Path;

use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::sqlite_file;

/// Deliveries are counted in a table of their own. A row there has a few bytes, while an update of the message would
/// write its body again.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS broker_exchange (name TEXT PRIMARY KEY, kind TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS broker_queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, limits TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS broker_binding (
    queue_id INTEGER NOT NULL, exchange TEXT NOT NULL, routing_key TEXT NOT NULL, arguments TEXT NOT NULL,
    PRIMARY KEY (queue_id, exchange, routing_key, arguments)) STRICT;
CREATE TABLE IF NOT EXISTS broker_message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue_id INTEGER NOT NULL, exchange TEXT NOT NULL, routing_key TEXT NOT NULL,
    message_id TEXT, sent_at INTEGER, headers TEXT NOT NULL, arrived_at INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS broker_message_queue ON broker_message (queue_id, id);
CREATE TABLE IF NOT EXISTS broker_delivery (message_id INTEGER PRIMARY KEY, times INTEGER NOT NULL) STRICT;
";

/// Opens the file and creates the tables that are missing.
pub(super) async fn open(path: &Path) -> sqlx::Result<SqliteConnection> {
    let options = sqlite_file::options(path).create_if_missing(true);
    let mut connection = sqlite_file::patiently(sqlite_file::is_busy, || options.connect()).await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(TABLES).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(connection)
}
