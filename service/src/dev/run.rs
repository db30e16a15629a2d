//! Runs `hoopoe dev` from its start to its end.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use hoopoe_crds::{
    Manifest,
    worker_config::{CacheConfig, StoreConfig, TelemetryConfig},
};
use hoopoe_web::{Readiness, ReadyzFormat, ServerLimits, admin_router, bind, serve, telemetry::LogFormat};
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{
    config::Endpoints,
    consumer::{ConsumerMetrics, sweeper},
    edge::http::{
        Guard, HttpMetrics,
        inbox::{ApiMetrics, InboxState},
    },
    identity::Anonymous,
    inbox::{InboxMetrics, Reader, ReaderOptions, Writer},
    ingest::IngestMetrics,
    roles::on_signal,
    telemetry,
};

use super::{
    DevArgs, DevError, manifests,
    parts::Parts,
    ports::Ports,
    register,
    remembered::Remembered,
    supervisor::{DevShared, Supervisor},
};

/// The most requests at once, over all ports.
const MAX_REQUESTS: usize = 10_000;

/// Runs until SIGTERM or Ctrl-C.
pub async fn run(args: DevArgs) -> Result<(), DevError> {
    let (mut manifests, passed_over) = manifests::read_all(&args.filenames)?;
    if manifests.is_empty() && !args.filenames.is_empty() {
        return Err(DevError::Nothing);
    }
    let endpoints = Endpoints::from_env()?;
    let telemetry = telemetry::start("hoopoe-dev", &telemetry_of(&manifests), LogFormat::Text)?;
    for other in passed_over {
        info!("skipping {other}: only NotifProducer and NotifConsumer run here");
    }
    let stop = on_signal().map_err(DevError::Signals)?;
    std::fs::create_dir_all(&args.data).map_err(|source| DevError::File { path: args.data.clone(), source })?;

    let registry = Arc::new(Mutex::new(Registry::default()));
    let readiness = Readiness::default();
    let started = Arc::new(AtomicBool::new(false));
    let all_started = Arc::clone(&started);
    readiness.add("resources", true, move || all_started.load(Ordering::Acquire));

    let admin = bind(args.admin).await?;
    let Some((mut supervisor, guard)) = open(&args, &endpoints, &manifests, &registry, &readiness, &stop).await? else {
        return Ok(());
    };
    // Start producers first, because they make the exchanges that consumers wait for.
    manifests.sort_by_key(|manifest| matches!(manifest, Manifest::Consumer(_)));
    for manifest in manifests {
        supervisor.start(manifest, false).await?;
    }
    for manifest in supervisor.remembered()? {
        supervisor.start_again(manifest).await;
    }
    started.store(true, Ordering::Release);

    let supervisor = Arc::new(tokio::sync::Mutex::new(supervisor));
    let admin_stop = CancellationToken::new();
    let router = register::router(Arc::clone(&supervisor), guard.before(&admin_stop)).merge(admin_router(
        readiness.clone(),
        registry,
        ReadyzFormat::Json,
    ));
    info!("serving register, health and metrics on http://{}", args.admin);
    let serving = tokio::spawn(serve(admin, router, ServerLimits::default(), admin_stop.clone()));
    stop.cancelled().await;
    readiness.drain();
    supervisor.lock().await.close().await;
    admin_stop.cancel();
    let _ = serving.await;
    telemetry.shutdown();
    Ok(())
}

async fn open(
    args: &DevArgs,
    endpoints: &Endpoints,
    manifests: &[Manifest],
    registry: &Mutex<Registry>,
    readiness: &Readiness,
    stop: &CancellationToken,
) -> Result<Option<(Supervisor, Guard)>, DevError> {
    let (cache, store) = settings_of(manifests);
    // The instruments are shared only when they are complete: nothing is served before the parts are open.
    let mut instruments = Registry::default();
    let parts = Parts::open(endpoints, &args.data, (&cache, &store), &mut instruments, readiness, stop).await?;
    let Some(parts) = parts else { return Ok(None) };
    let inbox_metrics = InboxMetrics::register(&mut instruments);
    let writer = Arc::new(Writer::new(Arc::clone(&parts.store), Some(Arc::clone(&parts.cache)), inbox_metrics.clone()));
    let options = ReaderOptions::new(&cache);
    let (of_store, of_cache) = (Arc::clone(&parts.store), Some(Arc::clone(&parts.cache)));
    let reader = Arc::new(Reader::start(of_store, of_cache, Arc::clone(&writer), options, inbox_metrics, stop));
    let store_up = Arc::new(AtomicBool::new(true));
    let probe = Arc::clone(&store_up);
    readiness.add("store", true, move || probe.load(Ordering::Relaxed));
    tokio::spawn(sweeper::run(Arc::clone(&writer), store_up, stop.clone()));
    let api = InboxState::new(reader, Arc::clone(&writer), ApiMetrics::register(&mut instruments));
    let guard = Guard::new(MAX_REQUESTS, HttpMetrics::register(&mut instruments), Arc::new(Anonymous), stop);
    let shared = DevShared {
        parts,
        writer,
        api,
        producer_metrics: IngestMetrics::register(&mut instruments),
        consumer_metrics: ConsumerMetrics::register(&mut instruments),
        readiness: readiness.clone(),
    };
    *registry.lock().unwrap_or_else(PoisonError::into_inner) = instruments;
    let ports = Ports::new(args.listen, guard.clone());
    Ok(Some((Supervisor::new(shared, ports, Remembered::in_folder(&args.data)), guard)))
}

/// The settings of the process's cache and store: those of the first consumer.
fn settings_of(manifests: &[Manifest]) -> (CacheConfig, StoreConfig) {
    let first = manifests.iter().find_map(|manifest| match manifest {
        Manifest::Consumer(consumer) => Some((consumer.spec.cache.clone(), consumer.spec.store.clone())),
        Manifest::Producer(_) => None,
    });
    first.unwrap_or_default()
}

/// The trace collector of the whole process: that of the first resource that names one.
fn telemetry_of(manifests: &[Manifest]) -> TelemetryConfig {
    let settings = manifests.iter().filter_map(|manifest| match manifest {
        Manifest::Producer(producer) => producer.spec.workload.telemetry.as_ref(),
        Manifest::Consumer(consumer) => consumer.spec.workload.telemetry.as_ref(),
    });
    let mut config = TelemetryConfig::default();
    if let Some(settings) = settings.into_iter().find(|settings| settings.otlp_endpoint.is_some()) {
        config.otlp_endpoint.clone_from(&settings.otlp_endpoint);
        if let Some(ratio) = &settings.sample_ratio {
            config.sample_ratio.clone_from(ratio);
        }
    }
    config
}
