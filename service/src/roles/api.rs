//! The role `api`.

use std::sync::Arc;

use hoopoe_web::{ServerLimits, serve};
use tracing::warn;

use crate::{
    cache::CacheMetrics,
    config::ConfigError,
    edge::http::{
        Guard, HttpMetrics,
        inbox::{ApiMetrics, InboxState},
        openapi::api_routes,
        surface,
    },
    identity::Anonymous,
    inbox::{InboxMetrics, Reader, ReaderOptions, Writer},
};

use super::{
    RoleError, WorkerArgs, parts,
    process::{Process, bind_any},
};

/// The most requests at once. A poll takes microseconds, and reads of the store have a limit of their own.
const MAX_REQUESTS: usize = 20_000;

/// Serves inboxes until SIGTERM.
pub async fn api(args: &WorkerArgs) -> Result<(), RoleError> {
    let process = Process::start("api", &args.config).await?;
    let no_role = || ConfigError::NoRole { path: args.config.clone(), role: "api" };
    let config = process.config.api.clone().ok_or_else(no_role)?;
    let postgres = process.endpoints.need_postgres()?.clone();
    let cache_metrics = process.register(CacheMetrics::register);
    let inbox_metrics = process.register(InboxMetrics::register);
    let api_metrics = process.register(ApiMetrics::register);
    let http_metrics = process.register(HttpMetrics::register);
    // Add each part to the health report before it answers, so that `/readyz` shows what the worker waits for.
    process.readiness.add("store", true, || false);
    process.named_parts();

    let stop = process.stop.clone();
    let listener = bind_any(config.port).await?;
    let store = parts::postgres(&postgres, &process.config.postgres_tls, &process.config.store, &stop).await?;
    if let Some(store) = store {
        let (endpoint, redis_tls) = (process.endpoints.redis.as_ref(), &process.config.redis_tls);
        let redis = parts::redis(endpoint, redis_tls, &process.config.cache, store.as_ref(), cache_metrics).await?;
        if let Some(redis) = redis.clone() {
            process.readiness.add("redis", false, move || redis.is_up());
        }
        let writer = Arc::new(Writer::new(Arc::clone(&store), redis.clone(), inbox_metrics.clone()));
        let background = tokio_util::sync::CancellationToken::new();
        let reader = Arc::new(Reader::start(
            Arc::clone(&store),
            redis,
            Arc::clone(&writer),
            ReaderOptions::new(&process.config.cache),
            inbox_metrics,
            &background,
        ));
        let probe = Arc::clone(&reader);
        process.readiness.add("store", true, move || probe.is_ready());
        let guard = Guard::new(MAX_REQUESTS, http_metrics, Arc::new(Anonymous), &stop);
        let router = surface(api_routes(InboxState::new(reader, writer, api_metrics)), guard);
        let serving = tokio::spawn(serve(listener, router, ServerLimits::default(), stop.clone()));
        stop.cancelled().await;
        process.drain();
        if serving.await.is_err() {
            warn!("the server ended by a panic");
        }
        background.cancel();
        store.close().await;
    }
    process.finish().await;
    Ok(())
}
