//! The network that a cluster's nodes and this machine share: a bridge on this machine and a network namespace for each
//! node.
//!
//! Everything that a node's kube-proxy and CNI plugin write (nftables, routes, links) is in the node's namespace and
//! disappears with it. This machine's own network gets only a bridge and four routes.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use crate::error::{Error, Result};
use crate::tool;

/// The bridge on this machine.
const BRIDGE: &str = "hoopoe0";
/// The address of this machine for nodes and pods. The API server and the registry listen on it.
pub(super) const MACHINE: Ipv4Addr = Ipv4Addr::new(10, 89, 0, 1);
/// The addresses of all pods. A service that is called from outside them answers through the node that was called.
pub(super) const PODS: &str = "10.90.0.0/16";
const SERVICES: &str = "10.96.0.0/16";
const LIMIT: Duration = Duration::from_secs(10);
/// The folder in which `ip netns` keeps namespaces.
const NAMESPACES: &str = "/run/netns";
/// A file that exists if we made that folder: the first `ip netns add` on a machine makes it and mounts it on itself.
const NAMESPACES_MADE: &str = "netns-made";

/// The place of one node in the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Site(pub u8);

impl Site {
    /// The node's name.
    pub(super) fn name(self) -> String {
        format!("node-{}", self.0)
    }

    /// The name of the node's network namespace and control group.
    pub(super) fn scope(self) -> String {
        format!("hoopoe-node-{}", self.0)
    }

    /// The address of the node.
    pub(super) fn address(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 89, 0, 10 + self.0)
    }

    /// The addresses of the node's pods.
    pub(super) fn pods(self) -> String {
        format!("10.90.{}.0/24", self.0)
    }

    fn link(self) -> String {
        format!("hoopoe-n{}", self.0)
    }

    /// A command that runs in the node's network. It does not use `ip netns exec`, which hides the control groups.
    pub(super) fn enter(self) -> [String; 2] {
        ["nsenter".to_owned(), format!("--net={NAMESPACES}/{}", self.scope())]
    }
}

/// Makes the bridge, and a namespace with a link to it for each node. Writes into `state` if the sweep must also remove
/// the folder of the namespaces.
pub(super) async fn make(sites: &[Site], state: &Path) -> Result<()> {
    if !Path::new(NAMESPACES).exists() {
        let marker = state.join(NAMESPACES_MADE);
        let made = std::fs::create_dir_all(state).and_then(|()| std::fs::write(&marker, ""));
        made.map_err(Error::io(format!("write {}", marker.display())))?;
    }
    ip(&format!("link add {BRIDGE} type bridge")).await?;
    ip(&format!("address add {MACHINE}/24 dev {BRIDGE}")).await?;
    ip(&format!("link set {BRIDGE} up")).await?;
    for site in sites {
        let (scope, link, address) = (site.scope(), site.link(), site.address());
        ip(&format!("netns add {scope}")).await?;
        ip(&format!("link add {link} type veth peer name eth0 netns {scope}")).await?;
        ip(&format!("link set {link} master {BRIDGE} up")).await?;
        ip(&format!("-n {scope} link set lo up")).await?;
        ip(&format!("-n {scope} address add {address}/24 dev eth0")).await?;
        ip(&format!("-n {scope} link set eth0 up")).await?;
        ip(&format!("-n {scope} route add default via {MACHINE}")).await?;
        ip(&format!("route add {} via {address}", site.pods())).await?;
        for other in sites.iter().filter(|other| *other != site) {
            ip(&format!("-n {scope} route add {} via {}", other.pods(), other.address())).await?;
        }
        let [program, namespace] = site.enter();
        let mut forward = Command::new(program);
        forward.args([namespace.as_str(), "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]);
        tool::run(forward, LIMIT).await?;
    }
    match sites.first() {
        Some(first) => ip(&format!("route add {SERVICES} via {}", first.address())).await,
        None => Ok(()),
    }
}

/// Disconnects a node from the others and from this machine, or connects it again.
pub(super) async fn set_connected(site: Site, connected: bool) -> Result<()> {
    ip(&format!("link set {} {}", site.link(), if connected { "up" } else { "down" })).await
}

async fn ip(args: &str) -> Result<()> {
    let mut command = Command::new("ip");
    command.args(args.split(' '));
    tool::run(command, LIMIT).await.map(drop)
}
