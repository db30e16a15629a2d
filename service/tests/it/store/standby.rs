//! A real standby is promoted: data that only the old primary had is lost, and no client may take the new history for
//! the old one.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use hoopoe::store::{Head, Mark, MarkState, Outcome, Since, StoreError};
use hoopoe_e2e::{Postgres, PostgresOptions, Proxy};

use super::{
    announced::{Keeps, Takes},
    db::{Db, notification, notifications},
};
use crate::testkit::notification::owner;

/// A primary, its standby, and one address for all clients. A failover moves that address.
struct Pair {
    primary: Postgres,
    standby: Postgres,
    address: Proxy,
    db: Db,
}

impl Pair {
    async fn start() -> Self {
        let primary = Postgres::start(PostgresOptions::default()).await.unwrap();
        let standby = primary.standby().await.unwrap();
        let address = Proxy::start(primary.port()).await.unwrap();
        let db = Db::postgres_at(address.url(&primary.url(), primary.port())).await;
        Self { primary, standby, address, db }
    }

    /// Waits until the standby has this many notifications.
    async fn replicated(&self, rows: u64) {
        on_standby(&self.standby, "SELECT count(*) FROM notification", &rows.to_string()).await;
    }
}

/// Waits until the statement returns this answer.
async fn on_standby(standby: &Postgres, statement: &str, answer: &str) {
    let started = Instant::now();
    // An error means that the table does not exist yet.
    while standby.psql("postgres", statement).await.ok().as_deref() != Some(answer) {
        assert!(started.elapsed() < Duration::from_secs(30), "{statement}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Repeats the commit until it is answered, and returns the outcome.
async fn commit_at_last(db: &Db, id: u128, keeps: &Keeps) -> (Vec<Outcome>, Head) {
    let started = Instant::now();
    loop {
        match db.store.commit(&[notification("anna", id)], keeps).await {
            Ok(committed) => return (committed.outcomes, committed.changes[0].head.head),
            Err(StoreError::Unavailable(_)) if started.elapsed() < Duration::from_secs(30) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => panic!("{error:?} after {:?}", started.elapsed()),
        }
    }
}

fn since(head: &Head) -> Since {
    Since { position: head.position(), after: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promotion_that_lost_commits_starts_an_epoch_before_it_gives_out_a_rev() {
    let Pair { primary, standby, address, db } = {
        let pair = Pair::start().await;
        pair.db.commit(&notifications("anna", 3)).await;
        pair.replicated(3).await;
        pair
    };
    let anna = owner("anna");
    let before = db.store.pulse().await.unwrap();
    let kept = db.head(&anna).await;
    // The replica falls behind: only the primary has what is committed now.
    standby.psql("postgres", "ALTER SYSTEM SET primary_conninfo = ''").await.unwrap();
    standby.psql("postgres", "SELECT pg_reload_conf()").await.unwrap();
    on_standby(&standby, "SELECT count(*) FROM pg_stat_wal_receiver", "0").await;
    db.commit(&[notification("anna", 4), notification("anna", 5)]).await;
    let lost = db.head(&anna).await;
    assert_eq!((kept.rev, lost.rev, lost.epoch), (3, 5, kept.epoch));

    primary.kill9().await.unwrap();
    address.redirect(standby.port()).await.unwrap();
    // The standby is not promoted yet: it can be read, but refuses commits and gives no pulse.
    let started = Instant::now();
    while !matches!(db.store.head(&anna).await, Ok(head) if head.head == kept) {
        assert!(started.elapsed() < Duration::from_secs(30));
    }
    let refused = db.store.commit(&[notification("anna", 6)], &Takes).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let refused = db.store.pulse().await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let reset = db.since(&anna, since(&lost), 10).await;
    assert!(reset.reset, "a rev that this server has never had is no position in it");

    let keeps = Keeps::default();
    let (promoted, (outcomes, head)) = tokio::join!(standby.promote(), commit_at_last(&db, 6, &keeps));
    promoted.unwrap();
    assert_eq!(outcomes, [Outcome::Stored { rev: 4 }], "the first rev after what was replicated");
    assert!(head.epoch.store > before.epoch, "{head:?} after {before:?}");
    let announced = keeps.take();
    assert!(announced.iter().all(|(_, position)| position.epoch == head.epoch), "{announced:?}");
    let after = db.store.pulse().await.unwrap();
    assert!(after.epoch == head.epoch.store && after.generation > before.generation, "{after:?} after {before:?}");

    // First one rev below the lost one, then the same rev, then one above.
    for (id, rev) in [(4, 5), (5, 6)] {
        let reset = db.since(&anna, since(&lost), 10).await;
        assert!(reset.reset && reset.head.head.rev == rev - 1, "{reset:?}");
        assert_eq!(reset.items.iter().map(|item| item.rev).collect::<Vec<_>>(), (1..rev).rev().collect::<Vec<_>>());
        // A lost notification is delivered again: for this store it is new.
        assert_eq!(db.commit(&[notification("anna", id)]).await.outcomes, [Outcome::Stored { rev }]);
    }
    for old in [&kept, &lost] {
        assert!(db.since(&anna, since(old), 10).await.reset);
        let mark = Mark::UpTo { upto: old.position(), state: MarkState::Read };
        let refused = db.store.mark(&anna, &mark, &Takes).await;
        assert!(matches!(refused, Err(StoreError::OtherEpoch(_))), "{refused:?}");
    }
    let next = db.since(&anna, since(&head), 10).await;
    assert_eq!(
        (next.reset, next.items.len(), next.complete_to),
        (false, 2, Some(6)),
        "a client of the new history continues"
    );
    db.check_counters().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_synchronous_standby_has_all_that_was_acknowledged() {
    let Pair { primary, standby, address, db } = Pair::start().await;
    primary.psql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'").await.unwrap();
    primary.psql("postgres", "SELECT pg_reload_conf()").await.unwrap();
    on_standby(&primary, "SELECT sync_state FROM pg_stat_replication", "sync").await;
    let (anna, before) = (owner("anna"), db.store.pulse().await.unwrap());
    // Commits until the primary is killed; the last commit gets no answer.
    let answered = AtomicU64::new(0);
    let commits = async {
        let mut id = 0;
        loop {
            id += 1;
            match db.store.commit(&[notification("anna", id)], &Takes).await {
                Ok(_) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                Err(StoreError::Unavailable(_)) => return id,
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    let failover = async {
        while answered.load(Ordering::Relaxed) < 50 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        primary.kill9().await.unwrap();
    };
    let (unanswered, ()) = tokio::join!(commits, failover);
    let acknowledged = unanswered - 1;
    address.redirect(standby.port()).await.unwrap();
    standby.promote().await.unwrap();

    // Every message that was not acknowledged is redelivered, together with one that was.
    let started = Instant::now();
    let outcomes = loop {
        match db.store.commit(&[notification("anna", acknowledged), notification("anna", unanswered)], &Takes).await {
            Ok(committed) => break committed.outcomes,
            Err(StoreError::Unavailable(_)) if started.elapsed() < Duration::from_secs(30) => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => panic!("{error:?}"),
        }
    };
    let rev = i64::try_from(unanswered).unwrap();
    assert_eq!(outcomes[0], Outcome::Repeat);
    assert!([Outcome::Repeat, Outcome::Stored { rev }].contains(&outcomes[1]), "{outcomes:?}");
    let head = db.head(&anna).await;
    assert_eq!((head.rev, head.unread), (rev, rev), "each once");
    assert!(
        db.store.pulse().await.unwrap().epoch > before.epoch,
        "a new epoch, because the server cannot know that nothing was lost"
    );
    db.check_counters().await;
}
