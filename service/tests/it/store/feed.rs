use std::time::Duration;

use hoopoe::store::{FeedQuery, Filter, MarkState, Position, Since};

use crate::store::db::{Db, both, ids, in_a, notification, notifications};
use crate::testkit::notification::owner;

both! {
    pages_newest_first
    filters
    expired_is_left_out_at_once
    since_tells_of_every_change
    since_that_cannot_be_continued_is_a_reset
    windows
    an_owner_without_rows
}

fn revs(feed: &hoopoe::store::Feed) -> Vec<i64> {
    feed.items.iter().map(|item| item.rev).collect()
}

async fn pages_newest_first(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 5)).await;
    db.commit(&notifications("annabel", 5)).await;
    let mut before = None;
    let mut pages = Vec::new();
    loop {
        let selection = Filter::Newest { before, unread: false, archived: false, kind: None };
        let feed = db.store.feed(&anna, &FeedQuery { limit: 2, selection }).await.unwrap();
        assert_eq!((feed.head.head.rev, feed.complete_to, feed.reset), (5, None, false));
        pages.push(revs(&feed));
        before = feed.items.last().map(|item| item.rev);
        if !feed.more {
            break;
        }
    }
    assert_eq!(pages, [vec![5, 4], vec![3, 2], vec![1]]);
    assert!(!db.newest(&anna, 5).await.more);
}

async fn filters(db: &Db) {
    let anna = owner("anna");
    let mut batch = notifications("anna", 6);
    batch[1].content.kind = "invoice".to_owned();
    batch[3].content.kind = "invoice".to_owned();
    db.commit(&batch).await;
    db.mark(&anna, &ids([4, 5]), MarkState::Read).await;
    let feed = async |unread, kind: Option<&str>| {
        let selection = Filter::Newest { before: None, unread, archived: false, kind: kind.map(str::to_owned) };
        revs(&db.store.feed(&anna, &FeedQuery { limit: 10, selection }).await.unwrap())
    };
    assert_eq!(feed(true, None).await, [6, 3, 2, 1]);
    assert_eq!(feed(false, Some("invoice")).await, [4, 2]);
    assert_eq!(feed(true, Some("invoice")).await, [2]);
    assert!(feed(false, Some("invoic_")).await.is_empty());
    let head = db.head(&anna).await;
    db.mark_upto(&anna, &head, MarkState::Read).await;
    assert!(feed(true, None).await.is_empty());
}

async fn expired_is_left_out_at_once(db: &Db) {
    let anna = owner("anna");
    let mut batch = notifications("anna", 3);
    batch[1].expires_at = Some(in_a(Duration::from_mins(30)));
    db.commit(&batch).await;
    assert_eq!(revs(&db.newest(&anna, 10).await), [3, 2, 1]);
    db.hour_passes().await;
    assert_eq!(revs(&db.newest(&anna, 10).await), [3, 1]);
    let window = db.store.window(&anna, 0, 10, false).await.unwrap();
    assert_eq!((window.total, window.items.len()), (2, 2));
    assert_eq!(db.head(&anna).await.unread, 3, "the expiry has not run yet");
}

async fn since_tells_of_every_change(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 5)).await;
    let position = db.head(&anna).await.position();
    db.mark(&anna, &ids([1]), MarkState::Archived).await;
    db.commit(&[notification("anna", 6)]).await;
    db.mark(&anna, &ids([2, 4]), MarkState::Read).await;
    let first = db.since(&anna, Since { position, after: None }, 3).await;
    let changed: Vec<_> = first.items.iter().map(|item| (item.id.as_u128(), item.changed_rev)).collect();
    assert_eq!(changed, [(1, 6), (6, 7), (2, 8)]);
    assert!(first.items[0].archived_at.is_some());
    assert_eq!((first.more, first.complete_to, first.reset), (true, Some(8), false));
    let next = db.since(&anna, Since { position, after: Some(8) }, 3).await;
    assert_eq!(next.items.iter().map(|item| item.id.as_u128()).collect::<Vec<_>>(), [4]);
    assert_eq!((next.more, next.complete_to), (false, Some(9)));
    let none = db.since(&anna, Since { position: next.head.head.position(), after: None }, 3).await;
    assert!(none.items.is_empty() && !none.reset);
    // Only the head changes: there is nothing to list, but the rev rises.
    let head = db.mark_upto(&anna, &next.head.head, MarkState::Read).await.head.head;
    let none = db.since(&anna, Since { position: next.head.head.position(), after: None }, 3).await;
    assert_eq!((none.items.len(), none.complete_to), (0, Some(head.rev)));
}

async fn since_that_cannot_be_continued_is_a_reset(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 3)).await;
    let here = db.head(&anna).await.position();
    let mut other_owner_epoch = here;
    other_owner_epoch.epoch.owner -= 1;
    let mut other_store_epoch = here;
    other_store_epoch.epoch.store += 1;
    let above = Position { rev: 4, ..here };
    for position in [other_owner_epoch, other_store_epoch, above] {
        let feed = db.since(&anna, Since { position, after: None }, 2).await;
        assert_eq!((feed.reset, revs(&feed), feed.more), (true, vec![3, 2], true), "{position}");
    }
    let feed = db.since(&anna, Since { position: here, after: Some(99) }, 2).await;
    assert!(feed.reset, "a cursor from elsewhere");
    db.sql("UPDATE owner_state SET floor_rev = 2").await;
    assert!(db.since(&anna, Since { position: Position { rev: 1, ..here }, after: None }, 2).await.reset);
    assert!(!db.since(&anna, Since { position: Position { rev: 2, ..here }, after: None }, 2).await.reset);
}

async fn windows(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 25)).await;
    db.mark(&anna, &ids(20..=24), MarkState::Read).await;
    db.mark(&anna, &ids([25]), MarkState::Archived).await;
    let window = db.store.window(&anna, 3, 8, false).await.unwrap();
    assert_eq!(window.items.iter().map(|item| item.rev).collect::<Vec<_>>(), [21, 20, 19, 18, 17]);
    assert_eq!((window.total, window.head.head.unread), (24, 19));
    let window = db.store.window(&anna, 0, 2, true).await.unwrap();
    assert_eq!(window.items.iter().map(|item| item.rev).collect::<Vec<_>>(), [19, 18]);
    assert_eq!(window.total, 19);
    let beyond = db.store.window(&anna, 100, 110, false).await.unwrap();
    assert_eq!((beyond.items.len(), beyond.total), (0, 24));
    let backwards = db.store.window(&anna, 5, 5, false).await.unwrap();
    assert_eq!((backwards.items.len(), backwards.total), (0, 24));
}

async fn an_owner_without_rows(db: &Db) {
    let feed = db.newest(&owner("nobody"), 10).await;
    assert_eq!((feed.items.len(), feed.more, feed.head.head.rev, feed.head.head.epoch.owner), (0, false, 0, 0));
    let position = feed.head.head.position();
    assert!(!db.since(&owner("nobody"), Since { position, after: None }, 10).await.reset);
    db.commit(&notifications("nobody", 1)).await;
    assert!(db.since(&owner("nobody"), Since { position, after: None }, 10).await.reset);
}
