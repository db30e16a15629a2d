//! `kubectl`, with nothing of this machine's user in it.

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

/// The program, and a folder for what it remembers.
///
/// By default it keeps what an API server serves for six hours in the user's home, under the server's address. Control planes
/// of tests take their ports from a small range: one would be asked for what another, long gone, had served.
#[derive(Debug, Clone)]
pub(super) struct Kubectl {
    program: PathBuf,
    cache: Folder,
}

impl Kubectl {
    pub(super) fn new(programs: &Programs) -> Result<Self> {
        Ok(Self { program: programs.path("kubectl")?, cache: Folder::new()? })
    }

    /// What it prints; its complaint is the error.
    pub(super) async fn run(&self, kubeconfig: &Path, args: &[&str]) -> Result<String> {
        self.run_within(LIMIT, kubeconfig, args).await
    }

    pub(super) async fn run_within(&self, limit: Duration, kubeconfig: &Path, args: &[&str]) -> Result<String> {
        tool::run(self.command(kubeconfig, args), limit).await
    }

    /// With a text on its input, whatever it answers.
    pub(super) async fn run_with(&self, kubeconfig: &Path, args: &[&str], input: &str) -> Result<Output> {
        let mut command = self.command(kubeconfig, args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(Error::io("run kubectl"))?;
        let stdin = child.stdin.take();
        let write = async {
            if let Some(mut stdin) = stdin {
                // One that refuses its arguments ends without reading; its answer says why, a broken pipe does not.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
        };
        // At once: it may write more than a pipe holds before it has read everything.
        let all = async { tokio::join!(write, child.wait_with_output()).1 };
        match tokio::time::timeout(LIMIT, all).await {
            Ok(output) => output.map_err(Error::io("run kubectl")),
            Err(_elapsed) => Err(Error::ToolTimeout { command: "kubectl".to_owned(), limit: LIMIT }),
        }
    }

    fn command(&self, kubeconfig: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        // KUBERC: the user's own defaults and aliases.
        command.env("KUBECACHEDIR", self.cache.path()).env("KUBERC", "off");
        command.arg("--kubeconfig").arg(kubeconfig).args(args);
        command
    }
}
