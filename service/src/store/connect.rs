//! How the two databases are reached: pools, limits that keep a dead server from blocking its callers, and TLS.

use std::{
    path::Path,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hoopoe_crds::worker_config::TlsConfig;
use rustls_pki_types::ServerName;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};
use sqlx::{
    ConnectOptions, Connection, Database, Postgres, Sqlite,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgSslMode},
    sqlite::SqliteConnectOptions,
};

use super::{StoreError, error::from_sqlx, relay::Relay};
use crate::sqlite_file;

/// How one process uses the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// The default expiry of a notification, counted from its `created_at`. Default: none, so that it is kept for ever.
    pub retention: Option<Duration>,
    /// The most connections, at least 1, default 10. For SQLite: the most readers, beside the one connection that
    /// writes.
    pub max_connections: u32,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { retention: None, max_connections: 10 }
    }
}

/// How long SQLite itself waits when another process writes to the file. `transaction::begin` then tries again.
pub(super) const BUSY_LIMIT: Duration = Duration::from_millis(20);
/// How long a caller waits for a connection. It then gets an error, so that a dead server does not block it.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(5);
/// How long a connection may take to answer when it is returned after a failure. A slower one is dropped.
const RELEASE_LIMIT: Duration = Duration::from_secs(5);
/// The age after which a connection to a server is replaced when it is returned to the pool.
const LIFETIME: Duration = Duration::from_mins(30);
/// The idle time after which a connection is replaced before it is used, because a firewall in between may have dropped
/// it.
const IDLE_LIMIT: Duration = Duration::from_mins(10);

/// Limits that the server itself enforces, in milliseconds. A worker that freezes inside a transaction loses the
/// transaction, and its owners' locks, after 60 s. A call that waits for such a lock fails after 8 s, within the limit
/// of a call.
///
/// And two hints to the planner. While it knows little of the table (a first burst, before the first ANALYZE), every
/// plan for a page looks equally cheap: it collected and sorted an inbox of 80,000 rows for the newest 20, in 22 ms,
/// where the index with that order needs 0.05 ms. No statement here needs a large sort, so sorts are penalised. But the
/// penalty raises the estimated cost so much that the JIT compiler would start, at 160 ms a statement, so JIT is off.
const SERVER_SETTINGS: [(&str, &str); 6] = [
    ("enable_sort", "off"),
    ("jit", "off"),
    ("statement_timeout", "12000"),
    ("lock_timeout", "8000"),
    ("idle_in_transaction_session_timeout", "60000"),
    ("default_transaction_isolation", "read committed"),
];

/// A pool, and the flag that a call sets when it gets no answer.
pub(super) struct PostgresPool {
    pub(super) db: DatabaseConnection,
    pub(super) suspect: Arc<AtomicBool>,
}

/// Opens the pool of a Postgres store.
pub(super) async fn postgres(url: &str, tls: &TlsConfig, options: &StoreOptions) -> Result<PostgresPool, StoreError> {
    let suspect = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&suspect);
    let Way { connect, relay } = Way::to(url, tls)?;
    let pool = postgres_pool(relay)
        .max_connections(options.max_connections.max(1))
        // Do not test a connection before each use: that would cost a third of the rate, only this process uses the
        // pool, and a broken connection is noticed by its error.
        .test_before_acquire(false)
        // sqlx waits without limit until a returned connection answers. While the server is frozen or cut off, that
        // would block the connection's place in the pool until TCP itself gives up, after about 15 minutes.
        .after_release(move |connection, is| {
            let suspect = flag.load(Ordering::Relaxed);
            Box::pin(async move {
                if suspect {
                    let answer = tokio::time::timeout(RELEASE_LIMIT, connection.ping()).await;
                    answer.map_err(|_| sqlx::Error::PoolTimedOut)??;
                }
                Ok(is.age < LIFETIME)
            })
        })
        .before_acquire(|_, is| Box::pin(std::future::ready(Ok(is.idle_for < IDLE_LIMIT))))
        .connect_with(connect.options(SERVER_SETTINGS))
        .await
        .map_err(from_sqlx)?;
    Ok(PostgresPool { db: SqlxPostgresConnector::from_sqlx_postgres_pool(pool), suspect })
}

/// A single connection for migrations, without the limits on a worker's statements.
pub(super) async fn postgres_for_migrations(url: &str, tls: &TlsConfig) -> Result<DatabaseConnection, StoreError> {
    let Way { connect, relay } = Way::to(url, tls)?;
    let pool = postgres_pool(relay).max_connections(1).connect_with(connect).await.map_err(from_sqlx)?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// How sqlx reaches the server, and the relay that must live as long as its pool.
struct Way {
    connect: PgConnectOptions,
    relay: Option<Relay>,
}

impl Way {
    fn to(url: &str, tls: &TlsConfig) -> Result<Self, StoreError> {
        let connect = postgres_options(url, tls)?;
        let Some(name) = &tls.server_name else { return Ok(Self { connect, relay: None }) };
        let refused = |text: &str| StoreError::Settings(format!("postgresTls.serverName {name} {text}"));
        if ServerName::try_from(name.as_str()).is_err() {
            return Err(refused("is not a DNS name and not an IP address"));
        }
        if connect.get_socket().is_some() || connect.get_host().starts_with('/') {
            return Err(refused("needs a host in the Postgres URL, not a Unix socket"));
        }
        if matches!(connect.get_ssl_mode(), PgSslMode::Disable) {
            return Err(refused("contradicts sslmode=disable in the Postgres URL"));
        }
        let relay = Relay::start(connect.get_host(), connect.get_port())
            .map_err(|error| refused(&format!("cannot be used: opening a local socket failed: {error}")))?;
        let connect = connect.socket(relay.directory()).host(name).ssl_mode(PgSslMode::VerifyFull);
        Ok(Self { connect, relay: Some(relay) })
    }
}

/// The base of every pool: one without a background task.
///
/// sqlx's task, which closes old and idle connections, counts the idle connections wrongly if one is lent in the moment
/// of its return. The task then runs in an endless loop that takes a whole core, and the process hangs when it should
/// stop. A pool returns its first connection just when the task starts, so this happened to about one pool in 6,000
/// (sqlx 0.9.0, sqlx#3645). The task exists only if a pool has one of these two limits. Connections to a server have
/// limits of their own instead, above.
fn pool<DB: Database>() -> PoolOptions<DB> {
    PoolOptions::new().idle_timeout(None).max_lifetime(None)
}

/// The base of every pool of connections to a server. The relay lives as long as the pool.
fn postgres_pool(relay: Option<Relay>) -> PoolOptions<Postgres> {
    pool().acquire_timeout(ACQUIRE_LIMIT).after_connect(move |_, _| {
        let _kept = &relay;
        Box::pin(std::future::ready(Ok(())))
    })
}

/// URL and TLS files in the form that sqlx takes. The URL may contain a password, so no error repeats it.
fn postgres_options(url: &str, tls: &TlsConfig) -> Result<PgConnectOptions, StoreError> {
    let settings = |text: &str| StoreError::Settings(text.to_owned());
    let TlsConfig { ca_file, cert_file, key_file, server_name: _ } = tls;
    let mut options = PgConnectOptions::from_str(url)
        .map_err(|_| {
            settings("the Postgres URL must look like postgres://user:password@host:5432/database?sslmode=verify-full")
        })?
        .application_name("hoopoe")
        .disable_statement_logging();
    if let Some(ca) = readable("postgresTls.caFile", ca_file.as_deref())? {
        // A CA file without a check of the certificate is a mistake: only `verify-ca` and `verify-full` check it.
        options = match options.get_ssl_mode() {
            PgSslMode::Disable => {
                return Err(settings("postgresTls.caFile contradicts sslmode=disable in the Postgres URL"));
            }
            PgSslMode::VerifyCa => options,
            PgSslMode::Allow | PgSslMode::Prefer | PgSslMode::Require | PgSslMode::VerifyFull => {
                options.ssl_mode(PgSslMode::VerifyFull)
            }
        };
        options = options.ssl_root_cert(ca);
    }
    let cert = readable("postgresTls.certFile", cert_file.as_deref())?;
    let key = readable("postgresTls.keyFile", key_file.as_deref())?;
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(options.ssl_client_cert(cert).ssl_client_key(key)),
        (None, None) => Ok(options),
        (Some(_), None) => Err(settings("postgresTls.certFile needs postgresTls.keyFile")),
        (None, Some(_)) => Err(settings("postgresTls.keyFile needs postgresTls.certFile")),
    }
}

fn readable<'a>(field: &str, path: Option<&'a Path>) -> Result<Option<&'a Path>, StoreError> {
    let Some(path) = path else { return Ok(None) };
    match std::fs::File::open(path) {
        Ok(_) => Ok(Some(path)),
        Err(error) => Err(StoreError::Settings(format!("{field} {} cannot be read: {error}", path.display()))),
    }
}

/// Opens the one writing connection to a SQLite file, and creates the file. Readers and the embedded queue's own
/// connection can work beside it.
pub(super) async fn sqlite_writer(path: &Path) -> Result<DatabaseConnection, StoreError> {
    let pool = pool().max_connections(1).acquire_timeout(super::error::CALL_LIMIT);
    sqlite(pool, sqlite_file::options(path).create_if_missing(true).busy_timeout(BUSY_LIMIT)).await
}

/// Opens the readers of an existing SQLite file.
pub(super) async fn sqlite_readers(path: &Path, options: &StoreOptions) -> Result<DatabaseConnection, StoreError> {
    let pool = pool().max_connections(options.max_connections.max(1)).acquire_timeout(ACQUIRE_LIMIT);
    sqlite(pool, sqlite_file::options(path).pragma("query_only", "ON")).await
}

async fn sqlite(pool: PoolOptions<Sqlite>, options: SqliteConnectOptions) -> Result<DatabaseConnection, StoreError> {
    let pool = pool.test_before_acquire(false);
    let opened = sqlite_file::patiently(sqlite_file::is_busy, || pool.clone().connect_with(options.clone())).await;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(opened.map_err(from_sqlx)?))
}
