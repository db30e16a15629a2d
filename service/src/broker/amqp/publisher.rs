//! Publishes to one exchange, in groups, over several channels of one connection.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use hoopoe_crds::worker_config::{PublishConfig, TlsConfig};
use lapin::{BasicProperties, types::ShortString};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};

use super::{
    connection::AmqpLink,
    dial::Dial,
    group::{GROUP, GroupChannel, Parcel},
    table,
};
use crate::broker::{BrokerMetrics, Outgoing, PublishError, Publisher};

/// How many channels publish, each one group at a time: while one waits for its confirms, the others send.
const CHANNELS: usize = 4;
/// Bytes of a routing key that AMQP can carry: no binding can match a longer one.
const LONGEST_KEY: usize = 255;

/// Publishes to one exchange of an AMQP broker.
pub struct AmqpPublisher {
    link: Arc<AmqpLink>,
    jobs: Mutex<Option<mpsc::UnboundedSender<Job>>>,
    slots: Arc<Semaphore>,
    config: PublishConfig,
    metrics: BrokerMetrics,
    workers: tokio::sync::Mutex<JoinSet<()>>,
}

struct Job {
    message: Outgoing,
    answer: oneshot::Sender<Result<(), PublishError>>,
    deadline: Instant,
    /// Given back when the message's fate is known, even if its caller is gone.
    slot: OwnedSemaphorePermit,
}

impl Job {
    fn tell(self, fate: Result<(), PublishError>) {
        let Self { message: _, answer, deadline: _, slot } = self;
        // Free the slot first, so that the caller can publish again as soon as it has the answer.
        drop(slot);
        // Err: the caller is gone.
        let _ = answer.send(fate);
    }
}

struct GroupWorker {
    link: Arc<AmqpLink>,
    jobs: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Job>>>,
    exchange: ShortString,
    limit: Duration,
    metrics: BrokerMetrics,
    channel: Option<GroupChannel>,
}

impl AmqpPublisher {
    /// Starts to connect, in the background; reconnects with a backoff of 100 ms to 5 s until it is closed. The
    /// exchange's name has at most 251 bytes.
    pub fn start(url: &str, tls: &TlsConfig, exchange: &str, config: &PublishConfig, metrics: BrokerMetrics) -> Self {
        let link = Arc::new(AmqpLink::start(Dial::new(url, tls, "hoopoe publish").own_messages(), metrics.clone()));
        let (sender, receiver) = mpsc::unbounded_channel();
        let receiver = Arc::new(tokio::sync::Mutex::new(receiver));
        let mut workers = JoinSet::new();
        for _ in 0..CHANNELS {
            let worker = GroupWorker {
                link: link.clone(),
                jobs: receiver.clone(),
                exchange: table::short(exchange),
                limit: config.timeout.0,
                metrics: metrics.clone(),
                channel: None,
            };
            workers.spawn(worker.run());
        }
        let slots = Arc::new(Semaphore::new(config.max_in_flight as usize));
        let (jobs, workers) = (Mutex::new(Some(sender)), tokio::sync::Mutex::new(workers));
        Self { link, jobs, slots, config: config.clone(), metrics, workers }
    }

    async fn attempt(&self, message: Outgoing) -> Result<(), PublishError> {
        let limit = self.config.timeout.0;
        let deadline = Instant::now() + limit;
        let Ok(slot) = self.slots.clone().try_acquire_owned() else {
            return Err(PublishError::TooManyInFlight(self.config.max_in_flight));
        };
        if message.routing_key.len() > LONGEST_KEY {
            return Err(PublishError::Unroutable);
        }
        let live = self.link.live(deadline).await.map_err(|_| PublishError::Unavailable)?;
        if live.is_blocked() {
            return Err(PublishError::Blocked);
        }
        let (answer, fate) = oneshot::channel();
        let job = Job { message, answer, deadline, slot };
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        jobs.and_then(|jobs| jobs.send(job).ok()).ok_or(PublishError::Unavailable)?;
        match timeout_at(deadline, fate).await {
            Ok(Ok(fate)) => fate,
            Ok(Err(_)) => Err(PublishError::Unavailable),
            Err(_) => Err(PublishError::Timeout(limit)),
        }
    }
}

#[async_trait]
impl Publisher for AmqpPublisher {
    async fn publish(&self, message: Outgoing) -> Result<(), PublishError> {
        let since = Instant::now();
        let waiting = InFlight::of(&self.metrics);
        let result = self.attempt(message).await;
        drop(waiting);
        if result.is_ok() {
            self.metrics.confirm_seconds.observe(since.elapsed().as_secs_f64());
        }
        self.metrics.count_publish(&result);
        result
    }

    fn is_connected(&self) -> bool {
        self.link.is_up()
    }

    async fn close(&self) {
        // Without a sender, the workers end once they have answered all waiting messages.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut workers = self.workers.lock().await;
        let drained = async { while workers.join_next().await.is_some() {} };
        let _ = timeout(self.config.timeout.0 * 2, drained).await;
        self.link.close().await;
    }
}

/// Counts a message as in flight while this value lives, even if the caller's future is dropped.
struct InFlight<'a>(&'a BrokerMetrics);

impl<'a> InFlight<'a> {
    fn of(metrics: &'a BrokerMetrics) -> Self {
        metrics.in_flight.inc();
        Self(metrics)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

impl GroupWorker {
    async fn run(mut self) {
        let mut jobs = Vec::with_capacity(GROUP);
        while self.jobs.lock().await.recv_many(&mut jobs, GROUP).await > 0 {
            // The callers of these messages are gone, so no answer is sent.
            jobs.retain(|job| !job.answer.is_closed());
            if !jobs.is_empty() {
                self.publish(std::mem::replace(&mut jobs, Vec::with_capacity(GROUP))).await;
            }
        }
    }

    async fn publish(&mut self, mut jobs: Vec<Job>) {
        // Each caller keeps its own deadline; the group waits until the latest.
        let deadline = jobs.iter().map(|job| job.deadline).max().unwrap_or_else(Instant::now);
        let channel = match GroupChannel::ready(&mut self.channel, &self.link, &self.exchange, deadline).await {
            Ok(channel) => channel,
            Err(error) => return jobs.into_iter().for_each(|job| job.tell(Err(error.clone()))),
        };
        // The time is read again, because opening the channel may have taken long.
        jobs.retain(|job| !job.answer.is_closed());
        self.metrics.group_size.observe(f64::from(u32::try_from(jobs.len()).unwrap_or(u32::MAX)));
        let parcels = jobs.iter().map(|job| parcel(&self.exchange, &job.message)).collect();
        let fates = channel.publish(parcels, deadline, self.limit).await;
        jobs.into_iter().zip(fates).for_each(|(job, fate)| job.tell(fate));
    }
}

fn parcel(exchange: &ShortString, message: &Outgoing) -> Parcel {
    let Outgoing { id, routing_key, headers, priority, timestamp, body } = message;
    let properties = BasicProperties::default()
        .with_message_id(table::short(&id.hyphenated().to_string()))
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_timestamp(u64::try_from(timestamp.seconds()).unwrap_or(0))
        .with_priority(*priority);
    let headers = table::of_text(headers);
    Parcel {
        exchange: exchange.clone(),
        routing_key: table::short(routing_key),
        properties,
        headers,
        body: body.clone(),
    }
}
