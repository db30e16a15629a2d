//! A database that is away, frozen, or locked by another process.

use std::time::{Duration, Instant};

use hoopoe::store::{PostgresStore, StoreError, migrate};
use hoopoe_crds::worker_config::TlsConfig;
use hoopoe_e2e::{Postgres, PostgresOptions};

use super::{
    announced::Takes,
    db::{Db, notification, notifications, options, stored},
};
use crate::testkit::notification::owner;

fn is_unavailable<T: std::fmt::Debug>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unavailable(_)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_killed_in_the_middle_of_load() {
    let server = Postgres::start(PostgresOptions::default()).await.unwrap();
    let db = Db::postgres_at(server.url()).await;
    let store = db.store.clone();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (progress, mut batches) = tokio::sync::watch::channel(0);
    let load = tokio::spawn({
        let stop = stop.clone();
        async move {
            let (mut acknowledged, mut failures) = (0_u128, 0);
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                // Repeats the same batch until it is committed, as a redelivery does.
                let batch: Vec<_> =
                    (0..20).map(|i| notification(&format!("o{}", i % 7), acknowledged * 20 + i)).collect();
                match store.commit(&batch, &Takes).await {
                    Ok(_) => {
                        acknowledged += 1;
                        progress.send_replace(acknowledged);
                    }
                    Err(StoreError::Unavailable(_)) => {
                        failures += 1;
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            (acknowledged, failures)
        }
    });
    for _ in 0..2 {
        let before = *batches.borrow();
        batches.wait_for(|batches| *batches > before + 7).await.unwrap();
        server.kill9().await.unwrap();
        let started = Instant::now();
        assert!(is_unavailable(&db.store.head(&owner("o1")).await));
        assert!(is_unavailable(&db.store.pulse().await));
        assert!(started.elapsed() < Duration::from_secs(14), "{:?}", started.elapsed());
        server.restart().await.unwrap();
    }
    batches.wait_for(|batches| *batches > 20).await.unwrap();
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let (acknowledged, failures) = load.await.unwrap();
    assert!(acknowledged > 20 && failures > 0, "{acknowledged} batches, {failures} failures");
    let raw = crate::store::db::raw(&server.url()).await;
    let db = Db { raw, ..db };
    let rows = db.number("SELECT count(*) FROM notification").await;
    assert_eq!(rows, i64::try_from(acknowledged * 20).unwrap());
    assert_eq!(db.number("SELECT sum(unread)::bigint FROM owner_state").await, rows);
    db.check_counters().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_postgres_is_unavailable_and_then_goes_on() {
    let server = Postgres::start(PostgresOptions::default()).await.unwrap();
    let db = Db::postgres_at(server.url()).await;
    db.commit(&notifications("anna", 1)).await;
    server.pause().unwrap();
    let started = Instant::now();
    let batch = [notification("anna", 2)];
    let anna = owner("anna");
    let (commit, head) = tokio::join!(db.store.commit(&batch, &Takes), db.store.head(&anna));
    assert!(is_unavailable(&commit) && is_unavailable(&head), "{commit:?} {head:?}");
    assert!(started.elapsed() < Duration::from_secs(17), "{:?}", started.elapsed());
    server.resume().unwrap();
    assert_eq!(stored(&db.commit(&[notification("anna", 2), notification("anna", 3)]).await.outcomes), 2);
    db.check_counters().await;
}

/// A worker is frozen inside its transaction. Other workers get an error within the time limit of a call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_held_is_unavailable() {
    use sea_orm::{ConnectionTrait, TransactionTrait};

    let db = Db::postgres().await;
    db.commit(&notifications("anna", 1)).await;
    let tx = db.raw.begin().await.unwrap();
    tx.execute_unprepared("SELECT 1 FROM owner_state WHERE owner = 'anna' FOR UPDATE").await.unwrap();
    let started = Instant::now();
    let result = db.store.commit(&[notification("anna", 2)], &Takes).await;
    assert!(is_unavailable(&result), "{result:?}");
    assert!(started.elapsed() < Duration::from_secs(12));
    assert_eq!(db.head(&owner("anna")).await.rev, 1, "reads still work");
    tx.rollback().await.unwrap();
    assert_eq!(stored(&db.commit(&[notification("anna", 2)]).await.outcomes), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connecting_says_what_is_wrong() {
    let tls = TlsConfig::default();
    let connect =
        |url: String, tls: TlsConfig| async move { PostgresStore::connect(&url, &tls, options()).await.map(|_| ()) };
    let port = hoopoe_e2e::free_port().unwrap();
    let started = Instant::now();
    let nobody = connect(format!("postgres://u:topsecret@127.0.0.1:{port}/d"), tls.clone()).await;
    assert!(is_unavailable(&nobody), "{nobody:?}");
    assert!(started.elapsed() < Duration::from_secs(8));

    let server = Postgres::shared().await.unwrap();
    let url = server.create_database("wrong_settings").await.unwrap();
    let wrong = connect(url.replace("secret", "topsecret"), tls.clone()).await;
    assert!(is_unavailable(&wrong), "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("topsecret"));
    let missing = connect(server.url_of("no_such_database"), tls.clone()).await;
    assert!(is_unavailable(&missing), "{missing:?}");
    let empty = connect(url.clone(), tls.clone()).await;
    assert!(matches!(&empty, Err(StoreError::Schema(text)) if text.contains("hoopoe migrate up")), "{empty:?}");

    let file = |path: &str| Some(std::path::PathBuf::from(path));
    let named = |name: &str| TlsConfig { server_name: Some(name.to_owned()), ..tls.clone() };
    for (url, tls, word) in [
        ("not a url with topsecret", tls.clone(), "postgres://"),
        (url.as_str(), named("not a name"), "serverName not a name is not a DNS name"),
        ("postgres://u:topsecret@%2Frun%2Fpostgres/d", named("db"), "serverName db needs a host"),
        (&format!("{url}?sslmode=disable"), named("db"), "serverName db contradicts sslmode=disable"),
        (url.as_str(), TlsConfig { ca_file: file("/no/such/ca.pem"), ..tls.clone() }, "/no/such/ca.pem"),
        (url.as_str(), TlsConfig { cert_file: file("/dev/null"), ..tls.clone() }, "keyFile"),
        (&format!("{url}?sslmode=disable"), TlsConfig { ca_file: file("/dev/null"), ..tls.clone() }, "sslmode=disable"),
    ] {
        let error = connect(url.to_owned(), tls).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(matches!(error, StoreError::Settings(_)) && text.contains(word), "{text}");
        assert!(!text.contains("topsecret"), "{text}");
    }
    let target = migrate::Target::Postgres { url: &format!("postgres://u@127.0.0.1:{port}/d"), tls: &tls };
    assert!(is_unavailable(&migrate::up(target).await));
}
