//! One read for all callers that ask at about the same time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use crate::topology::BrokerError;

/// The shortest time between the starts of two reads: a hundred resources that each wrote something then wait for one
/// read together.
const PAUSE: Duration = Duration::from_secs(1);
/// That time is also at least this many times as long as the last read took: the lists of a thousand queues keep a
/// small broker busy for a second.
const SHARE: u32 = 2;

/// What is read of a broker, kept with its age. A caller that asks during a read waits for it, and starts another one
/// only if that read began too early for it.
#[derive(Debug)]
pub(super) struct SharedRead<T>(Mutex<Known<T>>);

#[derive(Debug)]
struct Known<T> {
    good: Option<(Instant, Arc<T>)>,
    /// The last failure. If a broker does not answer, five hundred waiting callers share it: otherwise each would wait
    /// for a time limit of its own, one after the other.
    failed: Option<(Instant, BrokerError)>,
    next_at: Option<Instant>,
}

impl<T> Default for SharedRead<T> {
    fn default() -> Self {
        Self(Mutex::new(Known { good: None, failed: None, next_at: None }))
    }
}

impl<T> SharedRead<T> {
    /// What was read at `newer_than` or later; otherwise `read`. If that fails, it fails for all callers that asked
    /// before it began.
    pub(super) async fn get(
        &self,
        newer_than: Instant,
        read: impl Future<Output = Result<T, BrokerError>>,
    ) -> Result<Arc<T>, BrokerError> {
        let asked_at = Instant::now();
        let mut known = self.0.lock().await;
        if let Some((began_at, good)) = &known.good
            && *began_at >= newer_than
        {
            return Ok(good.clone());
        }
        if let Some((began_at, error)) = &known.failed
            && *began_at >= asked_at
        {
            return Err(error.clone());
        }
        if let Some(next_at) = known.next_at {
            tokio::time::sleep_until(next_at.into()).await;
        }
        let began_at = Instant::now();
        let result = read.await.map(Arc::new);
        known.next_at = Some(began_at + PAUSE.max(began_at.elapsed() * SHARE));
        match &result {
            Ok(good) => (known.good, known.failed) = (Some((began_at, good.clone())), None),
            Err(error) => known.failed = Some((began_at, error.clone())),
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const TOOK: Duration = Duration::from_millis(50);

    fn down() -> BrokerError {
        BrokerError::BrokerUnreachable { url: "http://away".to_owned(), detail: "no answer".to_owned() }
    }

    /// A hundred tasks ask at once, each for something newer than now. Returns how many reads that took, and how many
    /// tasks got a value.
    async fn ask(shared: &SharedRead<u32>, result: Result<u32, BrokerError>) -> (u32, usize) {
        let reads = AtomicU32::new(0);
        let one = || {
            shared.get(Instant::now(), async {
                reads.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(TOOK).await;
                result.clone()
            })
        };
        let answers = futures::future::join_all((0..100).map(|_| one())).await;
        (reads.into_inner(), answers.iter().filter(|answer| answer.is_ok()).count())
    }

    #[tokio::test]
    async fn a_read_is_shared_and_so_is_its_failure() {
        let shared = SharedRead::default();
        let (reads, good) = ask(&shared, Err(down())).await;
        assert!(reads <= 2 && good == 0, "{reads} reads, {good} good");
        let (reads, good) = ask(&shared, Ok(1)).await;
        assert!(reads <= 2 && good == 100, "{reads} reads, {good} good");
    }

    #[tokio::test]
    async fn what_is_young_enough_outlives_a_failure_and_a_failure_is_not_kept() {
        let shared = SharedRead::default();
        let before = Instant::now();
        assert_eq!(shared.get(before, async { Ok(1) }).await.ok().as_deref(), Some(&1));
        assert!(shared.get(Instant::now(), async { Err(down()) }).await.is_err());
        let young = shared.get(before, async { panic!("no read is needed") }).await;
        assert_eq!(young.ok().as_deref(), Some(&1));
        assert_eq!(shared.get(Instant::now(), async { Ok(2) }).await.ok().as_deref(), Some(&2), "asked again");
    }

    #[tokio::test]
    async fn between_two_reads_there_is_a_pause() {
        let shared = SharedRead::default();
        let started = Instant::now();
        for _ in 0..2 {
            shared.get(Instant::now(), async { Ok(1) }).await.unwrap();
        }
        assert!(started.elapsed() >= PAUSE);
    }
}
