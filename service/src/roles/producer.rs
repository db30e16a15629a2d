//! The role `producer`.

use std::sync::Arc;

use tracing::warn;

use crate::{
    broker::BrokerMetrics,
    config::ConfigError,
    http::{Guard, HttpMetrics, ServerLimits, serve},
    producer::{self, ProducerMetrics, ProducerState},
};

use super::{
    RoleError, WorkerArgs, declare, parts,
    process::{Process, bind_any},
};

/// Requests at once; each waits for a confirm, and `maxInFlight` bounds those.
const MAX_REQUESTS: usize = 10_000;

/// Takes notifications over HTTP until SIGTERM.
pub async fn producer(args: &WorkerArgs) -> Result<(), RoleError> {
    let process = Process::start("producer", &args.config).await?;
    let no_role = || ConfigError::NoRole { path: args.config.clone(), role: "producer" };
    let config = process.config.producer.clone().ok_or_else(no_role)?;
    process.endpoints.need_amqp()?;
    // A part is in the report before it answers: `/readyz` says what a worker waits for.
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
    let metrics = process.register(ProducerMetrics::register);
    let state = ProducerState::new(&config, Arc::clone(&publisher), metrics)?;
    let guard = Guard::new(MAX_REQUESTS, process.register(HttpMetrics::register));
    let listener = bind_any(config.port).await?;
    let limits = ServerLimits::default();
    let stop = process.stop.clone();
    let serving = tokio::spawn(serve(listener, producer::router(state, guard), limits, stop.clone()));
    stop.cancelled().await;
    process.drain();
    if serving.await.is_err() {
        warn!("the server ended by a panic");
    }
    publisher.close().await;
    process.finish().await;
    Ok(())
}
