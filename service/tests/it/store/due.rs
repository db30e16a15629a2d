use std::time::Duration;

use hoopoe::store::{MarkState, Outcome, Since};

use super::{
    announced::{Keeps, Takes},
    db::{Db, both, ids, in_a, notifications},
};
use crate::testkit::notification::owner;

both! {
    expiry_takes_a_rev_and_leaves_the_counters
    owners_with_something_due
    removal_raises_the_floor
}

async fn expiry_takes_a_rev_and_leaves_the_counters(db: &Db) {
    let anna = owner("anna");
    let mut batch = notifications("anna", 5);
    let (soon, later) = (in_a(Duration::from_mins(30)), in_a(Duration::from_mins(90)));
    batch[0].expires_at = Some(soon);
    batch[1].expires_at = Some(soon);
    batch[2].expires_at = Some(later);
    batch[3].expires_at = Some(soon);
    db.commit(&batch).await;
    db.mark(&anna, &ids([2]), MarkState::Read).await;
    db.mark(&anna, &ids([4]), MarkState::Archived).await;
    let before = db.head(&anna).await;
    assert_eq!((before.unread, before.next_due), (3, Some(soon)));
    let keeps = Keeps::default();
    assert!(db.store.run_due(&anna, &keeps).await.unwrap().is_none());
    db.hour_passes().await;
    let change = db.store.run_due(&anna, &keeps).await.unwrap().unwrap();
    assert_eq!(keeps.take(), [(anna.clone(), change.head.head.position())]);
    assert_eq!(change.previous, before.position());
    let head = db.head(&anna).await;
    assert_eq!(head, change.head.head);
    assert_eq!((head.rev, head.unread, head.unseen), (before.rev + 3, 2, 2));
    assert_eq!(head.next_due.map(|due| due.plus(Duration::from_mins(60))), Some(later));
    assert!(db.store.run_due(&anna, &Takes).await.unwrap().is_none());
    let changes = db.since(&anna, Since { position: before.position(), after: None }, 10).await;
    assert_eq!(changes.items.len(), 3);
    assert!(changes.items.iter().all(|item| item.expired_at.is_some()));
    // Its id is still known, it does not come back, and marks do not change it.
    assert_eq!(db.commit(&batch[..1]).await.outcomes, [Outcome::Repeat]);
    let marked = db.mark(&anna, &ids([1]), MarkState::Unread).await;
    assert!(marked.change.is_none() && marked.unknown.is_empty());
}

async fn owners_with_something_due(db: &Db) {
    for (name, minutes) in [("late", 90), ("second", 40), ("first", 20)] {
        let mut batch = notifications(name, 1);
        batch[0].expires_at = Some(in_a(Duration::from_mins(minutes)));
        db.commit(&batch).await;
    }
    db.commit(&notifications("never", 1)).await;
    db.hour_passes().await;
    assert_eq!(db.store.due_owners(10).await.unwrap(), [owner("first"), owner("second")]);
    assert_eq!(db.store.due_owners(1).await.unwrap(), [owner("first")]);
    for due in db.store.due_owners(10).await.unwrap() {
        assert!(db.store.run_due(&due, &Takes).await.unwrap().is_some());
    }
    assert!(db.store.due_owners(10).await.unwrap().is_empty());
    assert!(db.store.run_due(&owner("nobody"), &Takes).await.unwrap().is_none());
}

async fn removal_raises_the_floor(db: &Db) {
    let anna = owner("anna");
    for name in ["anna", "berta"] {
        let mut batch = notifications(name, 4);
        batch[1].expires_at = Some(in_a(Duration::from_mins(30)));
        batch[2].expires_at = Some(in_a(Duration::from_mins(30)));
        db.commit(&batch).await;
        db.hour_passes().await;
        db.store.run_due(&owner(name), &Takes).await.unwrap().unwrap();
    }
    assert_eq!(db.store.remove_expired(10).await.unwrap(), 0, "kept for a day");
    let day = 24_i64 * 3_600 * 1_000_000;
    db.sql(&format!("UPDATE notification SET expired_at = expired_at - {day} - 1")).await;
    let head = db.head(&anna).await;
    assert_eq!(db.store.remove_expired(3).await.unwrap(), 3);
    assert_eq!(db.store.remove_expired(3).await.unwrap(), 1);
    assert_eq!(db.store.remove_expired(3).await.unwrap(), 0);
    assert_eq!(db.number("SELECT count(*) FROM notification").await, 4);
    assert_eq!(db.number("SELECT floor_rev FROM owner_state WHERE owner = 'anna'").await, 6);
    assert_eq!(db.head(&anna).await, head, "no rev, no counter");
    let mut position = head.position();
    assert!(!db.since(&anna, Since { position, after: None }, 10).await.reset);
    position.rev = 5;
    assert!(db.since(&anna, Since { position, after: None }, 10).await.reset);
}
