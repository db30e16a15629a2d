//! Whatever was answered with 202 survives a crash.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hoopoe_e2e::free_port;
use tokio::time::{Instant, sleep};

use crate::dev::kit::{Dev, LIMIT, consumer, inbox, inbox_of, producer, send_until_taken, send_with, yaml};
use crate::testkit::client::client;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_got_a_202_is_there_exactly_once_after_every_kill() {
    let port = free_port().unwrap();
    let mut dev = Dev::new(&yaml(&[producer("orders", "shop", port), consumer("inbox", "shop", port)])).started().await;
    send_until_taken(port, "ada", "first").await;
    let mut accepted = BTreeSet::from(["first".to_owned()]);
    for (round, enough) in [(1, 150), (2, 500)] {
        let count = Arc::new(AtomicUsize::new(0));
        let sending: Vec<_> = (0..16)
            .map(|sender| {
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    let (client, mut taken) = (client(), Vec::new());
                    for number in 0.. {
                        let id = format!("r{round}-{sender}-{number}");
                        match send_with(&client, port, "ada", &id).await {
                            Ok(202) => {
                                taken.push(id);
                                count.fetch_add(1, Ordering::Relaxed);
                            }
                            Ok(_) => {}
                            Err(_) => break,
                        }
                    }
                    taken
                })
            })
            .collect();
        let until = Instant::now() + LIMIT;
        while count.load(Ordering::Relaxed) < enough && Instant::now() < until {
            sleep(Duration::from_millis(2)).await;
        }
        // At this moment the queue is being filled and drained.
        dev.kill9().await;
        let before = accepted.len();
        for sender in sending {
            accepted.extend(sender.await.unwrap());
        }
        assert!(accepted.len() >= before + enough, "round {round}: only {} were taken", accepted.len() - before);
        dev.start().await;
    }
    inbox_of(port, "ada", accepted.len()).await;
    // Notifications that were stored but not answered may be there too. None may be there twice, and none may be late.
    sleep(Duration::from_millis(300)).await;
    let ids = inbox(port, "ada").await;
    let unique: BTreeSet<_> = ids.iter().cloned().collect();
    assert_eq!(unique.len(), ids.len(), "something is there twice");
    let lost: Vec<_> = accepted.difference(&unique).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_drains_and_ends_with_0() {
    let port = free_port().unwrap();
    let mut dev = Dev::new(&yaml(&[producer("orders", "shop", port), consumer("inbox", "shop", port)])).started().await;
    let mut taken = 0;
    for number in 0..50 {
        send_until_taken(port, "ada", &format!("n{number}")).await;
        taken += 1;
    }
    let began = Instant::now();
    let status = dev.child().term_and_wait(LIMIT).await.unwrap();
    assert!(status.success(), "{status}: {}", dev.child().log());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    dev.start().await;
    assert_eq!(inbox_of(port, "ada", taken).await.len(), taken);
}
