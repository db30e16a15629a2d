//! The `--register-*` flags of `run`, and the start of the port.

use std::net::SocketAddr;

use clap::Args;
use hoopoe_web::{ServeError, bind, serve};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{LIMITS, RegisterMetrics, RegisterSecrets, RegisterSettings, router};

/// The flags of the register port.
#[derive(Clone, Debug, Args)]
pub struct RegisterArgs {
    /// The address of `/notif/register`, which has the rights of each caller's own bearer token. Default: not served.
    #[arg(long = "register", env = "HOOPOE_OPERATOR_REGISTER", value_name = "ADDR")]
    pub address: Option<SocketAddr>,
    /// The namespace of everything that is registered. Default: the operator's own.
    #[arg(long = "register-namespace", env = "HOOPOE_OPERATOR_REGISTER_NAMESPACE", value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// The Secrets of resources that are registered in the original service's form. Without redis they have no shared
    /// cache.
    #[arg(
        long = "register-secrets",
        env = "HOOPOE_OPERATOR_REGISTER_SECRETS",
        value_name = "broker=NAME,postgres=NAME,redis=NAME",
        default_value = "broker=rabbitmq,postgres=postgres"
    )]
    pub secrets: RegisterSecrets,
}

/// Why the port cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Another process has the port, or we may not bind it.
    #[error("{0} (--register)")]
    Bind(#[from] ServeError),
    /// The HTTP client that sends notifications cannot be set up.
    #[error("failed to set up an HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

impl RegisterArgs {
    /// Binds at once and serves in the background until `stop`, if an address was given. `cluster`: where the API
    /// server is.
    pub async fn start(
        &self,
        cluster: kube::Config,
        metrics: RegisterMetrics,
        stop: CancellationToken,
    ) -> Result<Option<JoinHandle<()>>, RegisterError> {
        let Some(address) = self.address else { return Ok(None) };
        let namespace = self.namespace.clone().unwrap_or_else(|| cluster.default_namespace.clone());
        let settings = RegisterSettings { secrets: self.secrets.clone(), ..RegisterSettings::new(cluster, namespace)? };
        let listener = bind(address).await?;
        tracing::info!(%address, namespace = settings.namespace, "serving /notif/register");
        Ok(Some(tokio::spawn(serve(listener, router(settings, metrics), LIMITS, stop))))
    }
}
