//! `hoopoe-operator run`: one of several leads, the others wait.

use kube::{Client, client::ClientBuilder};
use prometheus_client::registry::Registry;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    admin::{self, AdminError, Readiness},
    api_requests::ApiRequests,
    config::Config,
    controller::{self, RunError},
    election::{Election, ElectionError},
    metrics::Metrics,
    register::{RegisterError, RegisterMetrics},
};

/// Why the operator ended with an error.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No kubeconfig, and no service account.
    #[error("failed to find a cluster: {0}")]
    Cluster(#[source] Box<kube::Error>),
    /// The process cannot hear signals.
    #[error("failed to listen for signals: {0}")]
    Signals(#[source] std::io::Error),
    /// Health and metrics cannot be served.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// `/notif/register` cannot be served.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The election cannot start.
    #[error(transparent)]
    Election(#[from] ElectionError),
    /// The operator could not go on.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Another process may lead now. This one may write nothing any more, so it ends and is started again.
    #[error("failed to keep the lease: it was not renewed in time, or another process took it")]
    LeaseLost,
}

/// Runs until SIGTERM or SIGINT.
pub async fn run(config: &Config) -> Result<(), StartError> {
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone()).map_err(StartError::Signals)?;
    let unreachable = |error| StartError::Cluster(Box::new(error));
    let cluster = kube::Config::infer().await.map_err(|error| unreachable(kube::Error::InferConfig(error)))?;
    let mut registry = Registry::default();
    let requests = ApiRequests::register(&mut registry);
    let client = ClientBuilder::try_from(cluster.clone()).map_err(unreachable)?.with_layer(&requests).build();
    // Every replica serves it: registering does not need the leader.
    let register = config.register.start(cluster, RegisterMetrics::register(&mut registry), stop.clone()).await?;
    let result = run_with(client, config, registry, stop.clone()).await;
    stop.cancel();
    if let Some(register) = register {
        // An error means that it panicked, and the panic is in the log.
        let _ = register.await;
    }
    result
}

/// The same with the caller's client and registry, until `stop`.
pub async fn run_with(
    client: Client,
    config: &Config,
    mut registry: Registry,
    stop: CancellationToken,
) -> Result<(), StartError> {
    let metrics = Metrics::register(&mut registry);
    let readiness = Readiness::starting();
    let address = admin::serve(config.admin, registry, readiness.clone(), stop.clone()).await?;
    let namespace = config.lease_namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
    let identity = identity();
    tracing::info!(%address, %identity, version = env!("CARGO_PKG_VERSION"), "started; waiting for the lease");
    let mut election = Election::start(client.clone(), &namespace, &config.lease_name, &identity).await?;
    // A process that waits to lead counts as ready: otherwise a rollout with two replicas would not go on.
    readiness.started();
    if !election.won(&stop).await {
        return Ok(());
    }
    metrics.leader.set(1);
    tracing::info!("this process leads now");
    let work = stop.child_token();
    let result = tokio::select! {
        result = controller::run(client, config, metrics.clone(), readiness, work.clone()) => {
            result.map_err(StartError::from)
        }
        () = election.lost() => {
            // This arm drops the controllers, so nothing is written any more.
            metrics.leader.set(0);
            return Err(StartError::LeaseLost);
        }
    };
    metrics.leader.set(0);
    election.give_back().await;
    tracing::info!("stopped");
    result
}

/// The name of the pod and a random part, because a restarted container is a new candidate.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "hoopoe-operator".to_owned());
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
    format!("{host}-{random:016x}")
}

fn stop_on_signal(stop: CancellationToken) -> std::io::Result<()> {
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = interrupt.recv() => {} }
        stop.cancel();
    });
    Ok(())
}
