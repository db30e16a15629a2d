//! The registry from which the nodes pull: images in a folder, served over plain HTTP on this machine's bridge.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::Command;

use super::REGISTRY;
use crate::child_options::ChildOptions;
use crate::error::Result;
use crate::folder::Folder;
use crate::programs::Programs;
use crate::server::Server;
use crate::{tool, wait_http};

const LIMIT: Duration = Duration::from_mins(2);

/// A running registry.
#[derive(Debug)]
pub(super) struct Registry {
    _server: Server,
    programs: Programs,
}

impl Registry {
    pub(super) async fn start(programs: &Programs) -> Result<Self> {
        let folder = Folder::new()?;
        let blobs = folder.make("blobs", None)?;
        let launch = ChildOptions::new(programs.path("crane")?)
            .name("registry")
            .args(["registry", "serve", "--address", REGISTRY, "--disk"])
            .arg(blobs);
        let server = Server::start(launch, folder, Signal::TERM, Duration::from_secs(5))?;
        let url = format!("http://{REGISTRY}/v2/");
        let child = server.child()?;
        wait_http(&child, &url, LIMIT).await?;
        Ok(Self { _server: server, programs: programs.clone() })
    }

    /// Copies an OCI layout into the registry as `NAME:TAG` and returns the image's digest.
    pub(super) async fn push(&self, layout: &Path, name: &str) -> Result<String> {
        let mut push = Command::new(self.programs.path("crane")?);
        push.arg("push").arg(layout).arg(format!("{REGISTRY}/{name}")).arg("--insecure");
        let printed = tool::run(push, LIMIT).await?;
        Ok(printed.trim().rsplit_once('@').map_or_else(String::new, |(_, digest)| digest.to_owned()))
    }
}
