//! A Kubernetes cluster of two nodes that run real pods. Each node has containerd, kubelet and kube-proxy, built from
//! their Go modules, and its own network namespace. The cluster also has an image registry and a DNS server.

mod control_groups;
mod images;
mod network;
mod node;
mod registry;

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::control_plane::ControlPlane;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::programs::Programs;
use crate::{tool, watchdog};
use network::Site;
use node::Node;
use registry::Registry;

/// The folder of the nodes' sockets, mounts and configuration. It is short because a socket's path is limited to 108
/// bytes.
const STATE: &str = "/run/hoopoe-cluster";
/// The folder of the nodes' images, pods and volumes.
const DATA: &str = "/var/lib/hoopoe-cluster";
/// The address of the registry from which the nodes pull images.
pub const REGISTRY: &str = "10.89.0.1:5000";
/// The address of the cluster's DNS service.
const DNS: &str = "10.96.0.10";
const SITES: [Site; 2] = [Site(1), Site(2)];
const SWEEP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cluster/sweep.sh");
const SWEEP_LIMIT: Duration = Duration::from_mins(1);
/// How long to wait for another cluster on this machine to end. A run of the cluster's tests takes half of this time.
const LOCK_LIMIT: Duration = Duration::from_mins(20);

/// A cluster. Only one runs at a time on a machine, and its start first removes everything that an earlier one has
/// left. It ends with [`stop`](Self::stop), and with the process, even if that is killed.
#[derive(Debug)]
pub struct Cluster {
    // The fields are in the order in which the parts must end.
    nodes: Vec<Node>,
    registry: Registry,
    plane: ControlPlane,
    programs: Programs,
    // The lock is held until the end.
    _lock: UnixListener,
}

impl Cluster {
    /// Waits until no other cluster runs on this machine, starts the cluster, and waits until its nodes and its DNS are
    /// ready. It reports each step to `say`.
    pub async fn start(say: impl Fn(&str)) -> Result<Self> {
        let lock = lock(&say).await?;
        say("looking for the programs (the first time they are built: some ten minutes)");
        let programs = Programs::with_nodes().await?;
        sweep().await?;
        watchdog::run_at_end(Path::new(SWEEP))?;
        say("making a bridge and two network namespaces");
        network::make(&SITES, Path::new(STATE)).await?;
        say("starting etcd, the API server, controllers and scheduler");
        let plane = ControlPlane::start_for_nodes(&programs, network::MACHINE).await?;
        say("starting an image registry");
        let registry = Registry::start(&programs).await?;
        say("making the images of its own that a cluster needs (the first time: some two minutes)");
        for image in images::own().await? {
            registry.push(&image.folder, &image.name).await?;
        }
        say("starting two nodes");
        let logs = Folder::new()?;
        let mut nodes = Vec::new();
        for site in SITES {
            nodes.push(Node::start(&plane, &programs, site, &logs).await?);
        }
        let cluster = Self { nodes, registry, plane, programs, _lock: lock };
        cluster.wait_ready().await?;
        say("starting the cluster's DNS");
        cluster.apply(include_str!("../cluster/dns.yaml")).await?;
        let rollout = ["-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=180s"];
        cluster.plane.kubectl(&rollout).await?;
        Ok(cluster)
    }

    /// Starts RabbitMQ, `PostgreSQL` and Redis in pods of the namespace `backends`.
    pub async fn start_backends(&self) -> Result<()> {
        self.apply(include_str!("../cluster/backends.yaml")).await?;
        for name in ["rabbitmq", "postgres", "redis"] {
            let workload = format!("statefulset/{name}");
            self.plane.kubectl(&["-n", "backends", "rollout", "status", &workload, "--timeout=180s"]).await?;
        }
        Ok(())
    }

    /// Adds the Secrets of the backends to the namespace `default`, as the examples need them.
    pub async fn add_secrets(&self) -> Result<()> {
        self.apply(include_str!("../cluster/secrets.yaml")).await
    }

    /// The control plane, which offers `kubectl`, kubeconfigs, and the kill and restart of the API server.
    pub fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    /// Runs `kubectl apply` on a text, in which it replaces `REGISTRY/` by the registry's address.
    pub async fn apply(&self, yaml: &str) -> Result<()> {
        self.plane.apply(&yaml.replace("REGISTRY/", &format!("{REGISTRY}/"))).await
    }

    /// Pushes an image (an OCI layout in a folder) to the registry under a name. Returns the digest, which pods can
    /// use.
    pub async fn push(&self, folder: &Path, name: &str) -> Result<String> {
        self.registry.push(folder, name).await
    }

    /// The path of one of the cluster's programs, such as `kubectl`.
    pub fn program(&self, name: &str) -> Result<std::path::PathBuf> {
        self.programs.path(name)
    }

    /// Stops a node's kubelet and starts it again.
    pub async fn restart_kubelet(&self, node: &str) -> Result<()> {
        self.node(node)?.restart_kubelet().await
    }

    /// Disconnects a node from the network, or connects it again.
    pub async fn set_connected(&self, node: &str, connected: bool) -> Result<()> {
        self.node(node)?.set_connected(connected).await
    }

    /// Stops the cluster and removes every trace of it.
    pub async fn stop(self) -> Result<()> {
        for node in &self.nodes {
            node.stop().await?;
        }
        drop(self.registry);
        drop(self.plane);
        sweep().await
    }

    async fn wait_ready(&self) -> Result<()> {
        // A node exists in the cluster only after its kubelet has registered it.
        for node in &self.nodes {
            let name = format!("node/{}", node.name());
            self.plane.kubectl(&["wait", "--for=create", &name, "--timeout=180s"]).await?;
            self.plane.kubectl(&["wait", "--for=condition=Ready", &name, "--timeout=180s"]).await?;
        }
        Ok(())
    }

    fn node(&self, name: &str) -> Result<&Node> {
        let none = || Error::NoControlPlane { reason: format!("the cluster has no node {name}") };
        self.nodes.iter().find(|node| node.name() == name).ok_or_else(none)
    }
}

/// Removes everything that a killed cluster has left.
async fn sweep() -> Result<()> {
    tool::run(tokio::process::Command::new(SWEEP), SWEEP_LIMIT).await.map(drop)
}

/// Takes a name in the machine's network as a lock. The kernel frees it when the process ends.
async fn lock(say: &impl Fn(&str)) -> Result<UnixListener> {
    let name = SocketAddr::from_abstract_name("hoopoe-cluster").map_err(Error::io("name the cluster's lock"))?;
    let started = Instant::now();
    for second in 0_u32.. {
        match UnixListener::bind_addr(&name) {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && started.elapsed() < LOCK_LIMIT => {
                if second % 60 == 0 {
                    say("a cluster runs on this machine already; waiting for its end");
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => break,
            bound => return bound.map_err(Error::io("hold the cluster's lock")),
        }
    }
    Err(Error::NoControlPlane { reason: "a cluster runs on this machine already".to_owned() })
}
