//! Finds the programs of a control plane and of nodes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::tool;

/// The first build takes minutes, and up to an hour on a busy machine.
const LIMIT: Duration = Duration::from_mins(90);

/// The folders that the scripts print, in the order in which they are searched.
#[derive(Debug, Clone)]
pub(crate) struct Programs(Vec<PathBuf>);

impl Programs {
    /// The programs of a control plane. Missing programs are built.
    pub(crate) async fn all() -> Result<Self> {
        Self::by("control-plane.sh", &[]).await
    }

    /// The programs of a control plane, of a node that runs pods, and of an image registry. Missing programs are built.
    pub(crate) async fn with_nodes() -> Result<Self> {
        Self::by("cluster/programs.sh", &[]).await
    }

    /// Only `kubectl`, for a control plane that exists already.
    pub(crate) async fn client() -> Result<Self> {
        Self::by("go-tools.sh", &["kubernetes", "kubectl"]).await
    }

    async fn by(script: &str, args: &[&str]) -> Result<Self> {
        // The script needs the files next to it, so run it in the checkout that this crate was built from.
        let mut command = tokio::process::Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(script));
        command.args(args);
        match tool::run(command, LIMIT).await {
            Ok(output) => Ok(Self(output.lines().map(PathBuf::from).collect())),
            Err(Error::Tool { output, .. }) => Err(Error::NoControlPlane { reason: output.trim_end().to_owned() }),
            Err(error) => Err(error),
        }
    }

    /// The folders in the format of `PATH`.
    pub(crate) fn search_path(&self) -> String {
        self.0.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(":")
    }

    /// The path of a program.
    pub(crate) fn path(&self, name: &str) -> Result<PathBuf> {
        let found = self.0.iter().map(|folder| folder.join(name)).find(|path| path.exists());
        found.ok_or_else(|| Error::ProgramMissing { program: name.to_owned() })
    }
}
