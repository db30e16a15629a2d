//! At most one look-up per owner at a time. Callers that asked before the look-up began share its answer.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use crate::notif::Owner;

const SHARDS: usize = 16;

/// The look-ups in progress. When ten thousand clients poll one owner that just changed, this costs two reads: the
/// first one, which may be older than some of their questions, and one for all that asked while it ran.
pub(super) struct Flights<T> {
    shards: [Mutex<HashMap<Owner, Arc<Flight<T>>>>; SHARDS],
    hasher: RandomState,
}

/// A look-up that ended: when it began, and its answer. `None`: it failed.
type Landed<T> = (Instant, Option<T>);

struct Flight<T> {
    last: tokio::sync::Mutex<Option<Landed<T>>>,
}

/// The result of [`Flights::run`].
pub(super) enum FlightOutcome<T, E> {
    /// The caller looked up itself.
    Own(Result<T, E>),
    /// The answer of another caller's look-up, which began after this caller asked.
    Shared(T),
    /// Another caller's look-up, which began after this caller asked, failed. Each caller does not repeat it, because
    /// that would make a queue of failures.
    SharedFailure,
}

impl<T: Clone> Flights<T> {
    pub(super) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }

    /// Looks up, or shares the answer of a look-up that began after this call, if that answer is good enough.
    pub(super) async fn run<E>(
        &self,
        owner: &Owner,
        will_do: impl Fn(&T) -> bool,
        look: impl Future<Output = Result<T, E>>,
    ) -> FlightOutcome<T, E> {
        let asked = Instant::now();
        let guest = self.enter(owner);
        let mut last = guest.flight.last.lock().await;
        match &*last {
            Some((began, Some(answer))) if *began > asked && will_do(answer) => {
                return FlightOutcome::Shared(answer.clone());
            }
            Some((began, None)) if *began > asked => return FlightOutcome::SharedFailure,
            Some(_) | None => {}
        }
        let began = Instant::now();
        let result = look.await;
        *last = Some((began, result.as_ref().ok().cloned()));
        FlightOutcome::Own(result)
    }

    fn enter<'a>(&'a self, owner: &'a Owner) -> Guest<'a, T> {
        let shard = self.shard(owner);
        let mut flights = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let flight =
            flights.entry(owner.clone()).or_insert_with(|| Arc::new(Flight { last: tokio::sync::Mutex::default() }));
        Guest { flights: self, owner, flight: Arc::clone(flight) }
    }

    fn shard(&self, owner: &Owner) -> &Mutex<HashMap<Owner, Arc<Flight<T>>>> {
        // The remainder is below 16.
        #[allow(clippy::cast_possible_truncation)]
        let index = (self.hasher.hash_one(owner) % SHARDS as u64) as usize;
        &self.shards[index]
    }
}

/// A caller that waits or looks. The last one that leaves removes the flight from the map.
struct Guest<'a, T: Clone> {
    flights: &'a Flights<T>,
    owner: &'a Owner,
    flight: Arc<Flight<T>>,
}

impl<T: Clone> Drop for Guest<'_, T> {
    fn drop(&mut self) {
        let mut flights = self.flights.shard(self.owner).lock().unwrap_or_else(PoisonError::into_inner);
        // Two references are left: the map's and ours. A caller takes a reference only under this lock.
        if Arc::strong_count(&self.flight) == 2 {
            flights.remove(self.owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use super::*;

    #[tokio::test]
    async fn ten_thousand_who_ask_at_once_cost_a_read_or_two_and_nothing_is_left() {
        let flights = Arc::new(Flights::<u32>::new());
        let reads = Arc::new(AtomicUsize::new(0));
        let owner = Owner::parse("a").unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..10_000 {
            let (flights, reads, owner) = (Arc::clone(&flights), Arc::clone(&reads), owner.clone());
            tasks.spawn(async move {
                let look = async {
                    reads.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok::<u32, ()>(7)
                };
                match flights.run(&owner, |_| true, look).await {
                    FlightOutcome::Own(Ok(answer)) | FlightOutcome::Shared(answer) => assert_eq!(answer, 7),
                    FlightOutcome::Own(Err(())) | FlightOutcome::SharedFailure => panic!("nothing fails here"),
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        assert!((1..=3).contains(&reads.load(Ordering::Relaxed)), "{reads:?}");
        assert!(flights.shards.iter().all(|shard| shard.lock().unwrap().is_empty()));
    }

    #[tokio::test]
    async fn a_look_up_that_began_before_the_question_is_not_shared() {
        let flights = Arc::new(Flights::<u32>::new());
        let owner = Owner::parse("a").unwrap();
        let first = {
            let (flights, owner) = (Arc::clone(&flights), owner.clone());
            tokio::spawn(async move {
                let look = async {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    Ok::<u32, ()>(1)
                };
                flights.run(&owner, |_| true, look).await
            })
        };
        tokio::time::sleep(Duration::from_millis(10)).await;
        let second = flights.run(&owner, |_| true, async { Ok::<u32, ()>(2) }).await;
        assert!(matches!(second, FlightOutcome::Own(Ok(2))));
        assert!(matches!(first.await.unwrap(), FlightOutcome::Own(Ok(1))));
    }
}
