//! The role `producer`.

use std::sync::Arc;

use hoopoe_web::{ServerLimits, serve};
use tracing::warn;

use crate::{
    broker::{AmqpPublisher, AmqpTopology, BrokerMetrics, Publisher, Topology},
    config::{ConfigError, Endpoint},
    edge::http::{Guard, HttpMetrics, openapi::producer_routes, surface},
    identity::Anonymous,
    ingest::{Ingest, IngestMetrics},
};

use super::{
    RoleError, WorkerArgs, declare,
    process::{Process, bind_any},
};

/// Requests at once; each waits for a confirm, and `maxInFlight` bounds those.
const MAX_REQUESTS: usize = 10_000;

/// Takes notifications over HTTP until SIGTERM.
pub async fn producer(args: &WorkerArgs) -> Result<(), RoleError> {
    let process = Process::start("producer", &args.config).await?;
    let no_role = || ConfigError::NoRole { path: args.config.clone(), role: "producer" };
    let config = process.config.producer.clone().ok_or_else(no_role)?;
    let amqp = process.endpoints.need_amqp()?.clone();
    // A part is in the report before it answers: `/readyz` says what a worker waits for.
    process.readiness.add("broker", true, || false);
    process.named_parts();
    let tls = process.config.broker_tls.clone();
    let broker_metrics = process.register(BrokerMetrics::register);
    if config.declare {
        let management = process.endpoints.amqp_management.as_ref().map(Endpoint::expose);
        let topology = AmqpTopology::new(amqp.expose(), &tls, management, &process.config.resource.namespace);
        declare::until_done(&process.stop, || topology.declare_exchange(&config.exchange)).await?;
    }
    let publisher =
        Arc::new(AmqpPublisher::start(amqp.expose(), &tls, &config.exchange.name, &config.publish, broker_metrics));
    let probe = Arc::clone(&publisher);
    process.readiness.add("broker", true, move || probe.is_connected());
    let metrics = process.register(IngestMetrics::register);
    let ingest = Ingest::new(&config, Arc::clone(&publisher) as Arc<dyn Publisher>, metrics)?;
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
