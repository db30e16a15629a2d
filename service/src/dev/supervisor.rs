//! The resources that run in this process: starts them, stops them, lists them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use hoopoe_crds::{
    Manifest,
    consumer::NotifConsumerSpec,
    manifest::Resource,
    producer::NotifProducerSpec,
    worker_config::{ConsumerConfig, ProducerConfig},
    worker_configs,
    workload::Lifecycle,
};
use hoopoe_web::Readiness;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::{
    broker::{QueueTopology, TopologyError},
    consumer::{Consumer, ConsumerMetrics, Settings},
    edge::http::{
        inbox::InboxState,
        openapi::{api_routes, producer_routes},
    },
    inbox::Writer,
    ingest::{Ingest, IngestMetrics},
    roles::declare,
};

use super::{DevError, parts::Parts, ports::Ports, remembered::Remembered, worker::Worker};

/// How long to try to declare an exchange before its producer fails, and a queue before its consumer waits in the
/// background.
const DECLARE_LIMIT: Duration = Duration::from_secs(10);

/// A resource's kind and name.
type Key = (&'static str, String);

/// Everything that a supervisor works with.
pub(super) struct DevShared {
    /// Broker, cache and store.
    pub(super) parts: Parts,
    /// The process's writer.
    pub(super) writer: Arc<Writer>,
    /// The inbox API. There is one, because all consumers have the same store.
    pub(super) api: InboxState,
    /// The producers' instruments.
    pub(super) producer_metrics: IngestMetrics,
    /// The consumers' instruments.
    pub(super) consumer_metrics: ConsumerMetrics,
    /// The process's health.
    pub(super) readiness: Readiness,
}

/// The resources that run in this process.
pub(super) struct Supervisor {
    shared: DevShared,
    ports: Ports,
    remembered: Remembered,
    running: BTreeMap<Key, Running>,
    /// The resources that are registered but could not be started this time.
    unable: BTreeMap<Key, Manifest>,
}

struct Running {
    manifest: Manifest,
    registered: bool,
    worker: Worker,
}

/// A running resource in the form that the list shows.
#[derive(Clone, Debug, serde::Serialize)]
pub(super) struct Listed {
    /// `NotifProducer` or `NotifConsumer`.
    pub(super) kind: &'static str,
    /// The resource's name.
    pub(super) name: String,
    /// The resource's namespace.
    pub(super) namespace: String,
    /// The address that it listens on: a producer's ingest, a consumer's inbox API.
    pub(super) url: Option<String>,
    /// Whether it was registered at run time. `false`: it came from a manifest.
    pub(super) registered: bool,
}

impl Supervisor {
    /// A supervisor without resources.
    pub(super) fn new(shared: DevShared, ports: Ports, remembered: Remembered) -> Self {
        Self { shared, ports, remembered, running: BTreeMap::new(), unable: BTreeMap::new() }
    }

    /// The resources that were registered before the last stop.
    pub(super) fn remembered(&self) -> Result<Vec<Manifest>, DevError> {
        self.remembered.read()
    }

    /// Starts a resource that was registered before the last stop. If it cannot run any more (its port is taken), the
    /// others still run, and it stays registered.
    pub(super) async fn start_again(&mut self, manifest: Manifest) {
        let key = (manifest.kind(), manifest.metadata().name.clone());
        if let Err(error) = self.start(manifest.clone(), true).await {
            error!(%error, "the registered {} {} does not run", key.0, key.1);
            self.unable.insert(key, manifest);
        }
    }

    /// Starts a resource as [`Supervisor::start`] does, and saves the registration. Only this and
    /// [`Supervisor::remove`] write the file: a process that is still starting the saved resources would lose the rest
    /// of them.
    pub(super) async fn register(&mut self, manifest: Manifest) -> Result<Listed, DevError> {
        let listed = self.start(manifest, true).await?;
        self.write_remembered()?;
        Ok(listed)
    }

    /// Starts a resource and replaces the one with the same kind and name. The old one is stopped once the new one
    /// runs, and continues if the new one cannot run. A resource that already runs with the same settings is left
    /// alone.
    pub(super) async fn start(&mut self, manifest: Manifest, registered: bool) -> Result<Listed, DevError> {
        let (kind, name) = (manifest.kind(), manifest.metadata().name.clone());
        let invalid = manifest.broken_rules();
        if !invalid.is_empty() {
            return Err(DevError::Invalid { kind, name, invalid });
        }
        let key = (kind, name);
        if self.running.get(&key).is_none_or(|running| running.manifest != manifest) {
            let started = match &manifest {
                Manifest::Producer(producer) => self.start_producer(producer).await,
                Manifest::Consumer(consumer) => self.start_consumer(consumer).await,
            };
            let replaced = match started {
                Ok(worker) => self.running.insert(key.clone(), Running { manifest, registered, worker }),
                Err(error) => {
                    // A port may have been opened for the resource that failed.
                    self.close_unused_api_ports().await;
                    if self.running.contains_key(&key) {
                        info!("{kind} {} keeps its old settings, because it cannot start with the new ones", key.1);
                    }
                    return Err(error);
                }
            };
            if let Some(Running { manifest: _, registered: _, worker }) = replaced {
                worker.stop(&key.1, &self.shared.readiness).await;
            }
            self.close_unused_api_ports().await;
            self.unable.remove(&key);
            if let Some(running) = self.running.get(&key) {
                running.worker.watch(&key.1, &self.shared.readiness);
            }
        }
        let listed = self.list().into_iter().find(|listed| (listed.kind, &listed.name) == (key.0, &key.1));
        // The entry exists: it was inserted above, or was there before.
        listed.ok_or(DevError::Nothing)
    }

    /// Stops a resource and removes its registration. Returns whether it existed. Messages in its queue stay there.
    pub(super) async fn remove(&mut self, kind: &str, name: &str) -> Result<bool, DevError> {
        let mut known = self.running.keys().chain(self.unable.keys());
        let Some(key) = known.find(|(k, n)| *k == kind && n == name).cloned() else { return Ok(false) };
        self.unable.remove(&key);
        self.end(&key).await;
        self.write_remembered()?;
        Ok(true)
    }

    /// All running resources.
    pub(super) fn list(&self) -> Vec<Listed> {
        let listed = |((kind, name), running): (&Key, &Running)| Listed {
            kind,
            name: name.clone(),
            namespace: running.manifest.metadata().namespace.clone(),
            url: running.worker.url().map(str::to_owned),
            registered: running.registered,
        };
        self.running.iter().map(listed).collect()
    }

    /// Stops everything: first the producers, then the consumers.
    pub(super) async fn close(&mut self) {
        self.ports.close().await;
        for key in self.running.keys().cloned().collect::<Vec<_>>() {
            self.end(&key).await;
        }
        self.shared.parts.close().await;
    }

    async fn start_producer(&mut self, resource: &Resource<NotifProducerSpec>) -> Result<Worker, DevError> {
        let config = worker_configs::for_dev::producer(&resource.spec);
        let name = &resource.metadata.name;
        if is_stopped(resource.spec.workload.lifecycle, resource.spec.workload.replicas) {
            self.ports.remove_producer(name).await;
            return Ok(Worker::Stopped { api: None });
        }
        let ProducerConfig { exchange, publish, port, .. } = &config;
        let topology = self.shared.parts.broker.topology();
        let never = CancellationToken::new();
        let declared =
            timeout(DECLARE_LIMIT, declare::until_done(&never, || topology.declare_exchange(exchange))).await;
        let late = |_| TopologyError::Unavailable(format!("the exchange was not declared within {DECLARE_LIMIT:?}"));
        declared.map_err(late)??;
        let publisher = self.shared.parts.broker.publisher(&exchange.name, publish);
        let ingest = Ingest::new(&config, Arc::clone(&publisher), self.shared.producer_metrics.clone())?;
        let got = self.ports.serve_producer(name, *port, producer_routes(ingest)).await?;
        let url = self.ports.url(got);
        info!("producer {name} (exchange {}) listens on {url}", exchange.name);
        if got != *port {
            info!("producer {name} asked for port {port}, which is taken");
        }
        Ok(Worker::Producer { publisher, url })
    }

    async fn start_consumer(&mut self, resource: &Resource<NotifConsumerSpec>) -> Result<Worker, DevError> {
        let name = &resource.metadata.name;
        let mut url = None;
        if resource.spec.api.enabled {
            let port = resource.spec.api.port;
            self.ports.serve_api(port, api_routes(self.shared.api.clone())).await?;
            url = Some(self.ports.url(port));
            info!("consumer {name}: its inbox API listens on {}", self.ports.url(port));
        }
        let config = worker_configs::for_dev::consumer(&resource.spec);
        if is_stopped(resource.spec.workload.lifecycle, resource.spec.workload.replicas) {
            return Ok(Worker::Stopped { api: url });
        }
        let topology = self.shared.parts.broker.topology();
        let declared = match timeout(DECLARE_LIMIT, topology.declare_queue(&config)).await {
            Ok(Ok(())) => true,
            // Waiting cannot solve these errors, or the caller must learn of them first.
            Ok(Err(error @ (TopologyError::Mismatch { .. } | TopologyError::Refused { .. }))) => {
                return Err(error.into());
            }
            Ok(Err(TopologyError::Unavailable(_) | TopologyError::ExchangeMissing(_))) | Err(_) => false,
        };
        let stop = CancellationToken::new();
        let queue = self.shared.parts.broker.queue(&config.queue.name);
        let (writer, store) = (Arc::clone(&self.shared.writer), Arc::clone(&self.shared.parts.store));
        let consumer = Consumer::new(
            Settings::from(&config),
            Arc::clone(&queue),
            writer,
            store,
            self.shared.consumer_metrics.clone(),
        );
        let waits_for = (!declared).then_some((topology, config));
        let task = tokio::spawn(declare_and_run(waits_for, consumer, stop.clone()));
        info!("consumer {name} drains the queue {}", resource.spec.queue.name);
        Ok(Worker::Consumer { stop, task, queue, api: url })
    }

    async fn end(&mut self, key: &Key) {
        let Some(Running { manifest, registered: _, worker }) = self.running.remove(key) else { return };
        match manifest {
            Manifest::Producer(_) => self.ports.remove_producer(&key.1).await,
            Manifest::Consumer(_) => {}
        }
        worker.stop(&key.1, &self.shared.readiness).await;
        self.close_unused_api_ports().await;
    }

    async fn close_unused_api_ports(&mut self) {
        let api_ports = self.running.values().filter_map(|running| match &running.manifest {
            Manifest::Consumer(consumer) if consumer.spec.api.enabled => Some(consumer.spec.api.port),
            Manifest::Consumer(_) | Manifest::Producer(_) => None,
        });
        self.ports.retain_api(&api_ports.collect::<BTreeSet<_>>()).await;
    }

    fn write_remembered(&self) -> Result<(), DevError> {
        let registered = self.running.values().filter(|running| running.registered);
        self.remembered.write(registered.map(|running| &running.manifest).chain(self.unable.values()))
    }
}

fn is_stopped(lifecycle: Lifecycle, replicas: i32) -> bool {
    lifecycle == Lifecycle::Stopped || replicas == 0
}

/// A consumer whose exchange does not exist yet waits for the exchange.
async fn declare_and_run(
    waits_for: Option<(Arc<dyn QueueTopology>, ConsumerConfig)>,
    consumer: Consumer,
    stop: CancellationToken,
) {
    if let Some((topology, config)) = waits_for
        && let Err(error) = declare::until_done(&stop, || topology.declare_queue(&config)).await
    {
        error!(%error, "the consumer of the queue {} does not run", config.queue.name);
        return;
    }
    consumer.run(stop).await;
}
