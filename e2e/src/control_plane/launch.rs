//! The command lines of the parts of a control plane.

use std::net::Ipv4Addr;
use std::path::Path;

use super::MASTERS;
use crate::ca::{Ca, PemPair};
use crate::child_options::ChildOptions;
use crate::error::Result;
use crate::folder::Folder;
use crate::ports::free_port;
use crate::programs::Programs;

/// The address and the ports on which one control plane listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listen {
    /// The API server's address. If it is not loopback, real nodes and their pods connect to it.
    pub address: Ipv4Addr,
    pub etcd: u16,
    pub etcd_peer: u16,
    pub api: u16,
}

impl Listen {
    /// Chooses ports of that address on which no server listens at this moment.
    pub(super) fn at(address: Ipv4Addr) -> Result<Self> {
        Ok(Self { address, etcd: free_port()?, etcd_peer: free_port()?, api: free_port()? })
    }
}

pub(super) fn etcd(programs: &Programs, folder: &Folder, listen: Listen) -> Result<ChildOptions> {
    let peer = format!("http://127.0.0.1:{}", listen.etcd_peer);
    let client = format!("http://127.0.0.1:{}", listen.etcd);
    Ok(ChildOptions::new(programs.path("etcd")?)
        .arg("--unsafe-no-fsync")
        .arg("--data-dir")
        .arg(folder.path().join("etcd"))
        .args(["--name", "e2e", "--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("e2e={peer}"), "--log-level", "warn"]))
}

pub(super) fn api_server(
    programs: &Programs,
    folder: &Folder,
    listen: Listen,
    ca: &Ca,
    accounts: &PemPair,
) -> Result<ChildOptions> {
    let address = listen.address.to_string();
    let server = ca.server_cert(&[&address, "localhost", "10.96.0.1", "kubernetes.default.svc"])?;
    let kubelet_client = ca.client_cert_in("api-server", MASTERS)?;
    // Pods cannot reach an API server on loopback, so its address is published only if it is not loopback.
    let reconciler = if listen.address.is_loopback() { "none" } else { "lease" };
    Ok(ChildOptions::new(programs.path("kube-apiserver")?)
        .args([format!("--etcd-servers=http://127.0.0.1:{}", listen.etcd), format!("--secure-port={}", listen.api)])
        .args([format!("--bind-address={address}"), format!("--advertise-address={address}")])
        .arg(format!("--endpoint-reconciler-type={reconciler}"))
        .arg(flag("kubelet-client-certificate", &kubelet_client.certificate))
        .arg(flag("kubelet-client-key", &kubelet_client.key))
        .args([
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
        ])
        .args(["--service-cluster-ip-range=10.96.0.0/16", "--service-account-issuer=https://kubernetes.default.svc"])
        .args(["--kubelet-preferred-address-types=InternalIP", "--max-requests-inflight=2000"])
        .arg(flag("cert-dir", &folder.path().join("api-server")))
        .arg(flag("tls-cert-file", &server.certificate))
        .arg(flag("tls-private-key-file", &server.key))
        .arg(flag("client-ca-file", ca.certificate()))
        .arg(flag("service-account-key-file", &accounts.certificate))
        .arg(flag("service-account-signing-key-file", &accounts.key)))
}

pub(super) fn controller_manager(
    programs: &Programs,
    kubeconfig: &Path,
    ca: &Ca,
    accounts: &PemPair,
) -> Result<ChildOptions> {
    Ok(ChildOptions::new(programs.path("kube-controller-manager")?)
        .arg(flag("kubeconfig", kubeconfig))
        .arg(flag("root-ca-file", ca.certificate()))
        .arg(flag("service-account-private-key-file", &accounts.key))
        // The autoscaler's default is 15 s, which is too slow for tests that make hundreds of Deployments and wait for
        // them.
        .args(["--kube-api-qps=500", "--kube-api-burst=1000", "--horizontal-pod-autoscaler-sync-period=2s"])
        // The default is 50 s; a kubelet reports its status every ten seconds.
        .args(["--node-monitor-grace-period=25s", "--node-monitor-period=2s"])
        .args(["--use-service-account-credentials=true", "--leader-elect=false", "--secure-port=0"]))
}

pub(super) fn scheduler(programs: &Programs, kubeconfig: &Path) -> Result<ChildOptions> {
    Ok(ChildOptions::new(programs.path("kube-scheduler")?).arg(flag("kubeconfig", kubeconfig)).args([
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--leader-elect=false",
        "--secure-port=0",
    ]))
}

pub(super) fn kwok(programs: &Programs, kubeconfig: &Path, stages: &Path) -> Result<ChildOptions> {
    Ok(ChildOptions::new(programs.path("kwok")?)
        .arg(flag("kubeconfig", kubeconfig))
        .arg(flag("config", stages))
        // Without leases Kubernetes would treat the nodes as lost after a minute, and their pods as not ready.
        .args(["--manage-all-nodes=true", "--node-lease-duration-seconds=40"]))
}

fn flag(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}
