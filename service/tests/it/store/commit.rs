use std::time::Duration;

use hoopoe::{
    notif::{Json, Notification},
    store::{Outcome, Position, StoreError},
    timestamp::Timestamp,
};

use super::{
    announced::{Keeps, Refuses, Takes},
    db::{Db, both, in_a, notification, notifications, options, stored},
};
use crate::testkit::notification::owner;

both! {
    stores_with_a_rev_each
    a_repeat_changes_nothing
    a_repeat_with_other_content_is_a_conflict
    a_batch_repeats_itself
    some_of_a_batch_are_there
    expired_on_arrival_is_stored_uncounted
    retention_is_a_default_expiry
    bytes_come_back_as_they_were
    an_announcement_that_is_refused_raises_the_generation
    a_refused_value_commits_nothing
    changes_carry_what_a_cache_needs
    a_large_batch_over_many_owners
    an_empty_batch_is_nothing
}

async fn stores_with_a_rev_each(db: &Db) {
    let committed = db.commit(&notifications("anna", 3)).await;
    assert_eq!(committed.outcomes, [1, 2, 3].map(|rev| Outcome::Stored { rev }));
    let committed = db.commit(&[notification("berta", 1), notification("anna", 4)]).await;
    assert_eq!(committed.outcomes, [Outcome::Stored { rev: 1 }, Outcome::Stored { rev: 4 }]);
    let head = db.head(&owner("anna")).await;
    assert_eq!((head.rev, head.unread, head.unseen), (4, 4, 4));
    assert!(head.epoch.owner > 1_700_000_000);
    assert_eq!(db.head(&owner("nobody")).await.position().to_string(), "1.0-0");
}

async fn a_repeat_changes_nothing(db: &Db) {
    let batch = notifications("anna", 5);
    db.commit(&batch).await;
    let before = db.head(&owner("anna")).await;
    for _ in 0..3 {
        let keeps = Keeps::default();
        let mut again = batch.clone();
        again.iter_mut().for_each(|n| n.created_at = Timestamp::from_micros(7));
        let committed = db.store.commit(&again, &keeps).await.unwrap();
        assert_eq!(committed.outcomes, [Outcome::Repeat; 5]);
        assert!(committed.changes.is_empty());
        assert!(keeps.take().is_empty());
    }
    assert_eq!(db.head(&owner("anna")).await, before);
}

async fn a_repeat_with_other_content_is_a_conflict(db: &Db) {
    db.commit(&notifications("anna", 1)).await;
    let changes: [fn(&mut Notification); 7] = [
        |n| n.content.kind = "other".to_owned(),
        |n| n.content.actor.clear(),
        |n| n.content.title.push(' '),
        |n| n.content.body.clear(),
        |n| n.content.data = None,
        |n| n.content.data = Json::parse("{ \"order\": 1}".to_owned()).ok(),
        |n| n.content.priority = 4,
    ];
    for change in changes {
        let mut other = notification("anna", 1);
        change(&mut other);
        assert_eq!(db.commit(&[other]).await.outcomes, [Outcome::IdConflict]);
    }
    assert_eq!(db.head(&owner("anna")).await.rev, 1);
}

async fn a_batch_repeats_itself(db: &Db) {
    let one = notification("anna", 1);
    let mut other = one.clone();
    other.content.title = "other".to_owned();
    let batch = [one.clone(), notification("anna", 2), one.clone(), other.clone()];
    let expected = [Outcome::Stored { rev: 1 }, Outcome::Stored { rev: 2 }, Outcome::Repeat, Outcome::IdConflict];
    assert_eq!(db.commit(&batch).await.outcomes, expected);
    // The repeat is compared with the stored row, not with the first of the batch.
    let expected = [Outcome::IdConflict, Outcome::Repeat, Outcome::IdConflict];
    assert_eq!(db.commit(&[other.clone(), one, other]).await.outcomes, expected);
    assert_eq!(db.head(&owner("anna")).await.unread, 2);
}

async fn some_of_a_batch_are_there(db: &Db) {
    db.commit(&[notification("anna", 2), notification("berta", 2)]).await;
    let mut batch = notifications("anna", 4);
    batch.extend(notifications("berta", 1));
    batch.push(notification("berta", 2));
    let committed = db.commit(&batch).await;
    let expected = [
        Outcome::Stored { rev: 2 },
        Outcome::Repeat,
        Outcome::Stored { rev: 3 },
        Outcome::Stored { rev: 4 },
        Outcome::Stored { rev: 2 },
        Outcome::Repeat,
    ];
    assert_eq!(committed.outcomes, expected);
    assert_eq!(db.head(&owner("anna")).await.unread, 4);
    assert_eq!(committed.changes[0].inserted.iter().map(|item| item.rev).collect::<Vec<_>>(), [4, 3, 2]);
}

async fn expired_on_arrival_is_stored_uncounted(db: &Db) {
    let mut batch = notifications("anna", 3);
    batch[1].expires_at = Some(Timestamp::from_micros(1));
    let committed = db.commit(&batch).await;
    assert_eq!(stored(&committed.outcomes), 3);
    assert_eq!(committed.changes[0].inserted.iter().map(|item| item.rev).collect::<Vec<_>>(), [3, 1]);
    let head = db.head(&owner("anna")).await;
    assert_eq!((head.rev, head.unread, head.unseen, head.next_due), (3, 2, 2, None));
    assert_eq!(db.newest(&owner("anna"), 10).await.items.len(), 2);
    assert_eq!(db.commit(&batch).await.outcomes, [Outcome::Repeat; 3]);
    // An inbox that holds only expired notifications exists.
    let mut gone = notification("berta", 1);
    gone.expires_at = Some(Timestamp::from_micros(0));
    assert_eq!(db.commit(&[gone]).await.outcomes, [Outcome::Stored { rev: 1 }]);
    assert_eq!(db.head(&owner("berta")).await.unread, 0);
}

async fn retention_is_a_default_expiry(db: &Db) {
    let day = Duration::from_secs(86_400);
    let store = db.again(hoopoe::store::StoreOptions { retention: Some(day), ..options() }).await;
    let mut batch = notifications("anna", 3);
    batch[1].expires_at = Some(in_a(Duration::from_mins(30)));
    batch[2].expires_at = Some(batch[2].created_at.plus(day * 2));
    store.commit(&batch, &Takes).await.unwrap();
    let items = db.newest(&owner("anna"), 10).await.items;
    let expiries: Vec<_> = items.iter().rev().map(|item| item.expires_at).collect();
    assert_eq!(
        expiries,
        [Some(batch[0].created_at.plus(day)), batch[1].expires_at, Some(batch[2].created_at.plus(day))]
    );
    assert_eq!(db.head(&owner("anna")).await.next_due, batch[1].expires_at);
}

async fn bytes_come_back_as_they_were(db: &Db) {
    let texts = [
        r#"{"nul":"\u0000","lone":"\ud800","big":1e400000,"a":1,"a":2,"deep":[[[ ]]]}"#,
        r#"  "spaces"  "#.trim(),
        "1e400000",
        "\"\u{10ffff}\u{feff}é\"",
        "null",
        "\"'; DROP TABLE notification; --\"",
    ];
    let mut batch = notifications("o'brien \\ \u{1F426} / %", texts.len() as u128);
    for (notification, text) in batch.iter_mut().zip(texts) {
        notification.content.data = Some(Json::parse(text.to_owned()).unwrap());
        notification.content.title = format!("{{}}\"\\,NULL é {text}");
        notification.content.actor = "NULL".to_owned();
        notification.content.body = String::new();
        notification.source_id = Some("sender's own".to_owned());
        notification.created_at = Timestamp::from_micros(1_763_700_000_123_457);
    }
    batch[0].source_id = None;
    batch[4].content.data = None;
    db.commit(&batch).await;
    let items = db.newest(&batch[0].owner, 10).await.items;
    assert_eq!(items.len(), batch.len());
    for (item, sent) in items.iter().rev().zip(&batch) {
        let content = &sent.content;
        assert_eq!(item.data, content.data);
        assert_eq!((&item.title, &item.actor, &item.body), (&content.title, &content.actor, &content.body));
        assert_eq!((&item.source_id, item.id, item.priority), (&sent.source_id, sent.id, content.priority));
        assert_eq!(item.created_at, sent.created_at);
    }
    assert_eq!(db.commit(&batch).await.outcomes, [Outcome::Repeat; 6]);
}

async fn an_announcement_that_is_refused_raises_the_generation(db: &Db) {
    let before = db.store.pulse().await.unwrap().generation;
    let committed = db.store.commit(&notifications("anna", 2), &Refuses).await.unwrap();
    assert_eq!(db.store.pulse().await.unwrap().generation, before + 1);
    assert_eq!(committed.changes[0].head.generation, before + 1);
    // Nothing changes, so nothing is announced or raised.
    db.store.commit(&notifications("anna", 2), &Refuses).await.unwrap();
    assert_eq!(db.store.pulse().await.unwrap().generation, before + 1);
    db.store.commit(&notifications("berta", 1), &Takes).await.unwrap();
    assert_eq!(db.store.pulse().await.unwrap().generation, before + 1);
    assert_eq!(db.store.raise_generation().await.unwrap(), before + 2);
    assert_eq!(db.store.head(&owner("anna")).await.unwrap().generation, before + 2);
}

async fn a_refused_value_commits_nothing(db: &Db) {
    let mut batch = notifications("anna", 3);
    // Postgres refuses a NUL character. SQLite takes any text, so a trigger refuses this one.
    if db.is_postgres() {
        batch[1].content.title = "nul \0".to_owned();
    } else {
        batch[1].content.title = "refused".to_owned();
        let trigger = "CREATE TRIGGER refusal BEFORE INSERT ON notification WHEN NEW.title = 'refused' \
             BEGIN SELECT RAISE(ABORT, 'refused'); END";
        db.sql(trigger).await;
    }
    let keeps = Keeps::default();
    let error = db.store.commit(&batch, &keeps).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
    assert!(keeps.take().is_empty());
    assert_eq!(db.head(&owner("anna")).await.rev, 0);
    batch.remove(1);
    assert_eq!(stored(&db.commit(&batch).await.outcomes), 2);
}

async fn changes_carry_what_a_cache_needs(db: &Db) {
    let keeps = Keeps::default();
    let first = db.store.commit(&notifications("anna", 2), &keeps).await.unwrap();
    let change = &first.changes[0];
    assert_eq!(change.previous, Position { rev: 0, epoch: hoopoe::store::Epoch { store: 1, owner: 0 } });
    assert_eq!(change.head, db.store.head(&owner("anna")).await.unwrap());
    assert_eq!(keeps.take(), [(owner("anna"), change.head.head.position())]);
    let batch: Vec<_> = (3..=4).map(|id| notification("anna", id)).collect();
    let second = db.store.commit(&batch, &keeps).await.unwrap();
    assert_eq!(second.changes[0].previous, change.head.head.position());
    let page = db.newest(&owner("anna"), 2).await.items;
    let json = |items: &[hoopoe::store::Item]| serde_json::to_string(items).unwrap();
    assert_eq!(json(&second.changes[0].inserted), json(&page));
}

async fn a_large_batch_over_many_owners(db: &Db) {
    let batch: Vec<_> = (0..5_000_u128).map(|n| notification(&format!("owner-{}", n * 7_919 % 1_201), n)).collect();
    assert_eq!(stored(&db.commit(&batch).await.outcomes), 5_000);
    // Half of the batch again; now it is committed one by one.
    let mut half: Vec<_> = batch[2_500..].to_vec();
    half.extend((5_000..7_500_u128).map(|n| notification(&format!("owner-{}", n % 1_201), n)));
    assert_eq!(stored(&db.commit(&half).await.outcomes), 2_500);
    assert_eq!(db.number("SELECT count(*) FROM notification").await, 7_500);
    assert_eq!(db.number("SELECT CAST(sum(unread) AS bigint) FROM owner_state").await, 7_500);
}

async fn an_empty_batch_is_nothing(db: &Db) {
    let committed = db.commit(&[]).await;
    assert!(committed.outcomes.is_empty() && committed.changes.is_empty());
}
