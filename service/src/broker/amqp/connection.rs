//! A connection that restores itself: one task connects, watches, and connects again.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use lapin::Connection;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout, timeout_at},
};
use tracing::{info, warn};

use super::dial::{Dial, DialError};
use crate::broker::metrics::BrokerMetrics;

const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LAST_BACKOFF: Duration = Duration::from_secs(5);
/// How long the broker may take to answer on a channel.
pub(super) const CHANNEL_LIMIT: Duration = Duration::from_secs(5);
/// How long a connection may take to close.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
/// lapin does not promise an event for every way in which a connection ends, so its status is polled this often as
/// well.
const GLANCE: Duration = Duration::from_millis(500);

/// A connection that is up.
#[derive(Clone)]
pub(super) struct Live {
    /// The connection as lapin knows it.
    pub(super) connection: Arc<Connection>,
    /// The number of this connection. It differs for each connection of one link.
    pub(super) generation: u64,
}

impl Live {
    /// Whether the broker blocks publishers on it.
    pub(super) fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }
}

/// The state of a link.
#[derive(Clone)]
pub(super) enum LinkState {
    /// The first attempt is running, or was not asked for yet.
    Starting,
    /// Connected.
    Up(Live),
    /// The last attempt failed, or the connection broke and no attempt has succeeded since.
    Down(DialError),
    /// We closed it.
    Closed,
}

enum Order {
    Connect,
    Broken { generation: u64 },
    Close,
}

/// A connection that restores itself. It ends when this value is dropped.
pub(super) struct AmqpLink {
    state: watch::Receiver<LinkState>,
    orders: mpsc::UnboundedSender<Order>,
}

impl AmqpLink {
    /// Starts to connect.
    pub(super) fn start(dial: Dial, metrics: BrokerMetrics) -> Self {
        let link = Self::start_when_needed(dial, metrics);
        // No error is possible: the task that receives this has just been started.
        let _ = link.orders.send(Order::Connect);
        link
    }

    /// Connects only when the connection is asked for. lapin keeps 8 MiB for a connection, and most queues never see a
    /// dead letter.
    pub(super) fn start_when_needed(dial: Dial, metrics: BrokerMetrics) -> Self {
        let (sender, state) = watch::channel(LinkState::Starting);
        let (orders, receiver) = mpsc::unbounded_channel();
        tokio::spawn(supervise(dial, metrics, sender, receiver));
        Self { state, orders }
    }

    /// Whether it is connected.
    pub(super) fn is_up(&self) -> bool {
        match &*self.state.borrow() {
            LinkState::Up(live) => live.connection.status().connected(),
            LinkState::Starting | LinkState::Down(_) | LinkState::Closed => false,
        }
    }

    /// The connection. Returns at once if it is known to be up or down, else when the first attempt has ended.
    pub(super) async fn live(&self, deadline: Instant) -> Result<Live, DialError> {
        let mut state = self.state.clone();
        if matches!(&*state.borrow(), LinkState::Starting) {
            // Err: the link has ended already.
            let _ = self.orders.send(Order::Connect);
        }
        let settled = timeout_at(deadline, state.wait_for(|state| !matches!(state, LinkState::Starting))).await;
        match settled {
            Ok(Ok(state)) => match &*state {
                LinkState::Up(live) => Ok(live.clone()),
                LinkState::Down(error) => Err(error.clone()),
                LinkState::Starting | LinkState::Closed => Err(closed()),
            },
            Ok(Err(_)) => Err(closed()),
            Err(_) => Err(DialError::Unreachable("the first attempt to connect has not ended yet".to_owned())),
        }
    }

    /// Reports that this connection does not answer. It is closed, and a new one is made.
    pub(super) fn report_broken(&self, live: &Live) {
        // Err: the link has ended already.
        let _ = self.orders.send(Order::Broken { generation: live.generation });
    }

    /// Closes the connection for good.
    pub(super) async fn close(&self) {
        let _ = self.orders.send(Order::Close);
        let mut state = self.state.clone();
        let closed = state.wait_for(|state| matches!(state, LinkState::Closed));
        let _ = timeout(CLOSE_LIMIT * 2, closed).await;
    }
}

fn closed() -> DialError {
    DialError::Unreachable("the connection was closed".to_owned())
}

async fn supervise(
    dial: Dial,
    metrics: BrokerMetrics,
    state: watch::Sender<LinkState>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let mut backoff = FIRST_BACKOFF;
    let mut said: Option<DialError> = None;
    if !needed(&mut orders).await {
        state.send_replace(LinkState::Closed);
        return;
    }
    for generation in 1.. {
        let connected = tokio::select! {
            connected = dial.connect() => connected,
            () = close_ordered(&mut orders) => break,
        };
        match connected {
            Ok(connection) => {
                metrics.count_connect("connected");
                info!(connection = dial.name(), "connected to the broker");
                said = None;
                let live = Live { connection: Arc::new(connection), generation };
                let since = Instant::now();
                state.send_replace(LinkState::Up(live.clone()));
                let ended = watch_over(&live, &mut orders).await;
                let close = live.connection.close(200, "OK".into());
                if ended == Ended::Ordered {
                    let _ = timeout(CLOSE_LIMIT, close).await;
                    break;
                }
                warn!(connection = dial.name(), "lost the connection to the broker; connecting again");
                state.send_replace(LinkState::Down(DialError::Unreachable("the connection broke".to_owned())));
                let _ = timeout(Duration::from_millis(100), close).await;
                if since.elapsed() > LAST_BACKOFF {
                    backoff = FIRST_BACKOFF;
                }
            }
            Err(error) => {
                let (outcome, detail) = match &error {
                    DialError::Refused(detail) => ("refused", detail),
                    DialError::Unreachable(detail) => ("unreachable", detail),
                };
                metrics.count_connect(outcome);
                // Log once per cause, not once per attempt.
                if said.as_ref() != Some(&error) {
                    warn!(connection = dial.name(), outcome, detail, "failed to connect to the broker");
                }
                said = Some(error.clone());
                state.send_replace(LinkState::Down(error));
            }
        }
        let pause = backoff.mul_f64(rand::random_range(0.5..1.0));
        backoff = (backoff * 2).min(LAST_BACKOFF);
        tokio::select! {
            () = sleep(pause) => {}
            () = close_ordered(&mut orders) => break,
        }
    }
    state.send_replace(LinkState::Closed);
}

#[derive(PartialEq, Eq)]
enum Ended {
    Broken,
    Ordered,
}

/// Returns when the connection is no longer usable.
async fn watch_over(live: &Live, orders: &mut mpsc::UnboundedReceiver<Order>) -> Ended {
    let mut events = Box::pin(live.connection.events_listener());
    let mut glance = tokio::time::interval(GLANCE);
    while live.connection.status().connected() {
        tokio::select! {
            _ = events.next() => {}
            _ = glance.tick() => {}
            order = orders.recv() => match order {
                Some(Order::Broken { generation }) if generation == live.generation => return Ended::Broken,
                Some(Order::Broken { .. } | Order::Connect) => {}
                Some(Order::Close) | None => return Ended::Ordered,
            }
        }
    }
    Ended::Broken
}

/// Waits until the connection is asked for. `false` means that it was closed before that.
async fn needed(orders: &mut mpsc::UnboundedReceiver<Order>) -> bool {
    loop {
        match orders.recv().await {
            Some(Order::Connect) => return true,
            Some(Order::Broken { .. }) => {}
            Some(Order::Close) | None => return false,
        }
    }
}

async fn close_ordered(orders: &mut mpsc::UnboundedReceiver<Order>) {
    loop {
        match orders.recv().await {
            Some(Order::Broken { .. } | Order::Connect) => {}
            Some(Order::Close) | None => return,
        }
    }
}
