//! The images that a cluster needs in addition to Hoopoe's own.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;

use crate::error::Result;
use crate::tool;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cluster/images.sh");
const LIMIT: Duration = Duration::from_mins(30);

/// An image, as an OCI layout in a folder.
pub(super) struct Image {
    /// The name that pods use, without the registry.
    pub name: String,
    pub folder: PathBuf,
}

/// The images of sandboxes, the cluster's DNS and the backends. Missing images are built.
pub(super) async fn own() -> Result<Vec<Image>> {
    let printed = tool::run(Command::new(SCRIPT), LIMIT).await?;
    let lines = printed.lines().filter_map(|line| line.split_once(' '));
    Ok(lines.map(|(name, folder)| Image { name: name.to_owned(), folder: PathBuf::from(folder) }).collect())
}
