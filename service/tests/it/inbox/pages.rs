//! First pages: served from the caches, cut to the size asked for, and correct to the second.

use std::time::Duration;

use hoopoe::{inbox::FirstPage, notif::Owner, timestamp::Timestamp};
use hoopoe_crds::{duration::Span, worker_config::CacheConfig};

use crate::inbox::kit::{Kit, Process, both, notification};
use crate::testkit::{notification::owner, wait::until};

both! {
    a_page_is_cut_as_asked_and_grows_without_the_database
    a_page_of_large_items_is_bounded_by_bytes
    what_expires_is_gone_to_the_second_from_cached_pages_too
}

async fn page(process: &Process, who: &Owner, limit: u32) -> (FirstPage, Vec<i64>) {
    let page = process.reader.first_page(who, limit, None).await.unwrap().value;
    let items: Vec<serde_json::Value> =
        serde_json::from_slice(&[b"[".as_slice(), &page.items, b"]".as_slice()].concat()).unwrap();
    let revs = items.iter().map(|item| item["rev"].as_i64().unwrap()).collect();
    (page, revs)
}

async fn a_page_is_cut_as_asked_and_grows_without_the_database(mut kit: Kit) {
    kit.config = CacheConfig { ttl: Span::from_secs(600), head_items: 5 };
    let process = kit.process().await;
    let who = owner("a");
    assert_eq!(page(&process, &who, 5).await.1, Vec::<i64>::new());
    for _ in 0..4 {
        process.send(&who).await;
    }
    let (first, revs) = page(&process, &who, 3).await;
    assert_eq!((revs, first.next), (vec![4, 3, 2], Some(2)));
    let (first, revs) = page(&process, &who, 4).await;
    assert_eq!((revs, first.next), (vec![4, 3, 2, 1], None));
    assert_eq!(page(&process, &who, 200).await.1, [4, 3, 2, 1]);

    // Each commit extends the page in Redis, so a reader in another process needs no database.
    let other = kit.process().await;
    for rev in 5..9 {
        process.send(&who).await;
        // The wake-up takes a moment. A reader that missed it would never get there.
        until("the commit is seen", async || other.rev(&who).await == rev).await;
        let (first, revs) = page(&other, &who, 5).await;
        let expected: Vec<i64> = (1..=rev).rev().take(5).collect();
        assert_eq!((revs, first.head.head), (expected, process.truth(&who).await));
        assert_eq!(first.next, (rev > 5).then_some(rev - 4));
    }
    assert_eq!(other.store.reads(), 0);
    // A longer page than the cache keeps comes from the database.
    let (first, revs) = page(&other, &who, 7).await;
    assert_eq!((revs, first.next), (vec![8, 7, 6, 5, 4, 3, 2], Some(2)));
    assert_eq!(other.store.reads(), 1);
}

async fn a_page_of_large_items_is_bounded_by_bytes(kit: Kit) {
    let process = kit.process().await;
    let who = owner("a");
    let mut batch: Vec<_> = (0..30).map(|_| notification(&who)).collect();
    for notification in &mut batch {
        notification.content.body = "x".repeat(30_000);
    }
    process.writer.commit(&batch).await.unwrap();
    let (first, revs) = page(&process, &who, 30).await;
    assert_eq!((revs.len(), first.next), (30, None));
    // A cache that is slow to answer is left out, and filled by a later read.
    let cache = process.cache.as_ref().unwrap();
    let kept = async || {
        page(&process, &who, 30).await;
        cache.open(&who, true).await.is_ok_and(|opened| opened.page.is_some())
    };
    until("the page is kept", kept).await;
    let kept = cache.open(&who, true).await.unwrap().page.unwrap();
    let length = kept.lines.len();
    assert!((200_000..=262_144).contains(&length), "{length}");
    let (first, revs) = page(&process, &who, 3).await;
    assert_eq!((revs, first.next), (vec![30, 29, 28], Some(28)));
}

async fn what_expires_is_gone_to_the_second_from_cached_pages_too(kit: Kit) {
    let (process, other) = (kit.process().await, kit.process().await);
    let who = owner("a");
    process.send(&who).await;
    let mut short = notification(&who);
    let expires_at = Timestamp::now().plus(Duration::from_secs(5));
    short.expires_at = Some(expires_at);
    process.writer.commit(&[short]).await.unwrap();
    for process in [&process, &other] {
        assert_eq!(page(process, &who, 20).await.1, [2, 1]);
        assert_eq!(process.head(&who).await.head.unread, 2);
    }
    loop {
        let before = Timestamp::now();
        let seen = page(&other, &who, 20).await.1;
        let after = Timestamp::now();
        // Both clocks are of the same machine, so the difference is the time of a read.
        if seen == [2, 1] {
            assert!(
                before <= expires_at.plus(Duration::from_millis(100)),
                "shown {:?} too long",
                before.since(expires_at)
            );
        } else {
            assert_eq!(seen, [1]);
            assert!(after >= expires_at);
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let truth = process.truth(&who).await;
    assert_eq!((truth.unread, truth.next_due), (1, None));
    until("the other process", async || process.head(&who).await.head == truth).await;
    assert_eq!(page(&process, &who, 20).await.1, [1]);
}
