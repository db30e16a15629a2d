//! Temporary folders.

use std::io::Write;
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

    /// Writes a file in it that only its owner may read: `owner`, or this process's user if `owner` is `None`. If the
    /// file exists, its content is replaced at once, so that a reader finds either the old or the new one.
    pub(crate) fn write_private(&self, name: &str, text: &str, owner: Option<&User>) -> Result<PathBuf> {
        let path = self.path().join(name);
        let failed = || format!("write {}", path.display());
        let folder = path.parent().unwrap_or(self.path());
        // The temporary file is created for its owner alone, so no other user can read it before it has its name.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Error::io(failed()))?;
        file.write_all(text.as_bytes()).map_err(Error::io(failed()))?;
        if let Some(owner) = owner {
            owner.give(file.path())?;
        }
        file.persist(&path).map_err(|error| Error::io(failed())(error.error))?;
        Ok(path)
    }
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(Error::io(format!("set the permissions of {}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_finds_a_whole_file_while_it_is_written_again() -> Result<()> {
        let folder = Folder::new()?;
        let texts = ["a".repeat(100_000), "b".repeat(200_000)];
        let path = folder.write_private("file", &texts[0], None)?;
        let mode = std::fs::metadata(&path).map_err(Error::io("read the mode"))?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::thread::scope(|scope| {
            let writer = scope
                .spawn(|| (0..200).try_for_each(|turn| folder.write_private("file", &texts[turn % 2], None).map(drop)));
            while !writer.is_finished() {
                let read = std::fs::read_to_string(&path).map_err(Error::io("read the file"))?;
                assert!(texts.contains(&read), "{} bytes", read.len());
            }
            writer.join().unwrap_or(Ok(()))
        })
    }
}
