//! The connection for commands. A task keeps it up in the background, and no call waits for it.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind, aio::MultiplexedConnection};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    backoff::Backoff,
    dial::Dialer,
    fence::{Fence, Mark},
    keys::Keys,
    run::{self, Met},
    script,
};
use crate::cache::{CacheError, CacheMetrics};

/// The longest time for a call: writers hold row locks while they announce.
const CALL_LIMIT: Duration = Duration::from_millis(250);
/// How often the process sends its tick.
const TICK: Duration = Duration::from_secs(1);
/// If the server has not answered a tick for this long, the connection is replaced.
const TICK_LIMIT: Duration = Duration::from_secs(5);

/// One connection.
struct Live {
    connection: MultiplexedConnection,
    /// A call had no answer in time. Until a tick is answered, calls fail at once, so a frozen server costs one wait
    /// and not one per call. The connection is kept, because while it stands, the server is the same one.
    suspect: AtomicBool,
    broken: Mutex<bool>,
    /// The id of the server's run, if another run was noted. It is cleared when the raise of the generation is
    /// committed.
    unnoted: Mutex<Option<Unnoted>>,
    _driver: AbortOnDropHandle<()>,
}

/// A run of the server that may be noted once the breaks up to this number are covered. If it were noted earlier, a
/// process that died before the raise would leave no trace of the break.
struct Unnoted {
    run: String,
    breaks: u64,
}

/// The connection, if there is one, and what is known of its past.
pub(super) struct RedisLink {
    dialer: Arc<Dialer>,
    keys: Keys,
    live: ArcSwapOption<Live>,
    up: watch::Sender<bool>,
    trouble: Notify,
    breaks: AtomicU64,
    covered: AtomicU64,
    fence: Fence,
    problem: Mutex<Option<String>>,
    metrics: CacheMetrics,
}

impl RedisLink {
    pub(super) fn new(dialer: Arc<Dialer>, keys: Keys, metrics: CacheMetrics) -> Self {
        Self {
            dialer,
            keys,
            live: ArcSwapOption::empty(),
            up: watch::Sender::new(false),
            trouble: Notify::new(),
            breaks: AtomicU64::new(0),
            covered: AtomicU64::new(0),
            fence: Fence::default(),
            problem: Mutex::new(None),
            metrics,
        }
    }

    /// Runs a command whose answer is the fence and a second value.
    pub(super) async fn call<T>(
        &self,
        run: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<(Option<Mark>, T)>,
    ) -> Result<T, CacheError> {
        let Some(live) = self.live.load_full().filter(|live| !live.suspect.load(Ordering::Relaxed)) else {
            self.metrics.error("down");
            return Err(CacheError::Unavailable(io::Error::from(io::ErrorKind::NotConnected).into()));
        };
        let before = self.fence.seen();
        let mut connection = live.connection.clone();
        match timeout(CALL_LIMIT, run(&mut connection)).await {
            Ok(Ok((mark, answer))) => {
                if self.fence.went_back(before.as_ref(), mark) {
                    tracing::warn!("the cache lost writes: its old entries are no longer trusted");
                    self.count_break();
                }
                Ok(answer)
            }
            Ok(Err(error)) => {
                self.failed(&live, &error);
                Err(CacheError::Unavailable(error))
            }
            Err(_) => {
                live.suspect.store(true, Ordering::Relaxed);
                self.trouble.notify_one();
                self.metrics.error("timeout");
                Err(CacheError::Unavailable(io::Error::from(io::ErrorKind::TimedOut).into()))
            }
        }
    }

    /// See [`crate::cache::Cache::breaks`].
    pub(super) fn breaks(&self) -> u64 {
        self.breaks.load(Ordering::SeqCst)
    }

    /// See [`crate::cache::Cache::covered`].
    pub(super) fn covered(&self, breaks: u64) {
        self.covered.fetch_max(breaks, Ordering::SeqCst);
        // A run that waits for this is noted with the next tick.
        self.nudge();
    }

    /// Waits until it is connected.
    pub(super) async fn connected(&self) {
        // An error is impossible: the sender is in `self`, which outlives this call.
        let _ = self.up.subscribe().wait_for(|up| *up).await;
    }

    /// Whether calls are sent at all.
    pub(super) fn is_up(&self) -> bool {
        self.live.load().as_ref().is_some_and(|live| !live.suspect.load(Ordering::Relaxed))
    }

    /// Why it is not connected, in words that contain no secret.
    pub(super) fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a tick soon.
    pub(super) fn nudge(&self) {
        self.trouble.notify_one();
    }

    /// Keeps the connection up. Never returns.
    pub(super) async fn keep_up(self: Arc<Self>) {
        loop {
            let live = self.connect().await;
            self.live.store(Some(Arc::clone(&live)));
            self.up.send_replace(true);
            self.metrics.connected.set(1);
            tracing::info!("connected to the cache");
            while !live.is_broken() {
                self.tick(&live).await;
                if live.is_broken() {
                    break;
                }
                tokio::select! {
                    () = sleep(TICK) => {}
                    () = self.trouble.notified() => {}
                }
            }
            self.up.send_replace(false);
            self.metrics.connected.set(0);
        }
    }

    async fn connect(&self) -> Arc<Live> {
        let mut backoff = Backoff::new();
        loop {
            let met = async {
                let (mut connection, driver) = self.dialer.commands().await?;
                let met = run::meet(&mut connection, &self.keys).await?;
                RedisResult::Ok((connection, driver, met))
            };
            match met.await {
                Ok((connection, driver, met)) => {
                    self.set_problem(None);
                    let (suspect, broken) = (AtomicBool::new(false), Mutex::new(false));
                    let unnoted = Mutex::new(self.judge(met));
                    return Arc::new(Live { connection, suspect, broken, unnoted, _driver: driver });
                }
                Err(error) => {
                    let words = error.to_string();
                    if self.problem().as_ref() != Some(&words) {
                        tracing::warn!(error = %words, "the cache cannot be reached: reads go to the database");
                    }
                    self.set_problem(Some(words));
                }
            }
            backoff.wait().await;
        }
    }

    /// Counts a break if the server may have been started from old data, before anything is read from it.
    fn judge(&self, met: Met) -> Option<Unnoted> {
        match met {
            Met::Same => None,
            Met::Other(run) => {
                tracing::warn!(
                    "the cache's server may have been restarted or replaced: its old entries are no longer trusted"
                );
                Some(Unnoted { run, breaks: self.count_break() })
            }
            Met::Unknown => {
                tracing::warn!(
                    "the cache's server does not report its run_id, so after each new connection its old entries are \
                     not trusted: allow the cache's user to call INFO"
                );
                self.count_break();
                None
            }
        }
    }

    /// Sends the tick, with a longer timeout than calls have, and reads the fence.
    async fn tick(&self, live: &Live) {
        let before = self.fence.seen();
        let mut connection = live.connection.clone();
        match timeout(TICK_LIMIT, script::tick(&mut connection, &self.keys)).await {
            Ok(Ok(mark)) => {
                if self.fence.went_back(before.as_ref(), Some(mark)) {
                    tracing::warn!("the cache lost writes: its old entries are no longer trusted");
                    self.count_break();
                }
                live.suspect.store(false, Ordering::Relaxed);
                self.note_run(live).await;
            }
            Ok(Err(error)) => self.failed(live, &error),
            Err(_) => self.lost(live, "timeout"),
        }
    }

    /// Notes the server's run as soon as that is allowed.
    async fn note_run(&self, live: &Live) {
        let covered = self.covered.load(Ordering::SeqCst);
        let run = match &*live.unnoted.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Unnoted { run, breaks }) if *breaks <= covered => run.clone(),
            Some(_) | None => return,
        };
        let mut connection = live.connection.clone();
        match timeout(CALL_LIMIT, script::note(&mut connection, &self.keys, &run)).await {
            Ok(Ok(())) => *live.unnoted.lock().unwrap_or_else(PoisonError::into_inner) = None,
            Ok(Err(error)) => self.failed(live, &error),
            // The next tick tries again, and shows whether the server still answers.
            Err(_) => {}
        }
    }

    fn failed(&self, live: &Live, error: &RedisError) {
        let demoted = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
        if demoted {
            self.lost(live, "demoted");
        } else if run::is_lost(error) {
            self.lost(live, "lost");
        } else {
            tracing::warn!(code = error.code().unwrap_or("none"), "the cache refused a command");
            self.metrics.error("refused");
        }
    }

    /// Gives the connection up. The break is counted before a caller learns of its failure and before there is another
    /// connection, because a failover may have lost writes that were acknowledged on this one.
    fn lost(&self, live: &Live, reason: &'static str) {
        let mut broken = live.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if !*broken {
            *broken = true;
            self.live.store(None);
            self.count_break();
            self.metrics.error(reason);
            self.trouble.notify_one();
            tracing::warn!(reason, "lost the connection to the cache; connecting again");
        }
    }

    /// The number of breaks, including this one.
    fn count_break(&self) -> u64 {
        self.metrics.breaks.inc();
        self.breaks.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn set_problem(&self, words: Option<String>) {
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = words;
    }
}

impl Live {
    fn is_broken(&self) -> bool {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
