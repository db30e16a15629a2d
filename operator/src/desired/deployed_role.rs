//! Everything that is needed to build one Deployment of a resource and the objects around it.

use hoopoe_crds::{WorkerConfig, workload::Autoscale};

use super::{Platform, metadata::Family};
use crate::{dereference::RoleSecrets, scale::Replicas};

/// The input for one Deployment.
pub(super) struct DeployedRole<'a> {
    pub family: Family<'a>,
    pub platform: &'a Platform,
    pub config: WorkerConfig,
    pub secrets: &'a RoleSecrets,
    /// Set if a migration runs before the worker.
    pub migrate: Option<&'a RoleSecrets>,
    /// Every server that the resource's Secrets name.
    pub servers: &'a [(String, u16)],
    /// The port that a Service leads to.
    pub port: Option<u16>,
    pub replicas: Replicas,
    pub autoscale: Option<&'a Autoscale>,
    pub grace_seconds: u64,
    /// How much memory the container may use if the spec sets no limit, in bytes.
    pub memory: u64,
}
