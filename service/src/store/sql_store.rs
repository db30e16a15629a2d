//! The store over a database: the steps of each call, and the time limit around them.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use hoopoe_crds::worker_config::TlsConfig;
use sea_orm::{DatabaseConnection, EntityTrait};
use uuid::Uuid;

use super::{
    Announce, Committed, Feed, FeedQuery, HeadAt, Mark, Marked, OwnerChange, Pulse, Store, StoreError, StoreOptions,
    Window,
    batch::Batch,
    commit, commit_fast, connect,
    dialect::Dialect,
    due,
    entity::store,
    error::{self, bounded},
    generation,
    history::{self, Attempt},
    mark, migrate,
    migration::SCHEMA_VERSION,
    page, sweep, transaction,
};
use crate::notif::{Notification, Owner};

/// After a batch that was not all new, this many batches are committed step by step before the short way is tried
/// again. Repeats come in floods (a redelivery), and a failed short way costs its time on top of the steps.
const STEPS_AFTER_REPEAT: u32 = 16;

/// The store for both databases. They differ in the statements of their dialect, and in how their connections are made.
pub struct SqlStore {
    store_id: Uuid,
    dialect: Dialect,
    retention: Option<Duration>,
    /// The pool for changes. On SQLite it has one connection.
    writer: DatabaseConnection,
    /// The pool for reading pages. On Postgres it is the same pool.
    reader: DatabaseConnection,
    /// Whether a call got no answer. Connections are then tested when they come back to the pool.
    suspect: Arc<AtomicBool>,
    /// How many more batches are committed step by step.
    careful: AtomicU32,
}

/// The store in Postgres.
pub type PostgresStore = SqlStore;
/// The store in a SQLite file.
pub type SqliteStore = SqlStore;

impl SqlStore {
    /// Connects to a Postgres that has the schema. TLS follows `sslmode` in the URL, and is at least `verify-full` if a
    /// `caFile` is given.
    pub async fn connect(url: &str, tls: &TlsConfig, options: StoreOptions) -> Result<Self, StoreError> {
        let pool = connect::postgres(url, tls, &options).await?;
        let store_id = bounded(&pool.suspect, check_schema(&pool.db)).await?;
        Ok(Self {
            store_id,
            dialect: Dialect::Postgres,
            retention: options.retention,
            writer: pool.db.clone(),
            reader: pool.db,
            suspect: pool.suspect,
            careful: AtomicU32::new(0),
        })
    }

    /// Opens a SQLite file, creates it if it does not exist, and migrates it, because no other process migrates a file.
    pub async fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let writer = connect::sqlite_writer(path).await?;
        migrate::up_on(&writer).await?;
        let store_id = check_schema(&writer).await?;
        let reader = connect::sqlite_readers(path, &options).await?;
        Ok(Self {
            store_id,
            dialect: Dialect::Sqlite,
            retention: options.retention,
            writer,
            reader,
            suspect: Arc::new(AtomicBool::new(false)),
            careful: AtomicU32::new(0),
        })
    }

    /// Limits the time of a call, and remembers whether the database answers.
    async fn call<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        bounded(&self.suspect, call).await
    }

    /// Commits by the short way if that is worth trying, else step by step.
    async fn commit_once(&self, batch: &Batch<'_>, announce: &dyn Announce) -> Result<Attempt<Committed>, StoreError> {
        let short = match self.dialect {
            Dialect::Postgres => self.careful.load(Ordering::Relaxed) == 0,
            Dialect::Sqlite => false,
        };
        if short {
            let pool = self.writer.get_postgres_connection_pool();
            if let Some(step) = commit_fast::commit(pool, batch, announce).await? {
                return Ok(step);
            }
            self.careful.store(STEPS_AFTER_REPEAT, Ordering::Relaxed);
        } else {
            let _ = self.careful.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        }
        commit::commit(&self.writer, batch, announce).await
    }
}

/// Checks that this build can use the schema, and returns the store's id.
async fn check_schema(db: &DatabaseConnection) -> Result<Uuid, StoreError> {
    let row = store::Entity::find().one(db).await?.ok_or_else(error::no_store_row)?;
    if row.min_reader > SCHEMA_VERSION {
        return Err(StoreError::Schema(format!(
            "it is at version {} and needs a build that knows version {}, but this build knows only {SCHEMA_VERSION}",
            row.schema_version, row.min_reader
        )));
    }
    if row.schema_version < SCHEMA_VERSION {
        return Err(StoreError::Schema(format!(
            "it is at version {}, but this build needs version {SCHEMA_VERSION}; run `hoopoe migrate up`",
            row.schema_version
        )));
    }
    Ok(row.store_id)
}

/// Runs a change. If the history turns out to have forked, runs it again in the new epoch.
macro_rules! in_one_history {
    ($self:ident, $call:expr) => {
        $self
            .call(async {
                if let Attempt::Done(done) = $call.await? {
                    return Ok(done);
                }
                history::enter_fork(&$self.writer).await?;
                if let Attempt::Done(done) = $call.await? {
                    return Ok(done);
                }
                Err(error::forking())
            })
            .await
    };
}

#[async_trait]
impl Store for SqlStore {
    fn store_id(&self) -> Uuid {
        self.store_id
    }

    fn may_lag(&self) -> bool {
        // Never: pages are read where changes are made, in Postgres' primary or in the file.
        false
    }

    async fn pulse(&self) -> Result<Pulse, StoreError> {
        self.call(history::pulse(&self.reader, &self.writer)).await
    }

    async fn raise_generation(&self) -> Result<i64, StoreError> {
        let raise = async {
            // `begin` is the one statement that is patient with other processes that write to a SQLite file.
            let tx = transaction::begin(&self.writer).await?;
            let generation = generation::raise(&tx).await?;
            tx.commit().await?;
            Ok(generation)
        };
        self.call(raise).await
    }

    async fn commit(&self, batch: &[Notification], announce: &dyn Announce) -> Result<Committed, StoreError> {
        if batch.is_empty() {
            return Ok(Committed { outcomes: Vec::new(), changes: Vec::new() });
        }
        let batch = Batch::new(batch, self.retention);
        in_one_history!(self, self.commit_once(&batch, announce))
    }

    async fn mark(&self, owner: &Owner, mark: &Mark, announce: &dyn Announce) -> Result<Marked, StoreError> {
        in_one_history!(self, mark::mark(&self.writer, owner, mark, announce))
    }

    async fn head(&self, owner: &Owner) -> Result<HeadAt, StoreError> {
        self.call(page::head(&self.reader, owner)).await
    }

    async fn feed(&self, owner: &Owner, query: &FeedQuery) -> Result<Feed, StoreError> {
        self.call(page::feed(&self.reader, owner, query)).await
    }

    async fn window(&self, owner: &Owner, from: u64, to: u64, unread_only: bool) -> Result<Window, StoreError> {
        self.call(page::window(&self.reader, owner, from, to, unread_only)).await
    }

    async fn run_due(&self, owner: &Owner, announce: &dyn Announce) -> Result<Option<OwnerChange>, StoreError> {
        in_one_history!(self, due::run(&self.writer, owner, announce))
    }

    async fn due_owners(&self, limit: u32) -> Result<Vec<Owner>, StoreError> {
        self.call(due::owners(&self.reader, limit)).await
    }

    async fn remove_expired(&self, limit: u32) -> Result<u64, StoreError> {
        self.call(sweep::remove_expired(&self.writer, limit)).await
    }

    async fn close(&self) {
        // A failed close only leaves connections open until the process ends.
        let _ = self.reader.close_by_ref().await;
        let _ = self.writer.close_by_ref().await;
    }
}
