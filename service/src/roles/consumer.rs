//! The role `consumer`.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    broker::BrokerMetrics,
    cache::CacheMetrics,
    config::ConfigError,
    consumer::{Consumer, ConsumerMetrics, Settings, sweeper},
    inbox::{InboxMetrics, Writer},
};

use super::{RoleError, WorkerArgs, declare, parts, process::Process};

/// Drains a queue into the inbox until SIGTERM.
pub async fn consumer(args: &WorkerArgs) -> Result<(), RoleError> {
    let process = Process::start("consumer", &args.config).await?;
    let no_role = || ConfigError::NoRole { path: args.config.clone(), role: "consumer" };
    let config = process.config.consumer.clone().ok_or_else(no_role)?;
    process.endpoints.need_amqp()?;
    let postgres = process.endpoints.need_postgres()?.clone();
    let broker_metrics = process.register(BrokerMetrics::register);
    let metrics = process.register(ConsumerMetrics::register);
    let cache_metrics = process.register(CacheMetrics::register);
    let inbox_metrics = process.register(InboxMetrics::register);
    // Add each part to the health report before it answers, so that `/readyz` shows what the worker waits for.
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
        let writer = Arc::new(Writer::new(Arc::clone(&store), redis, inbox_metrics));
        let (tls, namespace) = (&process.config.broker_tls, &process.config.resource.namespace);
        let broker = parts::broker(&process.endpoints, tls, namespace, broker_metrics).await?;
        if config.declare {
            let topology = broker.topology();
            declare::until_done(&stop, || topology.declare_queue(&config)).await?;
        }
        let queue = broker.queue(&config.queue.name);
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
        Consumer::new(settings, queue, writer, Arc::clone(&store), metrics).run(stop).await;
        let _ = sweeping.await;
        store.close().await;
    }
    process.finish().await;
    Ok(())
}
