//! The flags of `hoopoe-operator run`, each with an environment variable.

use std::net::SocketAddr;

use clap::Args;
use hoopoe_crds::ports;

use crate::register::RegisterArgs;

/// The flags of `run`.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Namespaces whose resources are reconciled; repeat the flag, or separate them by commas. Default: all.
    #[arg(long = "watch-namespace", env = "HOOPOE_OPERATOR_WATCH_NAMESPACE", value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,
    /// The namespace of the leader's Lease. Default: the operator's own.
    #[arg(long, env = "HOOPOE_OPERATOR_LEASE_NAMESPACE")]
    pub lease_namespace: Option<String>,
    /// The name of the leader's Lease.
    #[arg(long, env = "HOOPOE_OPERATOR_LEASE_NAME", default_value = "hoopoe-operator")]
    pub lease_name: String,
    /// The id of this cluster among all clusters that use the same broker: at most 64 letters, digits and `-`. Default:
    /// the uid of the namespace kube-system.
    #[arg(long, env = "HOOPOE_OPERATOR_CLUSTER_ID", value_parser = cluster_id)]
    pub cluster_id: Option<String>,
    /// The address on which health and metrics are served.
    #[arg(long, env = "HOOPOE_OPERATOR_ADMIN", default_value_t = SocketAddr::from(([0, 0, 0, 0], ports::ADMIN)))]
    pub admin: SocketAddr,
    /// How many resources may roll to a new default worker image at the same time.
    #[arg(long, env = "HOOPOE_OPERATOR_UPGRADE_MAX_CONCURRENT", default_value_t = 10,
        value_parser = clap::value_parser!(u16).range(1..))]
    pub upgrade_max_concurrent: u16,
    /// The image of workers whose spec names no image.
    #[arg(long, env = "HOOPOE_OPERATOR_WORKER_IMAGE", default_value = concat!("hoopoe:", env!("CARGO_PKG_VERSION")))]
    pub worker_image: String,
    /// Names of pull Secrets for that image, in each resource's namespace; repeat the flag, or separate them by commas.
    #[arg(long = "worker-image-pull-secret", env = "HOOPOE_OPERATOR_WORKER_IMAGE_PULL_SECRETS", value_delimiter = ',')]
    pub worker_image_pull_secrets: Vec<String>,
    /// Base URL of an OTLP/HTTP collector for the operator's own traces, and for workers whose spec names no collector.
    /// Default: no traces.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// The flags of `/notif/register`.
    #[command(flatten)]
    pub register: RegisterArgs,
}

/// The id becomes a part of a regular expression on the broker.
fn cluster_id(text: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits.then(|| text.to_owned()).ok_or_else(|| "it must be 1 to 64 letters, digits and -".to_owned())
}
