//! A Kubernetes control plane: etcd, API server with RBAC, controller manager, and where wanted nodes and pods played by kwok.

mod kubeconfig;
mod kubectl;
mod launch;
mod upkeep;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::Mutex;

use crate::ca::Ca;
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::programs::Programs;
use crate::server::{ATTEMPTS, Server};
use kubeconfig::Identity;
use kubectl::Kubectl;
use launch::Listen;
use upkeep::Upkeep;

const START_LIMIT: Duration = Duration::from_mins(2);
const STOP_LIMIT: Duration = Duration::from_secs(20);
/// How long one question whether it is ready may take.
const ASK_LIMIT: Duration = Duration::from_secs(10);

/// The group that may do everything.
const MASTERS: &str = "system:masters";

static SHARED: Mutex<Option<Arc<ControlPlane>>> = Mutex::const_new(None);

/// A control plane. Each part ends with this value, and with the test process however that ends.
///
/// Where `HOOPOE_TEST_KUBECONFIG` names a kubeconfig, that cluster is used instead, and nothing is started.
#[derive(Debug)]
pub struct ControlPlane {
    kubectl: Kubectl,
    kubeconfig: PathBuf,
    own: Option<Own>,
}

/// What is there only where the control plane is ours.
#[derive(Debug)]
struct Own {
    programs: Programs,
    // In the order in which they end.
    kwok: Option<Server>,
    _upkeep: Upkeep,
    scheduler: Option<Arc<Server>>,
    controllers: Arc<Server>,
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
        if let Some(given) = std::env::var_os("HOOPOE_TEST_KUBECONFIG") {
            let kubectl = Kubectl::new(&Programs::client().await?)?;
            return Ok(Self { kubectl, kubeconfig: PathBuf::from(given), own: None });
        }
        let programs = Programs::all().await?;
        let mut attempt = 1;
        loop {
            match Self::start_once(programs.clone(), nodes > 0, Listen::at(Ipv4Addr::LOCALHOST)?).await {
                Err(error) if error.is_port_taken() && attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
                Ok(mut plane) => {
                    plane.add_nodes(nodes).await?;
                    return Ok(plane);
                }
            }
        }
    }

    /// The same on an address that nodes can reach, with a scheduler and no node.
    pub(crate) async fn start_for_nodes(programs: &Programs, address: Ipv4Addr) -> Result<Self> {
        Self::start_once(programs.clone(), true, Listen::at(address)?).await
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

    async fn start_once(programs: Programs, with_scheduler: bool, listen: Listen) -> Result<Self> {
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
        let etcd_child = etcd.child()?;
        tokio::select! {
            // First: where another test process took the port a moment before, that etcd would answer to our API server.
            biased;
            ended = etcd_child.wait_until("it never is", START_LIMIT * 2, || std::future::ready(false)) => ended?,
            ready = wait_ready(&kubectl, &api, &kubeconfig) => ready?,
        }
        let controllers = Arc::new(serve(launch::controller_manager(&programs, &kubeconfig, &ca, &accounts)?)?);
        wait_controllers(&kubectl, &controllers, &kubeconfig).await?;
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
            ca,
            url,
            folder: folder.clone(),
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
        let name = file_name(&["user", user, group.unwrap_or_default()]);
        write_kubeconfig(&own.folder, &name, &own.url, &own.ca, &Identity::Certificate(&certificate))
    }

    /// The kubeconfig of a service account, by a token of an hour, and the token. Only for a control plane of our own.
    pub async fn kubeconfig_for_account(&self, namespace: &str, account: &str) -> Result<(PathBuf, String)> {
        let token = self.kubectl(&["-n", namespace, "create", "token", account, "--duration=1h"]).await?;
        let own = self.own()?;
        let name = file_name(&["account", namespace, account]);
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
        self.kubectl.run(kubeconfig, args).await
    }

    /// `kubectl` with a text on its input (`-f -`), whatever it answers.
    pub async fn kubectl_with(&self, args: &[&str], input: &str) -> Result<Output> {
        self.kubectl.run_with(&self.kubeconfig, args, input).await
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
        wait_ready(&self.kubectl, api, &self.kubeconfig).await
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
        let others = [Some(&own.etcd), Some(&*own.controllers), own.scheduler.as_deref(), own.kwok.as_ref()];
        std::iter::once(&own.api).chain(others.into_iter().flatten()).map(Server::pid).collect()
    }

    fn own(&self) -> Result<&Own> {
        self.own.as_ref().ok_or_else(|| Error::NoControlPlane {
            reason: "this is for a control plane of the tests' own; HOOPOE_TEST_KUBECONFIG names another".to_owned(),
        })
    }
}

async fn wait_ready(kubectl: &Kubectl, api: &Server, kubeconfig: &Path) -> Result<()> {
    let ask = || kubectl.run_within(ASK_LIMIT, kubeconfig, &["get", "--raw", "/readyz"]);
    api.child()?.wait_until("ok from /readyz", START_LIMIT, || async { ask().await.is_ok() }).await
}

/// The API server serves before the controllers have done anything: until then the roles `view`, `edit` and `admin` allow nothing,
/// since their rules are gathered from other roles, and no namespace has the account that pods need.
async fn wait_controllers(kubectl: &Kubectl, controllers: &Server, kubeconfig: &Path) -> Result<()> {
    let objects = ["clusterrole/view", "clusterrole/edit", "clusterrole/admin", "serviceaccount/default"];
    let args = [["get"].as_slice(), &objects, &["-o", "jsonpath={.items[*].rules[0].verbs}"]].concat();
    let ask = || kubectl.run_within(ASK_LIMIT, kubeconfig, &args);
    // One list of verbs for each of the three roles.
    let done = || async { ask().await.is_ok_and(|verbs| verbs.matches('[').count() == 3) };
    controllers.child()?.wait_until("the default roles and account", START_LIMIT, done).await
}

fn write_kubeconfig(folder: &Folder, name: &str, url: &str, ca: &Ca, identity: &Identity) -> Result<PathBuf> {
    folder.write_private(&format!("{name}.kubeconfig"), &kubeconfig::text(url, ca.certificate(), identity), None)
}

/// A file's name, another one for other parts, whatever they hold.
fn file_name(parts: &[&str]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("_{:x}", u32::from(c)) };
    parts.iter().map(|part| part.chars().map(plain).collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

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
        assert!(!files.contains("admin"), "that of the one who may do everything");
    }

    #[tokio::test]
    async fn a_port_that_another_took_is_seen() -> Result<()> {
        let programs = Programs::all().await?;
        for taken in [|listen: Listen| listen.etcd, |listen: Listen| listen.api] {
            let listen = Listen::at(Ipv4Addr::LOCALHOST)?;
            let _other = TcpListener::bind((Ipv4Addr::LOCALHOST, taken(listen))).map_err(Error::io("listen"))?;
            let refused = ControlPlane::start_once(programs.clone(), false, listen).await.unwrap_err();
            assert!(refused.is_port_taken(), "{refused}");
        }
        Ok(())
    }
}
