//! The file survives whatever happens to the process.

use std::{io::BufRead, process::Stdio, sync::Arc};

use hoopoe::store::{SqliteStore, Store};

use super::{
    announced::Takes,
    db::{Db, notification, options},
};
use crate::testkit::notification::owner;

const FILE: &str = "HOOPOE_TEST_SQLITE_FILE";

/// Not a test of its own: the test below starts it as a process. It commits until it is killed, and prints what was
/// committed.
#[tokio::test]
async fn child_that_commits() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let store = SqliteStore::open(path.as_ref(), options()).await.unwrap();
    for id in 0.. {
        store.commit(&[notification("anna", id)], &Takes).await.unwrap();
        println!("committed {id}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_committed_survives_kill_9() {
    let db = Db::sqlite().await;
    let path = db.target().1.unwrap().clone();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::sqlite_file::child_that_commits", "--nocapture"])
        .env(FILE, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut committed = 0;
    for line in std::io::BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some((_, id)) = line.split_once("committed ") {
            committed = id.parse().unwrap();
        }
        if committed == 50 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(committed >= 50);
    let head = db.head(&owner("anna")).await;
    assert!(head.unread > committed, "{} of {}", head.unread, committed + 1);
    db.check_counters().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_connection_writes_beside_it() {
    let db = Db::sqlite().await;
    db.sql("CREATE TABLE embedded_queue (n INTEGER PRIMARY KEY)").await;
    let store: Arc<dyn Store> = db.store.clone();
    let commits = tokio::spawn(async move {
        for id in 0..200 {
            store.commit(&[notification("anna", id)], &Takes).await.unwrap();
        }
    });
    for n in 0..200 {
        db.sql(&format!("INSERT INTO embedded_queue VALUES ({n})")).await;
        db.newest(&owner("anna"), 5).await;
    }
    commits.await.unwrap();
    assert_eq!(db.head(&owner("anna")).await.unread, 200);
    assert_eq!(db.number("SELECT count(*) FROM embedded_queue").await, 200);
    db.check_counters().await;
}
