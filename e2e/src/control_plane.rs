//! A Kubernetes control plane: etcd, API server with RBAC, controller manager, and where wanted nodes and pods played by kwok.

mod kubeconfig;
mod launch;
mod programs;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::Mutex;

use crate::ca::Ca;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::ports::free_port;
use crate::server::{ATTEMPTS, Server};
use crate::tool;
use kubeconfig::Identity;
use launch::Ports;
use programs::Programs;

const START_LIMIT: Duration = Duration::from_mins(2);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const KUBECTL_LIMIT: Duration = Duration::from_mins(2);

/// The group that may do everything.
const MASTERS: &str = "system:masters";

static SHARED: Mutex<Option<Arc<ControlPlane>>> = Mutex::const_new(None);

/// A control plane. Each part ends with this value, and with the test process however that ends.
///
/// Where `HOOPOE_TEST_KUBECONFIG` names a kubeconfig, that cluster is used instead, and nothing is started.
#[derive(Debug)]
pub struct ControlPlane {
    programs: Programs,
    kubeconfig: PathBuf,
    own: Option<Own>,
}

/// What is there only where the control plane is ours.
#[derive(Debug)]
struct Own {
    // In the order in which they end.
    kwok: Option<Server>,
    scheduler: Option<Server>,
    controllers: Server,
    api: Server,
    etcd: Server,
    ca: Ca,
    url: String,
    folder: Folder,
}

impl ControlPlane {
    /// etcd, API server and controller manager. Pods that are made stay Pending.
    pub async fn start() -> Result<Self> {
        Self::start_with_nodes(0).await
    }

    /// The same, with a scheduler and so many nodes, whose pods become Ready at once and run nothing.
    pub async fn start_with_nodes(nodes: usize) -> Result<Self> {
        let programs = Programs::find().await?;
        if let Some(given) = std::env::var_os("HOOPOE_TEST_KUBECONFIG") {
            return Ok(Self { programs, kubeconfig: PathBuf::from(given), own: None });
        }
        let mut attempt = 1;
        loop {
            match Self::start_once(programs.clone(), nodes).await {
                Err(error) if error.is_port_taken() && attempt < ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }

    /// The control plane with two nodes that all tests of this process share: each makes namespaces of its own in it, and none
    /// stops it. It ends with the process.
    pub async fn shared() -> Result<Arc<Self>> {
        let mut shared = SHARED.lock().await;
        if let Some(plane) = &*shared {
            return Ok(plane.clone());
        }
        let plane = Arc::new(Self::start_with_nodes(2).await?);
        *shared = Some(plane.clone());
        Ok(plane)
    }

    async fn start_once(programs: Programs, nodes: usize) -> Result<Self> {
        let folder = Folder::new()?;
        let ca = Ca::new()?;
        let accounts = ca.client_cert("service-accounts")?;
        let ports = Ports { etcd: free_port()?, etcd_peer: free_port()?, api: free_port()? };
        let serve = |launch| Server::start(launch, folder.clone(), Signal::TERM, STOP_LIMIT);
        let etcd = serve(launch::etcd(&programs, &folder, ports)?)?;
        let api = serve(launch::api_server(&programs, &folder, ports, &ca, &accounts)?)?;
        let url = format!("https://127.0.0.1:{}", ports.api);
        let admin = ca.client_cert_in("admin", MASTERS)?;
        let kubeconfig = write_kubeconfig(&folder, "admin", &url, &ca, &Identity::Certificate(&admin))?;
        wait_ready(&programs, &api, &kubeconfig).await?;
        let controllers = serve(launch::controller_manager(&programs, &kubeconfig, &ca, &accounts)?)?;
        let own = Own { kwok: None, scheduler: None, controllers, api, etcd, ca, url, folder: folder.clone() };
        let mut plane = Self { programs, kubeconfig, own: Some(own) };
        if nodes > 0 {
            plane.add_nodes(nodes).await?;
        }
        Ok(plane)
    }

    async fn add_nodes(&mut self, nodes: usize) -> Result<()> {
        let Some(own) = &mut self.own else { return Ok(()) };
        let stages = own.folder.write_private("stages.yaml", include_str!("control_plane/stages.yaml"), None)?;
        let serve = |launch| Server::start(launch, own.folder.clone(), Signal::TERM, STOP_LIMIT);
        own.scheduler = Some(serve(launch::scheduler(&self.programs, &self.kubeconfig)?)?);
        own.kwok = Some(serve(launch::kwok(&self.programs, &self.kubeconfig, &stages)?)?);
        let node = |number| {
            format!(
                "{{apiVersion: v1, kind: Node, metadata: {{name: node-{number}, labels: {{kubernetes.io/hostname: node-{number}, \
                 topology.kubernetes.io/zone: zone-{number}}}}}}}\n"
            )
        };
        self.apply(&(0..nodes).map(node).collect::<Vec<_>>().join("---\n")).await?;
        self.kubectl(&["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s"]).await.map(drop)
    }

    /// The kubeconfig of somebody who may do everything.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The kubeconfig of a user, in a group or in none, by a client certificate. Only for a control plane of our own.
    pub fn kubeconfig_for(&self, user: &str, group: Option<&str>) -> Result<PathBuf> {
        let own = self.own()?;
        let certificate = match group {
            Some(group) => own.ca.client_cert_in(user, group)?,
            None => own.ca.client_cert(user)?,
        };
        write_kubeconfig(&own.folder, &file_name(user), &own.url, &own.ca, &Identity::Certificate(&certificate))
    }

    /// The kubeconfig of a service account, by a token of an hour, and the token. Only for a control plane of our own.
    pub async fn kubeconfig_for_account(&self, namespace: &str, account: &str) -> Result<(PathBuf, String)> {
        let token = self.kubectl(&["-n", namespace, "create", "token", account, "--duration=1h"]).await?;
        let own = self.own()?;
        let name = file_name(&format!("{namespace}-{account}"));
        let file = write_kubeconfig(&own.folder, &name, &own.url, &own.ca, &Identity::Token(token.trim()))?;
        Ok((file, token.trim().to_owned()))
    }

    /// Where the API server of our own is: `https://127.0.0.1:…`.
    pub fn api_url(&self) -> Result<&str> {
        Ok(&self.own()?.url)
    }

    /// The authority whose certificates the API server of our own shows and trusts.
    pub fn ca(&self) -> Result<&Ca> {
        Ok(&self.own()?.ca)
    }

    /// What `kubectl` prints, as the one who may do everything; its complaint is the error.
    pub async fn kubectl(&self, args: &[&str]) -> Result<String> {
        self.kubectl_as(&self.kubeconfig, args).await
    }

    /// What `kubectl` prints for the holder of a kubeconfig.
    pub async fn kubectl_as(&self, kubeconfig: &Path, args: &[&str]) -> Result<String> {
        let mut command = tokio::process::Command::new(self.programs.path("kubectl")?);
        command.arg("--kubeconfig").arg(kubeconfig).args(args);
        tool::run(command, KUBECTL_LIMIT).await
    }

    /// `kubectl` with a text on its input (`-f -`), whatever it answers.
    pub async fn kubectl_with(&self, args: &[&str], input: &str) -> Result<Output> {
        use tokio::io::AsyncWriteExt;
        let mut command = tokio::process::Command::new(self.programs.path("kubectl")?);
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(Error::io("run kubectl"))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).await.map_err(Error::io("write to kubectl"))?;
        }
        child.wait_with_output().await.map_err(Error::io("run kubectl"))
    }

    /// `kubectl apply --server-side` of a text with one or more documents.
    pub async fn apply(&self, yaml: &str) -> Result<()> {
        let output = self.kubectl_with(&["apply", "--server-side", "--force-conflicts", "-f", "-"], yaml).await?;
        if output.status.success() {
            return Ok(());
        }
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Error::Tool { command: "kubectl apply".to_owned(), status: output.status, output: complaint })
    }

    /// `kill -9` of the API server; its objects stay in etcd.
    pub async fn kill_api_server(&self) -> Result<()> {
        self.own()?.api.kill9().await
    }

    /// Starts the API server again on the same port and waits until it is ready.
    pub async fn start_api_server(&self) -> Result<()> {
        let api = &self.own()?.api;
        api.restart().await?;
        wait_ready(&self.programs, api, &self.kubeconfig).await
    }

    /// Freezes the API server.
    pub fn pause_api_server(&self) -> Result<()> {
        self.own()?.api.pause()
    }

    /// Thaws it.
    pub fn resume_api_server(&self) -> Result<()> {
        self.own()?.api.resume()
    }

    /// The ids of all processes of ours, the API server's first.
    pub fn pids(&self) -> Result<Vec<u32>> {
        let own = self.own()?;
        let others = [Some(&own.etcd), Some(&own.controllers), own.scheduler.as_ref(), own.kwok.as_ref()];
        std::iter::once(&own.api).chain(others.into_iter().flatten()).map(Server::pid).collect()
    }

    fn own(&self) -> Result<&Own> {
        self.own.as_ref().ok_or_else(|| Error::NoControlPlane {
            reason: "this is for a control plane of the tests' own; HOOPOE_TEST_KUBECONFIG names another".to_owned(),
        })
    }
}

async fn wait_ready(programs: &Programs, api: &Server, kubeconfig: &Path) -> Result<()> {
    let kubectl = programs.path("kubectl")?;
    let ready = || async {
        let mut command = tokio::process::Command::new(&kubectl);
        command.arg("--kubeconfig").arg(kubeconfig).args(["get", "--raw", "/readyz"]);
        tool::run(command, Duration::from_secs(10)).await.is_ok()
    };
    api.child()?.wait_until("ok from /readyz", START_LIMIT, ready).await
}

fn write_kubeconfig(folder: &Folder, name: &str, url: &str, ca: &Ca, identity: &Identity) -> Result<PathBuf> {
    folder.write_private(&format!("{name}.kubeconfig"), &kubeconfig::text(url, ca.certificate(), identity), None)
}

fn file_name(user: &str) -> String {
    user.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}
