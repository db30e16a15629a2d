//! How each part of a control plane is started.

use std::path::Path;

use super::programs::Programs;
use crate::ca::{Ca, PemPair};
use crate::child_options::ChildOptions;
use crate::error::Result;
use crate::folder::Folder;
use crate::ports::free_port;

/// The ports of one control plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub etcd: u16,
    pub etcd_peer: u16,
    pub api: u16,
}

impl Ports {
    /// Ports on which nobody listens at this moment.
    pub(super) fn free() -> Result<Self> {
        Ok(Self { etcd: free_port()?, etcd_peer: free_port()?, api: free_port()? })
    }
}

pub(super) fn etcd(programs: &Programs, folder: &Folder, ports: Ports) -> Result<ChildOptions> {
    let peer = format!("http://127.0.0.1:{}", ports.etcd_peer);
    let client = format!("http://127.0.0.1:{}", ports.etcd);
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
    ports: Ports,
    ca: &Ca,
    accounts: &PemPair,
) -> Result<ChildOptions> {
    let server = ca.server_cert(&["127.0.0.1", "localhost", "10.96.0.1", "kubernetes.default.svc"])?;
    Ok(ChildOptions::new(programs.path("kube-apiserver")?)
        .args([format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd), format!("--secure-port={}", ports.api)])
        .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"])
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
        // Tests make hundreds of Deployments at once and wait for them; the autoscaler's default is 15 s.
        .args(["--kube-api-qps=500", "--kube-api-burst=1000", "--horizontal-pod-autoscaler-sync-period=2s"])
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
        // Without leases the nodes would count as lost after a minute, and their pods as not ready.
        .args(["--manage-all-nodes=true", "--node-lease-duration-seconds=40"]))
}

fn flag(name: &str, path: &Path) -> String {
    format!("--{name}={}", path.display())
}
