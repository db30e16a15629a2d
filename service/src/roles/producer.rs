//! The role `producer`.

use std::sync::Arc;

use hoopoe_web::{ServerLimits, serve};
use tracing::warn;

use crate::{
    broker::BrokerMetrics,
    config::ConfigError,
    edge::http::{Guard, HttpMetrics, openapi::producer_routes, surface},
    identity::Anonymous,
    ingest::{Ingest, IngestMetrics},
};

use super::{
    RoleError, WorkerArgs, declare, parts,
    process::{Process, bind_any},
};

/// The most requests at once. Each waits for a confirm, and `maxInFlight` limits how many do.
const MAX_REQUESTS: usize = 10_000;

/// Takes notifications over HTTP until SIGTERM.
pub async fn producer(args: &WorkerArgs) -> Result<(), RoleError> {
    let process = Process::start("producer", &args.config).await?;
    let no_role = || ConfigError::NoRole { path: args.config.clone(), role: "producer" };
    let config = process.config.producer.clone().ok_or_else(no_role)?;
    process.endpoints.need_amqp()?;
    // Add each part to the health report before it answers, so that `/readyz` shows what the worker waits for.
    process.readiness.add("broker", true, || false);
    process.named_parts();
    let (tls, namespace) = (&process.config.broker_tls, &process.config.resource.namespace);
    let broker = parts::broker(&process.endpoints, tls, namespace, process.register(BrokerMetrics::register)).await?;
    if config.declare {
        let topology = broker.topology();
        declare::until_done(&process.stop, || topology.declare_exchange(&config.exchange)).await?;
    }
    let publisher = broker.publisher(&config.exchange.name, &config.publish);
    let probe = Arc::clone(&publisher);
    process.readiness.add("broker", true, move || probe.is_connected());
    let metrics = process.register(IngestMetrics::register);
    let ingest = Ingest::new(&config, Arc::clone(&publisher), metrics)?;
    let stop = process.stop.clone();
    let guard = Guard::new(MAX_REQUESTS, process.register(HttpMetrics::register), Arc::new(Anonymous), &stop);
    let listener = bind_any(config.port).await?;
    let limits = ServerLimits::default();
    let router = surface(producer_routes(ingest), guard);
    let serving = tokio::spawn(serve(listener, router, limits, stop.clone()));
    stop.cancelled().await;
    process.drain();
    if serving.await.is_err() {
        warn!("the server ended by a panic");
    }
    publisher.close().await;
    process.finish().await;
    Ok(())
}
