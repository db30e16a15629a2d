//! How Postgres reads a page of a large inbox before it has statistics on it. Postgres writes the plans of our own
//! statements, on our own connections, to its log.

use hoopoe::store::{FeedQuery, Filter, MarkState, Since, StoreOptions};
use hoopoe_e2e::{Postgres, PostgresOptions};
use uuid::Uuid;

use crate::store::db::{Db, notification};
use crate::testkit::notification::owner;

const ROWS: u128 = 80_000;
/// Postgres plans a statement this many times for its actual values; after that, it may keep one plan for all values.
const PLANNED_EACH_TIME: usize = 5;

async fn server() -> Postgres {
    let settings = [
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_analyze", "on"),
        ("auto_explain.log_timing", "off"),
        // No autovacuum, so that no statistics appear during the test.
        ("autovacuum", "off"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Postgres::start(PostgresOptions { fsync: false, settings, ..PostgresOptions::default() }).await.unwrap()
}

/// The logged plans of the statements that contain this text.
fn plans<'a>(log: &'a str, text: &str) -> Vec<&'a str> {
    let plans = log.split("LOG:  duration:").skip(1);
    plans.filter(|plan| plan.contains(" plan:") && plan.contains(text)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_eighty_thousand_rows_is_read_by_its_index_before_any_analyze() {
    let server = server().await;
    let db = Db::postgres_at(server.url()).await;
    let batch: Vec<_> = (1..=ROWS).map(|id| notification("anna", id)).collect();
    for batch in batch.chunks(2_000) {
        db.commit(batch).await;
    }
    let anna = owner("anna");
    db.mark(&anna, &[Uuid::from_u128(ROWS - 1)], MarkState::Archived).await;
    let head = db.head(&anna).await;
    assert_eq!(head.rev, i64::try_from(ROWS).unwrap() + 1);
    let analysed = "SELECT count(*) FROM pg_stats WHERE tablename = 'notification'";
    assert_eq!(server.psql("postgres", analysed).await.unwrap(), "0");

    server.psql("postgres", "ALTER SYSTEM SET auto_explain.log_min_duration = 0").await.unwrap();
    server.psql("postgres", "SELECT pg_reload_conf()").await.unwrap();
    while server.psql("postgres", "SHOW auto_explain.log_min_duration").await.unwrap() != "0" {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // A new store with a single connection, which every statement uses.
    let store = db.again(StoreOptions { max_connections: 1, ..StoreOptions::default() }).await;
    let newest = |before: Option<i64>, unread: bool, archived: bool, kind: Option<&str>| Filter::Newest {
        before,
        unread,
        archived,
        kind: kind.map(str::to_owned),
    };
    let since = Since { position: hoopoe::store::Position { rev: head.rev - 500, ..head.position() }, after: None };
    let middle = head.rev / 2;
    let cases = [
        ("newest", newest(None, false, false, None), "notification_page"),
        ("newest before a cursor", newest(Some(middle), false, false, None), "notification_page"),
        ("newest unread", newest(None, true, false, None), "notification_page"),
        ("newest of a kind", newest(None, false, false, Some("order.shipped")), "notification_page"),
        ("changes", Filter::Changes(since), "notification_changes"),
    ];
    for (what, selection, index) in cases {
        let start = server.log().unwrap().len();
        for _ in 0..2 * PLANNED_EACH_TIME + 1 {
            let feed = store.feed(&anna, &FeedQuery { limit: 20, selection: selection.clone() }).await.unwrap();
            assert_eq!((feed.items.len(), feed.more, feed.reset), (20, true, false), "{what}");
        }
        let log = server.log().unwrap();
        let plans = plans(&log[start..], "LEFT JOIN owner_state o");
        assert_eq!(plans.len(), 2 * PLANNED_EACH_TIME + 1, "{what}: {}", &log[start..]);
        for plan in &plans {
            let scan = plan.lines().find(|line| line.contains(&format!("using {index} ")));
            assert!(scan.is_some_and(|scan| scan.contains("rows=21 ")), "{what}: {plan}");
            for word in ["Sort", "Bitmap", "Seq Scan on notification", "JIT"] {
                assert!(!plan.contains(word), "{what}: {word} in {plan}");
            }
        }
    }
}
