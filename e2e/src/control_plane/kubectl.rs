//! `kubectl`, without any settings of this machine's user.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::programs::Programs;
use crate::tool;

const LIMIT: Duration = Duration::from_mins(2);

/// The program, and a folder for its cache.
///
/// By default `kubectl` caches the kinds that an API server serves for six hours in the user's home, under the server's
/// address. A control plane of a test would find there the kinds of an earlier one that had the same port.
#[derive(Debug, Clone)]
pub(super) struct Kubectl {
    program: PathBuf,
    cache: Folder,
}

impl Kubectl {
    pub(super) fn new(programs: &Programs) -> Result<Self> {
        Ok(Self { program: programs.path("kubectl")?, cache: Folder::new()? })
    }

    /// Returns its standard output. The error contains its standard error.
    pub(super) async fn run(&self, kubeconfig: &Path, args: &[&str]) -> Result<String> {
        tool::run(self.command(kubeconfig, args), LIMIT).await
    }

    /// Runs it with a text on its standard input, and returns its output even if it fails.
    pub(super) async fn run_with(&self, kubeconfig: &Path, args: &[&str], input: &str) -> Result<Output> {
        let mut command = self.command(kubeconfig, args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(Error::io("run kubectl"))?;
        let stdin = child.stdin.take();
        let write = async {
            if let Some(mut stdin) = stdin {
                // If kubectl refuses its arguments, it ends without reading. Ignore the broken pipe: its answer says
                // the reason.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
        };
        // Write and read at the same time: kubectl may fill the output pipe before it has read all of its input.
        let all = async { tokio::join!(write, child.wait_with_output()).1 };
        match tokio::time::timeout(LIMIT, all).await {
            Ok(output) => output.map_err(Error::io("run kubectl")),
            Err(_elapsed) => Err(Error::ToolTimeout { command: "kubectl".to_owned(), limit: LIMIT }),
        }
    }

    fn command(&self, kubeconfig: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        // KUBERC would name the user's own defaults and aliases.
        command.env("KUBECACHEDIR", self.cache.path()).env("KUBERC", "off");
        command.arg("--kubeconfig").arg(kubeconfig).args(args);
        command
    }
}
