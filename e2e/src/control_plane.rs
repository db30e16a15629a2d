//! A Kubernetes control plane: etcd, an API server with RBAC, the controller manager and, if wanted, nodes and pods
//! that kwok simulates.

mod kubeconfig;
mod kubectl;
mod launch;
mod readiness;
mod upkeep;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use crate::ca::Ca;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::programs::Programs;
use crate::server::Server;
use kubeconfig::Identity;
use kubectl::Kubectl;
use launch::Listen;
use readiness::Readiness;
use upkeep::Upkeep;

/// Longer than any part takes to become ready.
const START_LIMIT: Duration = Duration::from_mins(4);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// The group that has all rights.
const MASTERS: &str = "system:masters";

static SHARED: Mutex<Option<Arc<ControlPlane>>> = Mutex::const_new(None);

/// Limits how many control planes this process runs at once. The start of one takes six seconds of a processor. If each
/// of eight tests started one at the same time, each would wait for the others until its own time limits.
static PLACES: Semaphore = Semaphore::const_new(6);

/// A control plane. Each part ends with this value, and with the test process, even if that is killed.
///
/// If `HOOPOE_TEST_KUBECONFIG` names a kubeconfig, that cluster is used instead, and no program is started.
#[derive(Debug)]
pub struct ControlPlane {
    kubectl: Kubectl,
    kubeconfig: PathBuf,
    own: Option<Own>,
}

/// The parts that exist only if we have started the control plane.
#[derive(Debug)]
struct Own {
    programs: Programs,
    // The fields are in the order in which the parts must end.
    kwok: Option<Server>,
    _upkeep: Upkeep,
    scheduler: Option<Arc<Server>>,
    controllers: Arc<Server>,
    api: Server,
    etcd: Server,
    readiness: Readiness,
    folder: Folder,
    // It is given back when all parts have ended. `None`: real nodes use the control plane.
    _place: Option<SemaphorePermit<'static>>,
}

impl ControlPlane {
    /// Starts etcd, the API server and the controller manager. Without nodes, pods stay Pending. It waits while this
    /// process runs six control planes already.
    pub async fn start() -> Result<Self> {
        Self::start_with_nodes(0).await
    }

    /// Starts the same parts, a scheduler and this number of simulated nodes. Their pods become Ready at once and run
    /// no program.
    pub async fn start_with_nodes(nodes: usize) -> Result<Self> {
        if let Some(given) = std::env::var_os("HOOPOE_TEST_KUBECONFIG") {
            let kubectl = Kubectl::new(&Programs::client().await?)?;
            return Ok(Self { kubectl, kubeconfig: PathBuf::from(given), own: None });
        }
        let programs = Programs::all().await?;
        let place = PLACES.acquire().await.ok();
        let mut plane = Self::start_parts(programs, nodes > 0, Listen::at(Ipv4Addr::LOCALHOST)?, place).await?;
        plane.add_nodes(nodes).await?;
        Ok(plane)
    }

    /// Starts the same parts and a scheduler, without nodes, on an address that real nodes can reach.
    pub(crate) async fn start_for_nodes(programs: &Programs, address: Ipv4Addr) -> Result<Self> {
        Self::start_parts(programs.clone(), true, Listen::at(address)?, None).await
    }

    /// The control plane with two nodes that all tests of this process share. Each test creates its own namespaces in
    /// it, and no test stops it. It ends with the process.
    pub async fn shared() -> Result<Arc<Self>> {
        let mut shared = SHARED.lock().await;
        if let Some(plane) = &*shared {
            return Ok(plane.clone());
        }
        let plane = Arc::new(Self::start_with_nodes(2).await?);
        *shared = Some(plane.clone());
        Ok(plane)
    }

    async fn start_parts(
        programs: Programs,
        with_scheduler: bool,
        listen: Listen,
        place: Option<SemaphorePermit<'static>>,
    ) -> Result<Self> {
        let kubectl = Kubectl::new(&programs)?;
        let folder = Folder::new()?;
        let ca = Ca::new()?;
        let accounts = ca.client_cert("service-accounts")?;
        let serve = |launch| Server::start(launch, folder.clone(), Signal::TERM, STOP_LIMIT);
        let etcd = serve(launch::etcd(&programs, &folder, listen)?)?;
        let api = serve(launch::api_server(&programs, &folder, listen, &ca, &accounts)?)?;
        let url = format!("https://{}:{}", listen.address, listen.api);
        let admin = ca.client_cert_in("admin", MASTERS)?;
        let kubeconfig = write_kubeconfig(&folder, "admin", &url, &ca, &Identity::Certificate(&admin))?;
        let readiness = Readiness { url, ca: ca.clone(), admin };
        let etcd_child = etcd.child()?;
        tokio::select! {
            // Check etcd first, because the error of an API server without etcd would hide why etcd has ended.
            biased;
            ended = etcd_child.wait_until("it never is", START_LIMIT, || std::future::ready(false)) => ended?,
            ready = readiness.of_api_server(&api) => ready?,
        }
        let controllers = Arc::new(serve(launch::controller_manager(&programs, &kubeconfig, &ca, &accounts)?)?);
        readiness.of_controllers(&controllers).await?;
        let scheduler = with_scheduler.then(|| serve(launch::scheduler(&programs, &kubeconfig)?)).transpose()?;
        let scheduler = scheduler.map(Arc::new);
        let upkeep = Upkeep::of(std::iter::once(&controllers).chain(&scheduler).cloned().collect())?;
        let own = Own {
            programs,
            kwok: None,
            _upkeep: upkeep,
            scheduler,
            controllers,
            api,
            etcd,
            readiness,
            folder: folder.clone(),
            _place: place,
        };
        Ok(Self { kubectl, kubeconfig, own: Some(own) })
    }

    async fn add_nodes(&mut self, nodes: usize) -> Result<()> {
        let Some(own) = self.own.as_mut().filter(|_| nodes > 0) else { return Ok(()) };
        let stages = own.folder.write_private("stages.yaml", include_str!("control_plane/stages.yaml"), None)?;
        let kwok = launch::kwok(&own.programs, &self.kubeconfig, &stages)?;
        own.kwok = Some(Server::start(kwok, own.folder.clone(), Signal::TERM, STOP_LIMIT)?);
        let node = |number| {
            format!(
                "{{apiVersion: v1, kind: Node, metadata: {{name: node-{number}, labels: {{\
                 kubernetes.io/hostname: node-{number}, topology.kubernetes.io/zone: zone-{number}}}}}}}\n"
            )
        };
        self.apply(&(0..nodes).map(node).collect::<Vec<_>>().join("---\n")).await?;
        self.kubectl(&["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s"]).await.map(drop)
    }

    /// The kubeconfig of a user with all rights.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Writes a kubeconfig for a user, optionally in a group, with a client certificate. It works only if we have
    /// started the control plane.
    pub fn kubeconfig_for(&self, user: &str, group: Option<&str>) -> Result<PathBuf> {
        let own = self.own()?;
        let Readiness { url, ca, admin: _ } = &own.readiness;
        let certificate = match group {
            Some(group) => ca.client_cert_in(user, group)?,
            None => ca.client_cert(user)?,
        };
        let name = file_name(&["user", user, group.unwrap_or_default()]);
        write_kubeconfig(&own.folder, &name, url, ca, &Identity::Certificate(&certificate))
    }

    /// Writes a kubeconfig for a service account, with a token that is valid for an hour, and returns the token too. It
    /// works only if we have started the control plane.
    pub async fn kubeconfig_for_account(&self, namespace: &str, account: &str) -> Result<(PathBuf, String)> {
        let token = self.kubectl(&["-n", namespace, "create", "token", account, "--duration=1h"]).await?;
        let own = self.own()?;
        let Readiness { url, ca, admin: _ } = &own.readiness;
        let name = file_name(&["account", namespace, account]);
        let file = write_kubeconfig(&own.folder, &name, url, ca, &Identity::Token(token.trim()))?;
        Ok((file, token.trim().to_owned()))
    }

    /// The URL of the API server that we have started: `https://127.0.0.1:…`.
    pub fn api_url(&self) -> Result<&str> {
        Ok(&self.own()?.readiness.url)
    }

    /// The authority whose certificates the API server that we have started presents and trusts.
    pub fn ca(&self) -> Result<&Ca> {
        Ok(&self.own()?.readiness.ca)
    }

    /// Runs `kubectl` with all rights and returns its output. The error contains its standard error.
    pub async fn kubectl(&self, args: &[&str]) -> Result<String> {
        self.kubectl_as(&self.kubeconfig, args).await
    }

    /// Runs `kubectl` with another kubeconfig and returns its output.
    pub async fn kubectl_as(&self, kubeconfig: &Path, args: &[&str]) -> Result<String> {
        self.kubectl.run(kubeconfig, args).await
    }

    /// Runs `kubectl` with a text on its standard input (`-f -`), and returns its output even if it fails.
    pub async fn kubectl_with(&self, args: &[&str], input: &str) -> Result<Output> {
        self.kubectl.run_with(&self.kubeconfig, args, input).await
    }

    /// Runs `kubectl apply --server-side` on a text with one or more documents.
    pub async fn apply(&self, yaml: &str) -> Result<()> {
        let output = self.kubectl_with(&["apply", "--server-side", "--force-conflicts", "-f", "-"], yaml).await?;
        if output.status.success() {
            return Ok(());
        }
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Error::Tool { command: "kubectl apply".to_owned(), status: output.status, output: complaint })
    }

    /// Kills the API server with `kill -9`. Its objects stay in etcd.
    pub async fn kill_api_server(&self) -> Result<()> {
        self.own()?.api.kill9().await
    }

    /// Starts the API server again on the same port and waits until it is ready.
    pub async fn start_api_server(&self) -> Result<()> {
        let api = &self.own()?.api;
        api.restart().await?;
        self.own()?.readiness.of_api_server(api).await
    }

    /// Stops the API server with SIGSTOP.
    pub fn pause_api_server(&self) -> Result<()> {
        self.own()?.api.pause()
    }

    /// Continues the stopped API server.
    pub fn resume_api_server(&self) -> Result<()> {
        self.own()?.api.resume()
    }

    /// The ids of all processes that we have started, the API server's first.
    pub fn pids(&self) -> Result<Vec<u32>> {
        let own = self.own()?;
        let others = [Some(&own.etcd), Some(&*own.controllers), own.scheduler.as_deref(), own.kwok.as_ref()];
        std::iter::once(&own.api).chain(others.into_iter().flatten()).map(Server::pid).collect()
    }

    fn own(&self) -> Result<&Own> {
        self.own.as_ref().ok_or_else(|| Error::NoControlPlane {
            reason: "this is for a control plane of the tests' own; HOOPOE_TEST_KUBECONFIG names another".to_owned(),
        })
    }
}

fn write_kubeconfig(folder: &Folder, name: &str, url: &str, ca: &Ca, identity: &Identity) -> Result<PathBuf> {
    folder.write_private(&format!("{name}.kubeconfig"), &kubeconfig::text(url, ca.certificate(), identity), None)
}

/// Makes a file name from the parts. Different parts give different names, whatever characters they contain.
fn file_name(parts: &[&str]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("_{:x}", u32::from(c)) };
    parts.iter().map(|part| part.chars().map(plain).collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_users_share_a_file() {
        let names = [
            ["user", "a:b", ""],
            ["user", "a-b", ""],
            ["user", "a", "b"],
            ["user", "admin", ""],
            ["account", "a", "b"],
        ];
        let files: std::collections::HashSet<String> = names.iter().map(|parts| file_name(parts)).collect();
        assert_eq!(files.len(), names.len(), "{files:?}");
        assert!(!files.contains("admin"), "a user got the file name of the administrator");
    }
}
