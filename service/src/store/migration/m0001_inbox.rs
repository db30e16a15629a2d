//! The first schema: notifications, owners, and the one row of the store.
//!
//! Times are BIGINT microseconds in both databases: both use the same entity and the same comparisons, a time is stored
//! unrounded, and a session's time zone or `DateStyle` has no influence. `data` is text, because `jsonb` refuses
//! `\u0000`, lone surrogates and `1e400000`. The table is not partitioned: partitions by time would put almost every id
//! that is no `UUIDv7` into the default partition.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use uuid::Uuid;

use crate::store::dialect::{POSTGRES_SYSTEM, POSTGRES_TIMELINE};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_inbox"
    }
}

/// `{key}` is the type of a key. In Postgres it has the collation "C", so that the database sorts and compares owners
/// by bytes, as Rust does. The order of locks depends on that, and it is faster than a locale.
const TABLES: [&str; 3] = [
    "CREATE TABLE notification (
        owner {key} NOT NULL,
        id {uuid} NOT NULL,
        source_id text,
        rev bigint NOT NULL,
        changed_rev bigint NOT NULL,
        unread_rev bigint NOT NULL,
        unseen_rev bigint NOT NULL,
        kind text NOT NULL,
        actor text NOT NULL,
        title text NOT NULL,
        body text NOT NULL,
        data text,
        priority smallint NOT NULL,
        created_at bigint NOT NULL,
        expires_at bigint,
        expired_at bigint,
        seen_at bigint,
        read_at bigint,
        archived_at bigint,
        snoozed_until bigint,
        deleted_at bigint,
        group_key text,
        post_id {uuid},
        PRIMARY KEY (owner, id)
    )",
    "CREATE TABLE owner_state (
        owner {key} NOT NULL PRIMARY KEY,
        epoch bigint NOT NULL,
        rev bigint NOT NULL,
        floor_rev bigint NOT NULL,
        unread bigint NOT NULL CHECK (unread >= 0),
        unseen bigint NOT NULL CHECK (unseen >= 0),
        read_upto bigint NOT NULL,
        seen_upto bigint NOT NULL,
        next_due bigint
    ){owner_state_options}",
    "CREATE TABLE store (
        id smallint NOT NULL PRIMARY KEY CHECK (id = 1),
        store_id {uuid} NOT NULL,
        epoch bigint NOT NULL,
        timeline text NOT NULL,
        system_identifier text NOT NULL,
        generation bigint NOT NULL,
        schema_version bigint NOT NULL,
        min_reader bigint NOT NULL
    )",
];

/// Indexes for: the page, what changed since, what is due for an owner, what may be removed, and which owners have
/// something due. The last three are partial, so a row without an expiry, as most rows are, costs nothing there.
const INDEXES: [&str; 5] = [
    "CREATE INDEX notification_page ON notification (owner, rev DESC)",
    "CREATE INDEX notification_changes ON notification (owner, changed_rev)",
    "CREATE INDEX notification_due ON notification (owner, expires_at) \
     WHERE expires_at IS NOT NULL AND expired_at IS NULL",
    "CREATE INDEX notification_expired ON notification (expired_at) WHERE expired_at IS NOT NULL",
    "CREATE INDEX owner_state_due ON owner_state (next_due) WHERE next_due IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let backend = db.get_database_backend();
        let postgres = backend == DbBackend::Postgres;
        // Leave room in each page of `owner_state` for new versions of its rows. A commit can then update a counter
        // within the page (HOT), without a new entry in the index.
        let (key, uuid, options) =
            if postgres { ("text COLLATE \"C\"", "uuid", " WITH (fillfactor = 50)") } else { ("text", "blob", "") };
        for table in TABLES {
            let sql = table.replace("{key}", key).replace("{uuid}", uuid).replace("{owner_state_options}", options);
            db.execute_unprepared(&sql).await?;
        }
        for index in INDEXES {
            db.execute_unprepared(index).await?;
        }
        let (timeline, system) = if postgres { (POSTGRES_TIMELINE, POSTGRES_SYSTEM) } else { ("''", "''") };
        let sql = format!(
            "INSERT INTO store (id, store_id, epoch, timeline, system_identifier, generation, schema_version, \
             min_reader) \
             VALUES (1, $1, 1, {timeline}, {system}, 1, 1, 1)"
        );
        db.execute_raw(Statement::from_sql_and_values(backend, sql, [Uuid::new_v4().into()])).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["notification", "owner_state", "store"] {
            manager.get_connection().execute_unprepared(&format!("DROP TABLE {table}")).await?;
        }
        Ok(())
    }
}
