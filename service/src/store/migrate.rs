//! `hoopoe migrate`: brings the schema up or down. Every replica may run `up` at its start, all at the same time.

use std::path::Path;

use hoopoe_crds::worker_config::TlsConfig;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait};
use sea_orm_migration::{MigrationTrait, MigratorTrait, SchemaManager, seaql_migrations};

use super::{
    StoreError, connect,
    dialect::Dialect,
    entity::store,
    error::no_store_row,
    history,
    migration::{Migrator, SCHEMA_VERSION},
    transaction,
};
use crate::timestamp::Timestamp;

/// Which database.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// Postgres by its URL.
    Postgres {
        /// `postgres://…`.
        url: &'a str,
        /// Files for TLS.
        tls: &'a TlsConfig,
    },
    /// A SQLite file, created if it does not exist.
    Sqlite(&'a Path),
}

/// One migration and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationState {
    /// Its name.
    pub name: String,
    /// Whether the database has it.
    pub standing: Standing,
}

/// The state of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// The database has it.
    Applied,
    /// `up` would apply it.
    Pending,
    /// The database has it, but this build does not know it: it comes from a newer build.
    Unknown,
}

/// The key of the advisory lock: "hoopoe" in ASCII.
const LOCK_KEY: i64 = 0x686f_6f70_6f65;
/// How long to wait for another replica's migration.
const LOCK_LIMIT: &str = "120s";

/// Applies all pending migrations in one transaction and returns their names. On a newer schema that this build may
/// still use, it succeeds without doing anything.
pub async fn up(target: Target<'_>) -> Result<Vec<String>, StoreError> {
    on(target, async |db| up_on(db).await).await
}

/// Reverts the newest migration and returns its name; `None` if there is none. Reverting the first one deletes
/// everything that is stored.
pub async fn down(target: Target<'_>) -> Result<Option<String>, StoreError> {
    on(target, async |db| {
        let tx = begin(db).await?;
        let applied = applied(&tx).await?;
        refuse_unknown(&applied)?;
        let Some(migration) = Migrator::migrations().into_iter().rev().find(|m| applied.iter().any(|a| a == m.name()))
        else {
            tx.rollback().await?;
            return Ok(None);
        };
        migration.down(&SchemaManager::new(&tx)).await?;
        seaql_migrations::Entity::delete_by_id(migration.name()).exec(&tx).await?;
        tx.commit().await?;
        Ok(Some(migration.name().to_owned()))
    })
    .await
}

/// Drops everything that belongs to Hoopoe, also of a newer schema, and applies all migrations again. The store gets a
/// new id.
pub async fn fresh(target: Target<'_>) -> Result<Vec<String>, StoreError> {
    on(target, async |db| {
        let tx = begin(db).await?;
        for table in ["notification", "owner_state", "store", "seaql_migrations"] {
            tx.execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
        }
        let names = apply(&tx).await?;
        tx.commit().await?;
        Ok(names)
    })
    .await
}

/// The state of each migration, in their order, with the unknown ones last. Changes nothing.
pub async fn status(target: Target<'_>) -> Result<Vec<MigrationState>, StoreError> {
    on(target, async |db| {
        let applied = match seaql_migrations::Entity::find().all(db).await.map_err(StoreError::from) {
            Ok(rows) => rows.into_iter().map(|row| row.version).collect(),
            Err(StoreError::Schema(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut states: Vec<MigrationState> = Migrator::migrations()
            .iter()
            .map(|migration| {
                let standing = if applied.iter().any(|name| name == migration.name()) {
                    Standing::Applied
                } else {
                    Standing::Pending
                };
                MigrationState { name: migration.name().to_owned(), standing }
            })
            .collect();
        for name in unknown(&applied) {
            states.push(MigrationState { name: name.to_owned(), standing: Standing::Unknown });
        }
        Ok(states)
    })
    .await
}

/// Starts a new epoch and returns its number. For a restore that the database itself does not show (a dump, a copied
/// file). Every client then starts from the newest page.
pub async fn new_epoch(target: Target<'_>) -> Result<i64, StoreError> {
    on(target, async |db| history::raise_epoch(db).await).await
}

/// Connects, runs the work, and closes the connection.
async fn on<T>(
    target: Target<'_>,
    work: impl AsyncFnOnce(&DatabaseConnection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let db = match target {
        Target::Postgres { url, tls } => connect::postgres_for_migrations(url, tls).await?,
        Target::Sqlite(path) => connect::sqlite_writer(path).await?,
    };
    let result = work(&db).await;
    // An error here does no harm: the work is committed, and the connection ends with the process at the latest.
    let _ = db.close().await;
    result
}

/// [`up`] over an open connection.
pub(super) async fn up_on(db: &DatabaseConnection) -> Result<Vec<String>, StoreError> {
    let tx = begin(db).await?;
    let names = apply(&tx).await?;
    tx.commit().await?;
    Ok(names)
}

/// Begins a transaction that excludes other migrations. On SQLite it is the only writer anyway.
async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, StoreError> {
    let tx = transaction::begin(db).await?;
    match Dialect::of(&tx) {
        Dialect::Postgres => {
            tx.execute_unprepared(&format!("SET LOCAL lock_timeout = '{LOCK_LIMIT}'")).await?;
            tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK_KEY})")).await?;
        }
        Dialect::Sqlite => {}
    }
    Ok(tx)
}

async fn apply(tx: &DatabaseTransaction) -> Result<Vec<String>, StoreError> {
    Migrator::install(tx).await?;
    let applied = applied(tx).await?;
    let pending: Vec<Box<dyn MigrationTrait>> =
        Migrator::migrations().into_iter().filter(|m| !applied.iter().any(|name| name == m.name())).collect();
    if unknown(&applied).next().is_some() {
        return newer(tx, pending.is_empty()).await;
    }
    let mut names = Vec::with_capacity(pending.len());
    for migration in pending {
        migration.up(&SchemaManager::new(tx)).await?;
        let row = seaql_migrations::ActiveModel {
            version: sea_orm::Set(migration.name().to_owned()),
            applied_at: sea_orm::Set(Timestamp::now().seconds()),
        };
        seaql_migrations::Entity::insert(row).exec_without_returning(tx).await?;
        names.push(migration.name().to_owned());
    }
    Ok(names)
}

/// Whether the schema comes from a newer build. This build then does not change it, and may use it if the newer build
/// allowed that.
async fn newer(tx: &DatabaseTransaction, all_applied: bool) -> Result<Vec<String>, StoreError> {
    let row = store::Entity::find().one(tx).await?.ok_or_else(no_store_row)?;
    if all_applied && row.min_reader <= SCHEMA_VERSION {
        return Ok(Vec::new());
    }
    Err(StoreError::Schema(format!(
        "it was made by a newer build: it is at version {} and needs a build that knows at least version {}; \
         this build knows version {SCHEMA_VERSION}",
        row.schema_version, row.min_reader
    )))
}

async fn applied(tx: &DatabaseTransaction) -> Result<Vec<String>, StoreError> {
    Migrator::install(tx).await?;
    let rows = seaql_migrations::Entity::find().all(tx).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

fn unknown(applied: &[String]) -> impl Iterator<Item = &str> {
    let known = Migrator::migrations();
    applied.iter().map(String::as_str).filter(move |name| !known.iter().any(|migration| migration.name() == *name))
}

fn refuse_unknown(applied: &[String]) -> Result<(), StoreError> {
    match unknown(applied).next() {
        None => Ok(()),
        Some(name) => Err(StoreError::Schema(format!(
            "the migration {name} was applied by a newer build; revert it with that build"
        ))),
    }
}
