use hoopoe::store::{FeedQuery, Filter, Head, Mark, MarkState, Position, StoreError};

use super::{
    announced::{Keeps, Refuses, Takes},
    db::{Db, both, ids, notification, notifications},
};
use crate::testkit::notification::owner;

both! {
    read_unread_seen
    all_read_leaves_what_came_since
    all_seen_keeps_unread
    all_archived
    archive_and_back
    each_changed_row_takes_its_own_rev
    nothing_to_change_announces_nothing
    another_epoch_or_a_rev_above_is_refused
    ids_that_are_not_there
    a_refused_announcement_raises_the_generation
    a_stale_all_read_moves_nothing_back
}

fn counts(head: &Head) -> (i64, i64) {
    (head.unread, head.unseen)
}

async fn read_unread_seen(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 4)).await;
    let head = db.mark(&anna, &ids([1]), MarkState::Seen).await.head.head;
    assert_eq!(counts(&head), (4, 3));
    let head = db.mark(&anna, &ids([1, 2]), MarkState::Read).await.head.head;
    assert_eq!(counts(&head), (2, 2));
    let head = db.mark(&anna, &ids([1, 2, 3]), MarkState::Unread).await.head.head;
    assert_eq!(counts(&head), (4, 2), "unread does not unsee");
    assert_eq!(db.head(&anna).await, head);
    let items = db.newest(&anna, 10).await.items;
    let item = items.iter().find(|item| item.rev == 1).unwrap();
    assert!(item.read_at.is_none() && item.seen_at.is_some() && item.unread_rev > item.rev);
    assert_eq!(item.unread_rev, item.changed_rev);
}

async fn all_read_leaves_what_came_since(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 5)).await;
    let seen = db.head(&anna).await;
    db.commit(&[notification("anna", 6), notification("anna", 7)]).await;
    db.mark(&anna, &ids([2]), MarkState::Read).await;
    db.mark(&anna, &ids([2]), MarkState::Unread).await;
    let head = db.mark_upto(&anna, &seen, MarkState::Read).await.head.head;
    // 6 and 7 arrived later; 2 became unread later, and stays seen.
    assert_eq!(counts(&head), (3, 2));
    assert_eq!((head.read_upto, head.seen_upto), (seen.rev, seen.rev));
    let head = db.mark(&anna, &ids([1]), MarkState::Unread).await.head.head;
    assert_eq!(counts(&head), (4, 2));
    let head = db.mark_upto(&anna, &head, MarkState::Read).await.head.head;
    assert_eq!(counts(&head), (0, 0));
    db.commit(&[notification("anna", 8)]).await;
    assert_eq!(counts(&db.head(&anna).await), (1, 1));
}

async fn all_seen_keeps_unread(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 5)).await;
    let seen = db.head(&anna).await;
    db.commit(&[notification("anna", 6)]).await;
    let head = db.mark_upto(&anna, &seen, MarkState::Seen).await.head.head;
    assert_eq!(counts(&head), (6, 1));
    assert_eq!((head.read_upto, head.seen_upto), (0, 5));
}

async fn all_archived(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 5)).await;
    db.mark(&anna, &ids([1]), MarkState::Read).await;
    let seen = db.head(&anna).await;
    db.mark(&anna, &ids([2]), MarkState::Seen).await;
    db.commit(&[notification("anna", 6)]).await;
    let marked = db.mark_upto(&anna, &seen, MarkState::Archived).await;
    // 1, 3, 4 and 5 are archived; 2 changed later, and 6 arrived later.
    assert_eq!(counts(&marked.head.head), (2, 1));
    assert_eq!(marked.head.head.rev, marked.change.unwrap().previous.rev + 4);
    let left: Vec<_> = db.newest(&anna, 10).await.items.iter().map(|item| item.id.as_u128()).collect();
    assert_eq!(left, [6, 2]);
    assert!(db.mark_upto(&anna, &seen, MarkState::Archived).await.change.is_none());
}

async fn archive_and_back(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 3)).await;
    db.mark(&anna, &ids([2]), MarkState::Read).await;
    let head = db.mark(&anna, &ids([2, 3]), MarkState::Archived).await.head.head;
    assert_eq!(counts(&head), (1, 1));
    // It becomes read while it is archived: no counter changes.
    assert_eq!(counts(&db.mark(&anna, &ids([3]), MarkState::Read).await.head.head), (1, 1));
    let selection = Filter::Newest { before: None, unread: false, archived: true, kind: None };
    let archived = db.store.feed(&anna, &FeedQuery { limit: 10, selection }).await.unwrap().items;
    assert_eq!(archived.iter().map(|item| item.id.as_u128()).collect::<Vec<_>>(), [3, 2]);
    db.mark(&anna, &ids([3]), MarkState::Unread).await;
    let head = db.mark(&anna, &ids([2, 3]), MarkState::Unarchived).await.head.head;
    assert_eq!(counts(&head), (2, 1), "3 is unread and seen, 2 is read");
    assert_eq!(db.newest(&anna, 10).await.items.iter().map(|item| item.rev).collect::<Vec<_>>(), [3, 2, 1]);
}

async fn each_changed_row_takes_its_own_rev(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 4)).await;
    let keeps = Keeps::default();
    let mark = Mark::Ids { ids: ids([3, 1, 3]), state: MarkState::Read };
    let marked = db.store.mark(&anna, &mark, &keeps).await.unwrap();
    let change = marked.change.unwrap();
    assert_eq!((change.previous.rev, change.head.head.rev), (4, 6));
    assert!(change.inserted.is_empty());
    assert_eq!(keeps.take(), [(anna.clone(), change.head.head.position())]);
    let mut revs: Vec<_> =
        db.newest(&anna, 10).await.items.iter().map(|item| (item.id.as_u128(), item.changed_rev)).collect();
    revs.sort_unstable();
    assert_eq!(revs, [(1, 6), (2, 2), (3, 5), (4, 4)]);
}

async fn nothing_to_change_announces_nothing(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 2)).await;
    db.mark(&anna, &ids([1]), MarkState::Read).await;
    let head = db.head(&anna).await;
    let keeps = Keeps::default();
    for (id, state) in [
        (1, MarkState::Read),
        (1, MarkState::Seen),
        (2, MarkState::Unread),
        (2, MarkState::Unarchived),
        (9, MarkState::Read),
    ] {
        let marked = db.store.mark(&anna, &Mark::Ids { ids: ids([id]), state }, &keeps).await.unwrap();
        assert!(marked.change.is_none(), "{id} {state:?}");
        assert_eq!(marked.head.head, head);
    }
    assert!(keeps.take().is_empty());
    db.mark_upto(&anna, &head, MarkState::Read).await;
    let head = db.head(&anna).await;
    assert!(db.mark_upto(&anna, &Head { rev: 1, ..head }, MarkState::Seen).await.change.is_none());
    assert_eq!(db.head(&anna).await, head);
}

async fn another_epoch_or_a_rev_above_is_refused(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 2)).await;
    let head = db.head(&anna).await;
    let upto = |position: Position| Mark::UpTo { upto: position, state: MarkState::Read };
    let mut other = head.position();
    other.epoch.owner -= 1;
    match db.store.mark(&anna, &upto(other), &Takes).await {
        Err(StoreError::OtherEpoch(at)) => assert_eq!(at.head, head),
        other => panic!("{other:?}"),
    }
    let above = Position { rev: 3, ..head.position() };
    match db.store.mark(&anna, &upto(above), &Takes).await {
        Err(StoreError::AboveHead(at)) => assert_eq!(at.head, head),
        other => panic!("{other:?}"),
    }
    let nobody = db.store.mark(&owner("nobody"), &upto(above), &Takes).await;
    assert!(matches!(nobody, Err(StoreError::OtherEpoch(_))), "{nobody:?}");
    assert_eq!(db.head(&anna).await, head);
}

async fn ids_that_are_not_there(db: &Db) {
    let marked = db.mark(&owner("nobody"), &ids([1, 1, 2]), MarkState::Read).await;
    assert_eq!((marked.unknown, marked.head.head.rev), (ids([1, 2]), 0));
    assert_eq!(db.number("SELECT count(*) FROM owner_state").await, 0);
    db.commit(&notifications("anna", 1)).await;
    db.commit(&notifications("berta", 2)).await;
    // Berta has a notification with this id, Anna has not.
    let marked = db.mark(&owner("anna"), &ids([2, 1]), MarkState::Read).await;
    assert_eq!((marked.unknown, marked.head.head.unread), (ids([2]), 0));
    assert_eq!(db.head(&owner("berta")).await.unread, 2);
}

async fn a_refused_announcement_raises_the_generation(db: &Db) {
    db.commit(&notifications("anna", 1)).await;
    let before = db.store.pulse().await.unwrap().generation;
    let mark = Mark::Ids { ids: ids([1]), state: MarkState::Read };
    let marked = db.store.mark(&owner("anna"), &mark, &Refuses).await.unwrap();
    assert_eq!(marked.head.generation, before + 1);
    assert_eq!(db.store.pulse().await.unwrap().generation, before + 1);
}

async fn a_stale_all_read_moves_nothing_back(db: &Db) {
    let anna = owner("anna");
    db.commit(&notifications("anna", 3)).await;
    let old = db.head(&anna).await;
    db.commit(&[notification("anna", 4)]).await;
    let new = db.head(&anna).await;
    db.mark_upto(&anna, &new, MarkState::Seen).await;
    let head = db.mark_upto(&anna, &old, MarkState::Read).await.head.head;
    assert_eq!((head.read_upto, head.seen_upto), (3, 4));
    assert_eq!(counts(&head), (1, 0));
}
