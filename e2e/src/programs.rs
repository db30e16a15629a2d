//! Where the programs are of a control plane, and of nodes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::tool;

/// The first build takes minutes, and an hour on a machine that does other things.
const LIMIT: Duration = Duration::from_mins(90);

/// The folders that the scripts print, the first to be looked at first.
#[derive(Debug, Clone)]
pub(crate) struct Programs(Vec<PathBuf>);

impl Programs {
    /// All of a control plane: found, or built where they are missing.
    pub(crate) async fn all() -> Result<Self> {
        Self::by("control-plane.sh", &[]).await
    }

    /// Those of a control plane, of a node that runs pods, and of an image registry.
    pub(crate) async fn with_nodes() -> Result<Self> {
        Self::by("cluster/programs.sh", &[]).await
    }

    /// Only `kubectl`, for a control plane that is there already.
    pub(crate) async fn client() -> Result<Self> {
        Self::by("go-tools.sh", &["kubernetes", "kubectl"]).await
    }

    async fn by(script: &str, args: &[&str]) -> Result<Self> {
        // A script with files beside it: it is run where it lies, in the checkout that this was built from.
        let mut command = tokio::process::Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(script));
        command.args(args);
        match tool::run(command, LIMIT).await {
            Ok(output) => Ok(Self(output.lines().map(PathBuf::from).collect())),
            Err(Error::Tool { output, .. }) => Err(Error::NoControlPlane { reason: output.trim_end().to_owned() }),
            Err(error) => Err(error),
        }
    }

    /// The folders as `PATH` has them.
    pub(crate) fn search_path(&self) -> String {
        self.0.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(":")
    }

    /// A program's path.
    pub(crate) fn path(&self, name: &str) -> Result<PathBuf> {
        let found = self.0.iter().map(|folder| folder.join(name)).find(|path| path.exists());
        found.ok_or_else(|| Error::ProgramMissing { program: name.to_owned() })
    }
}
