//! One node: containerd, kubelet and kube-proxy in their own network and mount namespaces. It runs real pods.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use super::network::{self, Site};
use super::{DATA, REGISTRY, STATE, control_groups};
use crate::child_options::ChildOptions;
use crate::control_plane::ControlPlane;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::programs::Programs;
use crate::server::Server;

const READY_LIMIT: Duration = Duration::from_mins(3);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const NODE_VIEW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cluster/node-view.sh");

/// A node of a cluster.
#[derive(Debug)]
pub(super) struct Node {
    // The fields are in the order in which the programs must end.
    proxy: Server,
    kubelet: Server,
    containerd: Server,
    site: Site,
}

impl Node {
    /// Starts the node's three programs. The node becomes Ready some seconds later.
    pub(super) async fn start(plane: &ControlPlane, programs: &Programs, site: Site, logs: &Folder) -> Result<Self> {
        control_groups::make(&site.scope())?;
        let serve = |launch| Server::start(launch, logs.clone(), Signal::TERM, STOP_LIMIT);
        let folders = Folders::make(site)?;
        let containerd = serve(containerd(programs, site, &folders)?)?;
        let socket = folders.socket();
        let listens = || async { tokio::net::UnixStream::connect(&socket).await.is_ok() };
        containerd.child()?.wait_until("its socket", READY_LIMIT, listens).await?;
        let view = View::Of(containerd.pid()?);
        let kubelet = serve(kubelet(plane, programs, site, view, &folders)?)?;
        let proxy = serve(kube_proxy(plane, programs, site, view)?)?;
        Ok(Self { proxy, kubelet, containerd, site })
    }

    /// The node's name in the cluster.
    pub(super) fn name(&self) -> String {
        self.site.name()
    }

    /// Stops the kubelet and starts it again. The pods keep running.
    pub(super) async fn restart_kubelet(&self) -> Result<()> {
        self.kubelet.restart().await
    }

    /// Disconnects the node from the network, or connects it again. The pods keep running.
    pub(super) async fn set_connected(&self, connected: bool) -> Result<()> {
        network::set_connected(self.site, connected).await
    }

    /// Stops the node's programs. The sweep ends the containers.
    pub(super) async fn stop(&self) -> Result<()> {
        for server in [&self.proxy, &self.kubelet, &self.containerd] {
            server.stop().await?;
        }
        Ok(())
    }
}

/// The folders of a node.
struct Folders {
    state: PathBuf,
    data: PathBuf,
}

impl Folders {
    fn make(site: Site) -> Result<Self> {
        let folders = Self { state: Path::new(STATE).join(site.name()), data: Path::new(DATA).join(site.name()) };
        for folder in [folders.state.join("cni"), folders.registries(), folders.data.join("certificates")] {
            std::fs::create_dir_all(&folder).map_err(Error::io(format!("make {}", folder.display())))?;
        }
        Ok(folders)
    }

    fn socket(&self) -> PathBuf {
        self.state.join("containerd.sock")
    }

    fn registries(&self) -> PathBuf {
        self.state.join("registries").join(REGISTRY)
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.state.join(name);
        std::fs::write(&path, text).map_err(Error::io(format!("write {}", path.display())))?;
        Ok(path)
    }
}

/// The mount namespace in which a node's program runs.
#[derive(Debug, Clone, Copy)]
enum View {
    /// A new one, with the node's own copy of folders that nodes may not share.
    New,
    /// The one of this process.
    Of(u32),
}

/// Options to run a program in the node's network. Our programs come first in `PATH`, where containerd finds its shim.
fn launch(programs: &Programs, site: Site, view: View, name: &str) -> Result<ChildOptions> {
    let program = programs.path(name)?;
    let path = format!("{}:{}", programs.search_path(), std::env::var("PATH").unwrap_or_default());
    let [enter, namespace] = site.enter();
    let options = ChildOptions::new(enter).arg(namespace);
    let options = match view {
        View::New => options.args([NODE_VIEW, "enter"]),
        View::Of(pid) => options.arg(format!("--mount=/proc/{pid}/ns/mnt")),
    };
    Ok(options.arg(program).name(format!("{}-{name}", site.name())).env("PATH", path))
}

fn containerd(programs: &Programs, site: Site, folders: &Folders) -> Result<ChildOptions> {
    folders.write(
        "cni/10-pods.conflist",
        &json!({
            "cniVersion": "1.0.0",
            "name": "pods",
            // Use ptp and not bridge: on a bridge, an answer from one pod to another would bypass kube-proxy, and so
            // come from the wrong address.
            "plugins": [{
                "type": "ptp",
                "ipam": {
                    "type": "host-local",
                    "dataDir": folders.data.join("addresses"),
                    "ranges": [[{ "subnet": site.pods() }]],
                    "routes": [{ "dst": "0.0.0.0/0" }],
                },
            }],
        })
        .to_string(),
    )?;
    let registry = format!("server = \"http://{REGISTRY}\"\n");
    std::fs::write(folders.registries().join("hosts.toml"), registry).map_err(Error::io("write hosts.toml"))?;
    let show = |path: &Path| path.display().to_string();
    // The paths are our own, so they contain no quotation marks that would need an escape.
    let config = format!(
        "version = 3\n\
         root = \"{data}/containerd\"\n\
         state = \"{state}/containerd\"\n\
         [grpc]\n\
         address = \"{state}/containerd.sock\"\n\
         [plugins.'io.containerd.nri.v1.nri']\n\
         disable = true\n\
         [plugins.'io.containerd.cri.v1.runtime']\n\
         # No sandbox may raise its own score where this process may not.\n\
         restrict_oom_score_adj = true\n\
         netns_mounts_under_state_dir = true\n\
         [plugins.'io.containerd.cri.v1.runtime'.cni]\n\
         bin_dirs = [\"/usr/lib/cni\", \"/opt/cni/bin\"]\n\
         conf_dir = \"{state}/cni\"\n\
         [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]\n\
         runtime_type = \"io.containerd.runc.v2\"\n\
         [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]\n\
         BinaryName = \"{runc}\"\n\
         SystemdCgroup = false\n\
         [plugins.'io.containerd.cri.v1.images'.pinned_images]\n\
         sandbox = \"{REGISTRY}/pause:1\"\n\
         [plugins.'io.containerd.cri.v1.images'.registry]\n\
         config_path = \"{state}/registries\"\n",
        data = show(&folders.data),
        state = show(&folders.state),
        runc = show(&programs.path("runc")?),
    );
    let config = folders.write("containerd.toml", &config)?;
    Ok(launch(programs, site, View::New, "containerd")?.arg("--config").arg(config))
}

fn kubelet(
    plane: &ControlPlane,
    programs: &Programs,
    site: Site,
    view: View,
    folders: &Folders,
) -> Result<ChildOptions> {
    let name = site.name();
    let kubeconfig = plane.kubeconfig_for(&format!("system:node:{name}"), Some("system:nodes"))?;
    // Pods of this cluster need no names from outside it.
    let resolver = folders.write("resolv.conf", "")?;
    let config = json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": { "enabled": false },
            "webhook": { "enabled": true },
            "x509": { "clientCAFile": plane.ca()?.certificate() },
        },
        "authorization": { "mode": "Webhook" },
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": format!("/{}", site.scope()),
        "failCgroupV1": false,
        "failSwapOn": false,
        "enforceNodeAllocatable": [],
        "containerRuntimeEndpoint": format!("unix://{}", folders.socket().display()),
        "clusterDNS": [super::DNS],
        "clusterDomain": "cluster.local",
        "resolvConf": resolver,
        "podLogsDir": folders.data.join("logs"),
        "serializeImagePulls": false,
        // Evict no pods when the disk is full, because the disk belongs to this machine and not to the cluster.
        "evictionHard": {
            "memory.available": "50Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%", "imagefs.available": "1%",
        },
        "imageGCHighThresholdPercent": 100,
    });
    let config = folders.write("kubelet.json", &config.to_string())?;
    Ok(launch(programs, site, view, "kubelet")?
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .arg("--config")
        .arg(config)
        .arg("--root-dir")
        .arg(folders.data.join("kubelet"))
        .arg("--cert-dir")
        .arg(folders.data.join("certificates"))
        .arg(format!("--hostname-override={name}"))
        .arg(format!("--node-ip={}", site.address()))
        .arg(format!("--node-labels=topology.kubernetes.io/zone=zone-{}", site.0)))
}

fn kube_proxy(plane: &ControlPlane, programs: &Programs, site: Site, view: View) -> Result<ChildOptions> {
    let kubeconfig = plane.kubeconfig_for("system:kube-proxy", None)?;
    Ok(launch(programs, site, view, "kube-proxy")?
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .arg(format!("--hostname-override={}", site.name()))
        .arg(format!("--cluster-cidr={}", network::PODS))
        // The limits belong to the whole machine, so a program in a namespace must not set them.
        .args(["--proxy-mode=nftables", "--conntrack-max-per-core=0"]))
}
