//! Random interleavings of writes, reads and faults: no reader ever goes back, and in the end all are right.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use hoopoe::{
    inbox::ReadError,
    store::{Mark, MarkState, Position},
};
use hoopoe_e2e::Proxy;
use tokio::task::JoinSet;

use crate::inbox::kit::{Kit, both, notification};
use crate::testkit::{notification::owner, wait::until};

both! { no_reader_ever_goes_back_and_all_are_right_at_every_quiet_point }

const ROUNDS: u64 = 6;
const OWNERS: u64 = 4;

/// A simple random generator: the same seed gives the same sequence.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// One random fault of Redis. A cache in the memory of the process has no faults.
async fn fault(kit: &Kit, proxy: Option<&Proxy>, number: u64) {
    let Some(proxy) = proxy else { return };
    match number {
        0 => kit.redis().flush().await.unwrap(),
        1 => {
            kit.redis().kill9().await.unwrap();
            kit.redis().restart().await.unwrap();
        }
        2 => {
            proxy.cut().await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            proxy.restore().await.unwrap();
        }
        3 => {
            proxy.stall();
            tokio::time::sleep(Duration::from_millis(400)).await;
            proxy.unstall();
        }
        4 => {
            kit.redis().pause().unwrap();
            tokio::time::sleep(Duration::from_millis(400)).await;
            kit.redis().resume().unwrap();
        }
        _ => drop(kit.redis().cli(&["client", "kill", "type", "normal", "skipme", "yes"]).await.unwrap()),
    }
}

async fn no_reader_ever_goes_back_and_all_are_right_at_every_quiet_point(kit: Kit) {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let proxy = if kit.is_embedded() { None } else { Some(Proxy::start(kit.redis().port()).await.unwrap()) };
    let second = match &proxy {
        Some(proxy) => kit.process_behind(proxy).await,
        None => kit.process().await,
    };
    let processes = [kit.process().await, second, kit.process().await].map(Arc::new);
    let mut dice = Dice(seed);
    let reads = Arc::new(AtomicU64::new(0));
    for round in 0..ROUNDS {
        let quiet = Arc::new(AtomicBool::new(false));
        let mut writers = JoinSet::new();
        let mut readers = JoinSet::new();
        for process in &processes {
            let (process, mut dice) = (Arc::clone(process), Dice(dice.below(1 << 30)));
            writers.spawn(async move {
                for _ in 0..40 {
                    let who = owner(&format!("o{}", dice.below(OWNERS)));
                    if dice.below(3) == 0 {
                        let upto = process.reader.head(&who, None).await.unwrap().value.head.position();
                        let state = if dice.below(2) == 0 { MarkState::Seen } else { MarkState::Read };
                        // It fails if the position is of the epoch before the first row of the owner.
                        let _ = process.writer.mark(&who, &Mark::UpTo { upto, state }).await;
                    } else {
                        let batch: Vec<_> = (0..=dice.below(3)).map(|_| notification(&who)).collect();
                        process.writer.commit(&batch).await.unwrap();
                    }
                    tokio::time::sleep(Duration::from_millis(dice.below(20))).await;
                }
            });
        }
        // Each device polls through any process, and sends the last tag that it saw.
        for device in 0..6_u64 {
            let (processes, quiet, reads) = (processes.clone(), Arc::clone(&quiet), Arc::clone(&reads));
            let mut dice = Dice(seed ^ (device << 20) ^ round);
            readers.spawn(async move {
                let who = owner(&format!("o{}", device % OWNERS));
                let mut last: Option<Position> = None;
                while !quiet.load(Ordering::SeqCst) {
                    let process = &processes[usize::try_from(dice.below(3)).unwrap()];
                    let answer = if dice.below(2) == 0 {
                        process.reader.head(&who, last).await.map(|head| head.value.head)
                    } else {
                        process.reader.first_page(&who, 10, last).await.map(|page| page.value.head.head)
                    };
                    let head = match answer {
                        Ok(head) => head,
                        Err(ReadError::Overloaded) => continue,
                        Err(error @ (ReadError::Store(_) | ReadError::Behind)) => panic!("{error:?}"),
                    };
                    assert!(Some(head.position()) >= last, "{who} went back from {last:?} to {head:?}");
                    last = Some(head.position());
                    reads.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(dice.below(4))).await;
                }
            });
        }
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(100 + dice.below(200))).await;
            fault(&kit, proxy.as_ref(), dice.below(6)).await;
        }
        while let Some(done) = writers.join_next().await {
            done.unwrap();
        }
        for number in 0..OWNERS {
            let who = owner(&format!("o{number}"));
            let truth = processes[0].truth(&who).await;
            for process in &processes {
                until("right at a quiet point", async || process.head(&who).await.head == truth).await;
            }
        }
        // It stays so: no late write restores an old head.
        tokio::time::sleep(Duration::from_millis(300)).await;
        for number in 0..OWNERS {
            let who = owner(&format!("o{number}"));
            let truth = processes[0].truth(&who).await;
            for process in &processes {
                let head = process.reader.head(&who, None).await.unwrap().value.head;
                assert_eq!(head, truth, "round {round}");
                let page = process.reader.first_page(&who, 200, None).await.unwrap().value;
                assert_eq!(page.head.head, truth);
            }
        }
        quiet.store(true, Ordering::SeqCst);
        while let Some(done) = readers.join_next().await {
            done.unwrap();
        }
    }
    assert!(reads.load(Ordering::Relaxed) > 500);
}
