//! A Kubernetes of two nodes that really run pods: containerd, kubelet and kube-proxy from their Go modules, each node in a network
//! namespace of its own, an image registry beside them, and the cluster's DNS.

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

/// Sockets, mounts and configuration of the nodes. Short: a socket's path has room for 108 bytes.
const STATE: &str = "/run/hoopoe-cluster";
/// Their images, pods and volumes.
const DATA: &str = "/var/lib/hoopoe-cluster";
/// Where the nodes get images from.
pub const REGISTRY: &str = "10.89.0.1:5000";
/// The cluster's name server, a service of its own.
const DNS: &str = "10.96.0.10";
const SITES: [Site; 2] = [Site(1), Site(2)];
const SWEEP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cluster/sweep.sh");
const SWEEP_LIMIT: Duration = Duration::from_mins(1);
/// How long another cluster of this machine may take to end: a run of its tests takes half of it.
const LOCK_LIMIT: Duration = Duration::from_mins(20);

/// A cluster. There is one at a time on a machine; whatever an earlier one left is removed first. It ends with this value's
/// [`stop`](Self::stop), and with the process however that ends.
#[derive(Debug)]
pub struct Cluster {
    // In the order in which they end.
    nodes: Vec<Node>,
    registry: Registry,
    plane: ControlPlane,
    programs: Programs,
    // Held to the end.
    _lock: UnixListener,
}

impl Cluster {
    /// Starts it, once no other cluster runs on this machine, and waits until its nodes and its DNS are ready. `say` hears what is
    /// being done.
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
        let rollout = ["-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=90s"];
        cluster.plane.kubectl(&rollout).await?;
        Ok(cluster)
    }

    /// RabbitMQ, `PostgreSQL` and Redis in pods of the namespace `backends`.
    pub async fn start_backends(&self) -> Result<()> {
        self.apply(include_str!("../cluster/backends.yaml")).await?;
        for name in ["rabbitmq", "postgres", "redis"] {
            let workload = format!("statefulset/{name}");
            self.plane.kubectl(&["-n", "backends", "rollout", "status", &workload, "--timeout=120s"]).await?;
        }
        Ok(())
    }

    /// The Secrets that name the backends, in the namespace `default`, as the examples want them.
    pub async fn add_secrets(&self) -> Result<()> {
        self.apply(include_str!("../cluster/secrets.yaml")).await
    }

    /// Its control plane: `kubectl`, kubeconfigs, the API server's end and return.
    pub fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    /// `kubectl apply` of a text in which `REGISTRY/` stands for where images come from.
    pub async fn apply(&self, yaml: &str) -> Result<()> {
        self.plane.apply(&yaml.replace("REGISTRY/", &format!("{REGISTRY}/"))).await
    }

    /// Makes an image that lies in a folder (an OCI layout) known under a name; the digest that a pod may ask for.
    pub async fn push(&self, folder: &Path, name: &str) -> Result<String> {
        self.registry.push(folder, name).await
    }

    /// A program of the cluster's, as `kubectl` is one.
    pub fn program(&self, name: &str) -> Result<std::path::PathBuf> {
        self.programs.path(name)
    }

    /// Ends a node's kubelet and starts it again.
    pub async fn restart_kubelet(&self, node: &str) -> Result<()> {
        self.node(node)?.restart_kubelet().await
    }

    /// Cuts a node off from everything, or connects it again.
    pub async fn set_connected(&self, node: &str, connected: bool) -> Result<()> {
        self.node(node)?.set_connected(connected).await
    }

    /// Ends all of it and removes every trace.
    pub async fn stop(self) -> Result<()> {
        for node in &self.nodes {
            node.stop().await?;
        }
        drop(self.registry);
        drop(self.plane);
        sweep().await
    }

    async fn wait_ready(&self) -> Result<()> {
        // A node is there once its kubelet has registered it.
        for node in &self.nodes {
            let name = format!("node/{}", node.name());
            self.plane.kubectl(&["wait", "--for=create", &name, "--timeout=60s"]).await?;
            self.plane.kubectl(&["wait", "--for=condition=Ready", &name, "--timeout=60s"]).await?;
        }
        Ok(())
    }

    fn node(&self, name: &str) -> Result<&Node> {
        let none = || Error::NoControlPlane { reason: format!("the cluster has no node {name}") };
        self.nodes.iter().find(|node| node.name() == name).ok_or_else(none)
    }
}

/// Removes what a cluster left that did not come to its own end.
async fn sweep() -> Result<()> {
    tool::run(tokio::process::Command::new(SWEEP), SWEEP_LIMIT).await.map(drop)
}

/// A name in the machine's network, which goes with the process that holds it.
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
