//! Redis returns with old data from its disk while no worker runs, so no worker saw a broken connection or the old
//! fence.

use std::time::{Duration, Instant};

use hoopoe::{cache::Cache, notif::Owner, store::Store};
use hoopoe_e2e::{Folder, RedisOptions};

use crate::inbox::kit::Kit;
use crate::testkit::{notification::owner, wait::until};

fn owners() -> Vec<Owner> {
    (0..8).map(|number| owner(&format!("o{number}"))).collect()
}

fn head_key(store: &dyn Store, owner: &Owner) -> String {
    format!("hoopoe:{}:head:{owner}", store.store_id())
}

async fn noted_run(kit: &Kit, store: &dyn Store) -> String {
    kit.redis().cli(&["hget", &format!("hoopoe:{}:fence", store.store_id()), "run"]).await.unwrap()
}

async fn own_run(kit: &Kit) -> String {
    let info = kit.redis().cli(&["info", "server"]).await.unwrap();
    let run = info.lines().find_map(|line| line.trim().strip_prefix("run_id:")).unwrap();
    run.to_owned()
}

/// Stops every worker, kills Redis, and starts it with the state that it saved before the last writes.
async fn lose_power(kit: &Kit, store: &dyn Store) {
    let (writer, reader) = (kit.process().await, kit.process().await);
    for who in &owners() {
        writer.send(who).await;
        until("seen", async || reader.rev(who).await == 1).await;
    }
    kit.redis().cli(&["save"]).await.unwrap();
    for who in &owners() {
        writer.send(who).await;
        until("seen", async || reader.rev(who).await == 2).await;
    }
    let generation = store.pulse().await.unwrap().generation;
    drop((writer, reader));
    // The workers stop first: one that is still connected would notice the break.
    let alone = async || {
        let clients = kit.redis().cli(&["client", "list"]).await.unwrap();
        clients.lines().all(|line| line.contains("cmd=client"))
    };
    until("all workers are gone", alone).await;
    kit.redis().kill9().await.unwrap();
    kit.redis().restart().await.unwrap();
    for who in &owners() {
        let old = kit.redis().cli(&["hget", &head_key(store, who), "h"]).await.unwrap();
        assert!(old.contains("\"rev\":1"), "the old head is there: {old}");
    }
    assert_eq!(store.pulse().await.unwrap().generation, generation, "no process noticed the restart");
}

/// All workers start at the same time. Once they have the pulse after the raise, no reader shows the old data from
/// Redis, and it stays so.
async fn start_workers(kit: &Kit, store: &dyn Store) {
    let before = store.pulse().await.unwrap().generation;
    let (one, other) = tokio::join!(kit.process(), kit.process());
    until("raised", async || store.pulse().await.unwrap().generation > before).await;
    for process in [&one, &other] {
        let right = async || {
            let revs = owners().into_iter().map(async |who| process.rev(&who).await);
            futures::future::join_all(revs).await.iter().all(|rev| *rev == 2)
        };
        process.within_pulses(1, "right", right).await;
    }
    let (right, mut polls) = (Instant::now(), 0_u32);
    while right.elapsed() < Duration::from_secs(2) || polls <= 100 {
        for who in &owners() {
            for process in [&one, &other] {
                assert_eq!(process.rev(who).await, 2, "{who} after {:?}", right.elapsed());
                polls += 1;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // After that, the cache is used again.
    let reads = one.store.reads() + other.store.reads();
    for who in &owners() {
        assert_eq!((one.rev(who).await, other.rev(who).await), (2, 2));
    }
    assert_eq!(one.store.reads() + other.store.reads(), reads);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_with_old_data_that_all_workers_meet_at_once_shows_no_old_inbox() {
    let kit = Kit::new().await;
    let store = kit.store().await;
    lose_power(&kit, store.inner.as_ref()).await;
    assert_ne!(noted_run(&kit, store.inner.as_ref()).await, own_run(&kit).await);
    start_workers(&kit, store.inner.as_ref()).await;
    // The new run was recorded with the raise, so a later process raises nothing.
    assert_eq!(noted_run(&kit, store.inner.as_ref()).await, own_run(&kit).await);
    let generation = store.inner.pulse().await.unwrap().generation;
    let late = kit.process().await;
    let cache = late.cache.clone().unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((cache.breaks(), store.inner.pulse().await.unwrap().generation), (0, generation));
}

/// A process that dies after it found the new run and before it raised leaves that to the next process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_run_is_not_noted_before_the_raise_is_committed() {
    let kit = Kit::new().await;
    let store = kit.store().await;
    lose_power(&kit, store.inner.as_ref()).await;
    // It connects, but has no writer that would raise the generation.
    let found = kit.redis_cache(&kit.redis().url(), store.inner.store_id()).await;
    assert_eq!(found.breaks(), 1);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    found.covered(0);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_ne!(noted_run(&kit, store.inner.as_ref()).await, own_run(&kit).await, "the new run is not recorded yet");
    drop(found);
    start_workers(&kit, store.inner.as_ref()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_info_is_forbidden_every_connection_counts_as_a_break() {
    let folder = Folder::new().unwrap();
    let list = folder.path().join("users.acl");
    std::fs::write(&list, "user default on nopass ~* &* +@all -info\n").unwrap();
    let settings = vec![("aclfile".to_owned(), list.display().to_string())];
    let kit = Kit::with_redis(RedisOptions { settings, ..RedisOptions::default() }).await;
    let refused = kit.redis().cli(&["info", "server"]).await.unwrap_err().to_string();
    assert!(refused.contains("NOPERM"), "{refused}");
    let store = kit.store().await;
    lose_power(&kit, store.inner.as_ref()).await;
    start_workers(&kit, store.inner.as_ref()).await;
    let late = kit.redis_cache(&kit.redis().url(), store.inner.store_id()).await;
    assert!(late.is_up());
    assert_eq!(late.breaks(), 1);
}
