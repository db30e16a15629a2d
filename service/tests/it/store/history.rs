//! Forks of the history, and epochs.

use std::time::Duration;

use hoopoe::store::{Mark, MarkState, Outcome, StoreError, migrate};
use hoopoe_crds::worker_config::TlsConfig;

use super::{
    announced::{Keeps, Takes},
    db::{Db, both, ids, in_a, notification, notifications},
};
use crate::testkit::notification::owner;

both! {
    a_new_epoch_by_command
    the_clock_is_the_databases
}

async fn a_new_epoch_by_command(db: &Db) {
    db.commit(&notifications("anna", 2)).await;
    let old = db.head(&owner("anna")).await;
    let before = db.store.pulse().await.unwrap();
    let tls = TlsConfig::default();
    let target = match db.target() {
        (Some(url), _) => migrate::Target::Postgres { url, tls: &tls },
        (_, Some(path)) => migrate::Target::Sqlite(path),
        (None, None) => unreachable!(),
    };
    let epoch = migrate::new_epoch(target).await.unwrap();
    let after = db.store.pulse().await.unwrap();
    assert!(epoch > before.epoch && after.epoch == epoch && after.generation > before.generation);
    assert!(migrate::new_epoch(target).await.unwrap() > epoch, "also within one second");
    let mark = Mark::UpTo { upto: old.position(), state: MarkState::Read };
    let refused = db.store.mark(&owner("anna"), &mark, &Takes).await;
    assert!(matches!(refused, Err(StoreError::OtherEpoch(_))), "{refused:?}");
    assert!(db.head(&owner("anna")).await.position() > old.position());
}

async fn the_clock_is_the_databases(db: &Db) {
    let pulse = db.store.pulse().await.unwrap();
    assert!(pulse.clock.micros().abs_diff(in_a(Duration::from_mins(0)).micros()) < 1_000_000);
}

/// As after a promotion or a restore: the server's identity differs from the one in the row.
async fn fork(db: &Db) {
    db.sql("UPDATE store SET timeline = '000000FF'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_raises_the_epoch_before_any_rev_is_given_out() {
    let db = Db::postgres().await;
    let mut batch = notifications("anna", 3);
    batch[2].expires_at = Some(in_a(Duration::from_mins(30)));
    db.commit(&batch).await;
    let mut epoch = db.store.pulse().await.unwrap().epoch;
    let mut raised = |now: i64| {
        assert!(now > epoch, "{now} after {epoch}");
        epoch = now;
    };

    fork(&db).await;
    raised(db.store.pulse().await.unwrap().epoch);
    fork(&db).await;
    let keeps = Keeps::default();
    let committed = db.store.commit(&[notification("anna", 4)], &keeps).await.unwrap();
    assert_eq!(committed.outcomes, [Outcome::Stored { rev: 4 }]);
    raised(committed.changes[0].head.head.epoch.store);
    assert_eq!(keeps.take().len(), 1, "only the committed batch was announced");

    // It is committed one by one, because it holds a repeat.
    fork(&db).await;
    let committed = db.commit(&[notification("anna", 4), notification("anna", 5)]).await;
    assert_eq!(committed.outcomes, [Outcome::Repeat, Outcome::Stored { rev: 5 }]);
    raised(committed.changes[0].head.head.epoch.store);
    fork(&db).await;
    raised(db.mark(&owner("anna"), &ids([1]), MarkState::Read).await.head.head.epoch.store);
    fork(&db).await;
    db.hour_passes().await;
    raised(db.store.run_due(&owner("anna"), &Takes).await.unwrap().unwrap().head.head.epoch.store);

    db.sql("UPDATE store SET system_identifier = '1'").await;
    let (a, b) = tokio::join!(db.store.pulse(), db.store.pulse());
    raised(a.unwrap().epoch);
    assert_eq!(b.unwrap().epoch, epoch, "raised once");
    assert_eq!(db.store.pulse().await.unwrap().epoch, epoch);
    db.check_counters().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_role_may_do_all_of_it() {
    let server = hoopoe_e2e::Postgres::shared().await.unwrap();
    let name = format!("plain{}", uuid::Uuid::new_v4().simple());
    let sql = format!("CREATE ROLE {name} LOGIN PASSWORD 'secret'");
    server.psql("postgres", &sql).await.unwrap();
    let sql = format!("CREATE DATABASE {name} OWNER {name}");
    server.psql("postgres", &sql).await.unwrap();
    let db = Db::postgres_at(format!("postgres://{name}:secret@127.0.0.1:{}/{name}", server.port())).await;
    db.commit(&notifications("anna", 2)).await;
    fork(&db).await;
    assert!(db.store.pulse().await.unwrap().epoch > 1);
}
