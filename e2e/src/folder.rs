//! Temporary folders.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::user::User;
use crate::watchdog;

/// A temporary folder that is removed with the last copy of this value, or with the test process.
#[derive(Debug, Clone)]
pub struct Folder(Arc<tempfile::TempDir>);

impl Folder {
    /// An empty folder in the system's temporary folder (`TMPDIR`), which other users may enter.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("hoopoe-e2e-")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()
            .map_err(Error::io("make a temporary folder"))?;
        watchdog::remove_at_end(folder.path())?;
        Ok(Self(Arc::new(folder)))
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Creates a folder in it. If `owner` is given, only that user may read it.
    pub(crate) fn make(&self, name: &str, owner: Option<&User>) -> Result<PathBuf> {
        let path = self.path().join(name);
        std::fs::create_dir(&path).map_err(Error::io(format!("make the folder {}", path.display())))?;
        if let Some(owner) = owner {
            set_mode(&path, 0o700)?;
            owner.give(&path)?;
        }
        Ok(path)
    }

    /// Creates a file in it that only its owner may read: `owner`, or this process's user if `owner` is `None`.
    pub(crate) fn write_private(&self, name: &str, text: &str, owner: Option<&User>) -> Result<PathBuf> {
        let path = self.path().join(name);
        std::fs::write(&path, text).map_err(Error::io(format!("write {}", path.display())))?;
        set_mode(&path, 0o600)?;
        if let Some(owner) = owner {
            owner.give(&path)?;
        }
        Ok(path)
    }
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(Error::io(format!("set the permissions of {}", path.display())))
}
