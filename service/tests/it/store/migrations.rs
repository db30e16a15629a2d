//! `hoopoe migrate`.

use hoopoe::store::{
    PostgresStore, SqliteStore, StoreError,
    migrate::{self, Standing, Target},
};
use hoopoe_crds::worker_config::TlsConfig;
use tokio::task::JoinSet;

use crate::store::db::{Db, both, notifications, options};
use crate::testkit::notification::owner;

both! {
    up_again_does_nothing
    down_and_up_and_fresh
    a_newer_schema
}

const NO_TLS: TlsConfig = TlsConfig { ca_file: None, cert_file: None, key_file: None, server_name: None };

fn target(db: &Db) -> Target<'_> {
    match db.target() {
        (Some(url), _) => Target::Postgres { url, tls: &NO_TLS },
        (_, Some(path)) => Target::Sqlite(path),
        (None, None) => unreachable!(),
    }
}

/// A store that opens new connections.
async fn connect(db: &Db) -> Result<(), StoreError> {
    match db.target() {
        (Some(url), _) => PostgresStore::connect(url, &NO_TLS, options()).await.map(|_| ()),
        (_, Some(path)) => SqliteStore::open(path, options()).await.map(|_| ()),
        (None, None) => unreachable!(),
    }
}

async fn up_again_does_nothing(db: &Db) {
    db.commit(&notifications("anna", 2)).await;
    assert!(migrate::up(target(db)).await.unwrap().is_empty());
    let states = migrate::status(target(db)).await.unwrap();
    assert!(!states.is_empty() && states.iter().all(|state| state.standing == Standing::Applied), "{states:?}");
    assert_eq!(db.head(&owner("anna")).await.unread, 2);
}

async fn down_and_up_and_fresh(db: &Db) {
    db.commit(&notifications("anna", 2)).await;
    let old = db.again(options()).await.store_id();
    assert_eq!(migrate::down(target(db)).await.unwrap().as_deref(), Some("m0001_inbox"));
    assert_eq!(migrate::down(target(db)).await.unwrap(), None);
    assert_eq!(migrate::status(target(db)).await.unwrap()[0].standing, Standing::Pending);
    if db.is_postgres() {
        let error = connect(db).await.unwrap_err();
        assert!(matches!(&error, StoreError::Schema(text) if text.contains("migrate up")), "{error:?}");
    }
    assert_eq!(migrate::up(target(db)).await.unwrap(), ["m0001_inbox"]);
    let new = db.again(options()).await;
    assert_ne!(new.store_id(), old);
    new.commit(&notifications("anna", 3), &crate::store::announced::Takes).await.unwrap();
    assert_eq!(migrate::fresh(target(db)).await.unwrap(), ["m0001_inbox"]);
    assert_eq!(db.number("SELECT count(*) FROM notification").await, 0);
}

async fn a_newer_schema(db: &Db) {
    db.sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m0099_future', 1)").await;
    db.sql("UPDATE store SET schema_version = 99, min_reader = 1").await;
    assert!(migrate::up(target(db)).await.unwrap().is_empty());
    connect(db).await.unwrap();
    let states = migrate::status(target(db)).await.unwrap();
    assert_eq!(
        states.last().map(|state| (state.name.as_str(), state.standing)),
        Some(("m0099_future", Standing::Unknown))
    );
    let error = migrate::down(target(db)).await.unwrap_err();
    assert!(matches!(&error, StoreError::Schema(text) if text.contains("m0099_future")), "{error:?}");

    db.sql("UPDATE store SET min_reader = 99").await;
    for error in [migrate::up(target(db)).await.unwrap_err(), connect(db).await.unwrap_err()] {
        assert!(matches!(&error, StoreError::Schema(text) if text.contains("99")), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn up_by_eight_at_once() {
    let server = hoopoe_e2e::Postgres::shared().await.unwrap();
    let url = server.create_database(&format!("m{}", uuid::Uuid::new_v4().simple())).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        tasks.spawn(async move { migrate::up(Target::Postgres { url: &url, tls: &NO_TLS }).await.unwrap().len() });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 1, "one of them did it");

    let folder = tempfile::tempdir().unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let path = folder.path().join("hoopoe.db");
        tasks.spawn(async move { migrate::up(Target::Sqlite(&path)).await.unwrap().len() });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 1, "one of them did it");
}

/// Locks are taken in the order of the owners' bytes, so the database must sort them like that too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_sort_by_bytes() {
    let db = Db::postgres().await;
    let mut names: Vec<String> =
        ["b", "a", "B", "_", "a b", "ab", "é", "\u{1F426}", "e\u{301}", "Z", "-"].map(str::to_owned).to_vec();
    let batch: Vec<_> = names.iter().flat_map(|name| notifications(name, 1)).collect();
    db.commit(&batch).await;
    names.sort();
    let sorted: String = {
        use sea_orm::{ConnectionTrait, Statement};
        let sql = "SELECT string_agg(owner, '|' ORDER BY owner) FROM owner_state";
        let statement = Statement::from_string(db.raw.get_database_backend(), sql);
        db.raw.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    };
    assert_eq!(sorted, names.join("|"));
}
