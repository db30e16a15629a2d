//! The one place that chooses a store.

use std::sync::Arc;

use super::{PostgresStore, SqliteStore, Store, StoreError, StoreOptions, migrate::Target};

/// Opens a store. A Postgres must have its schema already; a SQLite file is created and migrated.
pub async fn open(at: Target<'_>, options: StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match at {
        Target::Postgres { url, tls } => Arc::new(PostgresStore::connect(url, tls, options).await?),
        Target::Sqlite(path) => Arc::new(SqliteStore::open(path, options).await?),
    })
}
