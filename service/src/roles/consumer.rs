//! The role `consumer`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    broker::{AmqpQueue, AmqpTopology, BrokerMetrics, Queue, Topology},
    cache::CacheMetrics,
    config::{ConfigError, Endpoint},
    consumer::{Consumer, ConsumerMetrics, Settings, sweeper},
    inbox::{InboxMetrics, Writer},
};

use super::{RoleError, WorkerArgs, declare, parts, process::Process};

/// How long the confirm of a dead letter may take.
const DEAD_LETTER_TIMEOUT: Duration = Duration::from_secs(5);

/// Drains a queue into the inbox until SIGTERM.
pub async fn consumer(args: &WorkerArgs) -> Result<(), RoleError> {
    let process = Process::start("consumer", &args.config).await?;
    let no_role = || ConfigError::NoRole { path: args.config.clone(), role: "consumer" };
    let config = process.config.consumer.clone().ok_or_else(no_role)?;
    let amqp = process.endpoints.need_amqp()?.clone();
    let postgres = process.endpoints.need_postgres()?.clone();
    let tls = process.config.broker_tls.clone();
    let broker_metrics = process.register(BrokerMetrics::register);
    let metrics = process.register(ConsumerMetrics::register);
    let cache_metrics = process.register(CacheMetrics::register);
    let inbox_metrics = process.register(InboxMetrics::register);
    // A part is in the report before it answers: `/readyz` says what a worker waits for.
    process.readiness.add("store", true, || false);
    process.readiness.add("broker", true, || false);
    process.named_parts();

    let stop = process.stop.clone();
    let store = parts::postgres(&postgres, &process.config.postgres_tls, &process.config.store, &stop).await?;
    if let Some(store) = store {
        let store_up = Arc::new(AtomicBool::new(true));
        let probe = Arc::clone(&store_up);
        process.readiness.add("store", true, move || probe.load(Ordering::Relaxed));
        let (endpoint, redis_tls) = (process.endpoints.redis.as_ref(), &process.config.redis_tls);
        let redis = parts::redis(endpoint, redis_tls, &process.config.cache, store.as_ref(), cache_metrics).await?;
        if let Some(redis) = redis.clone() {
            process.readiness.add("redis", false, move || redis.is_up());
        }
        let writer = Arc::new(Writer::new(Arc::clone(&store), parts::as_cache(redis.as_ref()), inbox_metrics));
        if config.declare {
            let management = process.endpoints.amqp_management.as_ref().map(Endpoint::expose);
            let topology = AmqpTopology::new(amqp.expose(), &tls, management, &process.config.resource.namespace);
            declare::until_done(&stop, || topology.declare_queue(&config)).await?;
        }
        let queue =
            Arc::new(AmqpQueue::start(amqp.expose(), &tls, &config.queue.name, DEAD_LETTER_TIMEOUT, broker_metrics));
        let probe = Arc::clone(&queue);
        process.readiness.add("broker", true, move || probe.is_connected());
        let sweeping = tokio::spawn(sweeper::run(Arc::clone(&writer), store_up, stop.clone()));
        let settings = Settings::from(&config);
        let draining = stop.clone();
        let readiness = process.readiness.clone();
        tokio::spawn(async move {
            draining.cancelled().await;
            readiness.drain();
        });
        Consumer::new(settings, queue as Arc<dyn Queue>, writer, Arc::clone(&store), metrics).run(stop).await;
        let _ = sweeping.await;
        store.close().await;
    }
    process.finish().await;
    Ok(())
}
