//! A database of its own for each test, Postgres or SQLite, and a check that every counter equals a recount.

use std::{path::PathBuf, sync::Arc, time::Duration};

use hoopoe::{
    notif::{Content, Json, Notification, Owner},
    store::{
        Committed, Feed, FeedQuery, Filter, Head, Mark, MarkState, Marked, Outcome, PostgresStore, Since, SqliteStore,
        Store, StoreOptions, migrate,
    },
    timestamp::Timestamp,
};
use hoopoe_crds::worker_config::TlsConfig;
use hoopoe_e2e::Postgres;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use uuid::Uuid;

use crate::store::announced::Takes;
use crate::testkit::{self, notification::owner};

/// An hour in the unit of the database, microseconds.
const HOUR: u64 = 3_600_000_000;

pub struct Db {
    pub store: Arc<dyn Store>,
    /// Direct access to what the trait does not show.
    pub raw: DatabaseConnection,
    pub place: Place,
}

pub enum Place {
    Postgres(String),
    Sqlite(PathBuf, #[allow(dead_code)] tempfile::TempDir),
}

/// Runs a test on both databases.
macro_rules! both {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let db = crate::store::db::Db::postgres().await;
                super::$name(&db).await;
                db.check_counters().await;
            })*
        }
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let db = crate::store::db::Db::sqlite().await;
                super::$name(&db).await;
                db.check_counters().await;
            })*
        }
    };
}
pub(crate) use both;

/// Connections without a pool's background task: see `service/src/store/connect.rs`.
pub async fn raw(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.idle_timeout(None).max_lifetime(None);
    Database::connect(options).await.unwrap()
}

pub fn options() -> StoreOptions {
    StoreOptions { retention: None, max_connections: 8 }
}

impl Db {
    pub async fn postgres() -> Self {
        let server = Postgres::shared().await.unwrap();
        let url = server.create_database(&format!("t{}", Uuid::new_v4().simple())).await.unwrap();
        Self::postgres_at(url).await
    }

    pub async fn postgres_at(url: String) -> Self {
        let tls = TlsConfig::default();
        migrate::up(migrate::Target::Postgres { url: &url, tls: &tls }).await.unwrap();
        let store = Arc::new(PostgresStore::connect(&url, &tls, options()).await.unwrap());
        let raw = raw(&url).await;
        Self { store, raw, place: Place::Postgres(url) }
    }

    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hoopoe.db");
        let store = Arc::new(SqliteStore::open(&path, options()).await.unwrap());
        let raw = raw(&format!("sqlite://{}", path.display())).await;
        Self { store, raw, place: Place::Sqlite(path, folder) }
    }

    /// A second store over the same database, as another process would have.
    pub async fn again(&self, options: StoreOptions) -> Arc<dyn Store> {
        match &self.place {
            Place::Postgres(url) => {
                Arc::new(PostgresStore::connect(url, &TlsConfig::default(), options).await.unwrap())
            }
            Place::Sqlite(path, _) => Arc::new(SqliteStore::open(path, options).await.unwrap()),
        }
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Postgres(_))
    }

    pub fn target(&self) -> (Option<&str>, Option<&PathBuf>) {
        match &self.place {
            Place::Postgres(url) => (Some(url), None),
            Place::Sqlite(path, _) => (None, Some(path)),
        }
    }

    pub async fn sql(&self, sql: &str) {
        self.raw.execute_unprepared(sql).await.unwrap();
    }

    pub async fn number(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.raw.get_database_backend(), sql);
        self.raw.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    pub async fn commit(&self, batch: &[Notification]) -> Committed {
        self.store.commit(batch, &Takes).await.unwrap()
    }

    pub async fn mark(&self, owner: &Owner, ids: &[Uuid], state: MarkState) -> Marked {
        self.store.mark(owner, &Mark::Ids { ids: ids.to_vec(), state }, &Takes).await.unwrap()
    }

    pub async fn mark_upto(&self, owner: &Owner, upto: &Head, state: MarkState) -> Marked {
        self.store.mark(owner, &Mark::UpTo { upto: upto.position(), state }, &Takes).await.unwrap()
    }

    pub async fn head(&self, owner: &Owner) -> Head {
        self.store.head(owner).await.unwrap().head
    }

    pub async fn newest(&self, owner: &Owner, limit: u32) -> Feed {
        let selection = Filter::Newest { before: None, unread: false, archived: false, kind: None };
        self.store.feed(owner, &FeedQuery { limit, selection }).await.unwrap()
    }

    pub async fn since(&self, owner: &Owner, since: Since, limit: u32) -> Feed {
        self.store.feed(owner, &FeedQuery { limit, selection: Filter::Changes(since) }).await.unwrap()
    }

    /// Moves every expiry an hour into the past.
    pub async fn hour_passes(&self) {
        self.sql(&format!("UPDATE notification SET expires_at = expires_at - {HOUR}")).await;
        self.sql(&format!("UPDATE owner_state SET next_due = next_due - {HOUR}")).await;
    }

    /// Every counter equals a recount, no two rows of an owner share a rev, and no rev is above its owner's.
    pub async fn check_counters(&self) {
        let visible =
            "n.archived_at IS NULL AND n.expired_at IS NULL AND n.snoozed_until IS NULL AND n.deleted_at IS NULL";
        let wrong = self
            .number(&format!(
                "SELECT count(*) FROM owner_state o WHERE \
                 o.unread <> (SELECT count(*) FROM notification n WHERE n.owner = o.owner AND n.read_at IS NULL AND \
                 n.unread_rev > o.read_upto AND {visible}) OR \
                 o.unseen <> (SELECT count(*) FROM notification n WHERE n.owner = o.owner AND n.seen_at IS NULL AND \
                 n.unseen_rev > o.seen_upto AND {visible}) OR \
                 o.rev < (SELECT coalesce(max(n.changed_rev), 0) FROM notification n WHERE n.owner = o.owner) OR \
                 coalesce(o.next_due, 9000000000000000000) > (SELECT coalesce(min(n.expires_at), 9000000000000000000) \
                 FROM notification n WHERE n.owner = o.owner AND n.expired_at IS NULL)"
            ))
            .await;
        assert_eq!(wrong, 0, "owners whose state is not what a recount gives");
        let shared = self
            .number(
                "SELECT count(*) FROM (SELECT owner FROM notification GROUP BY owner, changed_rev HAVING \
                 count(*) > 1) d",
            )
            .await;
        assert_eq!(shared, 0, "changed_rev shared by rows of one owner");
        let orphans = self
            .number(
                "SELECT count(*) FROM notification n WHERE NOT EXISTS (SELECT 1 FROM owner_state o WHERE o.owner = \
                     n.owner)",
            )
            .await;
        assert_eq!(orphans, 0, "rows without an owner's row");
    }
}

#[allow(clippy::needless_update, reason = "a new field of the content does not concern this")]
pub fn notification(to: &str, id: u128) -> Notification {
    let content = Content {
        kind: "order.shipped".to_owned(),
        actor: "shop".to_owned(),
        title: format!("Order {id}"),
        body: "It is on its way.".to_owned(),
        data: Some(Json::parse(format!("{{\"order\": {id}}}")).unwrap()),
        priority: 3,
        ..Content::default()
    };
    testkit::notification::notification(owner(to), Uuid::from_u128(id), content)
}

/// `count` notifications to one owner, with ids from 1.
pub fn notifications(to: &str, n: u128) -> Vec<Notification> {
    (1..=n).map(|id| notification(to, id)).collect()
}

pub fn ids(ids: impl IntoIterator<Item = u128>) -> Vec<Uuid> {
    ids.into_iter().map(Uuid::from_u128).collect()
}

/// Expires in half an hour: [`Db::hour_passes`] makes that past, and a slow machine does not.
pub fn in_a(time: Duration) -> Timestamp {
    Timestamp::now().plus(time)
}

pub fn stored(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Stored { .. })).count()
}
