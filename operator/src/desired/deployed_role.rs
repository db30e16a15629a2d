//! What is needed to make one Deployment of a resource, and everything that belongs to it.

use hoopoe_crds::{WorkerConfig, workload::Autoscale};

use super::{Platform, metadata::Family};
use crate::{dereference::RoleSecrets, scale::Replicas};

/// What makes one Deployment.
pub(super) struct DeployedRole<'a> {
    pub family: Family<'a>,
    pub platform: &'a Platform,
    pub config: WorkerConfig,
    pub secrets: &'a RoleSecrets,
    /// Set where a migration runs before the worker.
    pub migrate: Option<&'a RoleSecrets>,
    /// Every server that the resource's Secrets name.
    pub servers: &'a [(String, u16)],
    /// The port that a Service leads to.
    pub port: Option<u16>,
    pub replicas: Replicas,
    pub autoscale: Option<&'a Autoscale>,
    pub grace_seconds: u64,
    /// What the container may use at most where the spec says nothing, in bytes.
    pub memory: u64,
}
