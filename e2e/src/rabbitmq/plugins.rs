//! A small folder of plugins. A node loads the modules of every plugin in its folder, which takes 1.5 of the 5 s of a
//! start, so the folder has only the needed ones.

use std::path::Path;

use crate::error::{Error, Result};
use crate::folder::Folder;

/// The name of the plugins' folder in the node's folder.
pub(super) const FOLDER: &str = "plugins";

/// The folder in which Debian keeps a folder for each version, with its plugins in `plugins`.
const VERSIONS: &str = "usr/lib/rabbitmq/lib";

/// The plugins and applications of that folder that the management plugin needs.
const NEEDED: [&str; 9] = [
    "rabbit",
    "rabbit_common",
    "rabbitmq_prelaunch",
    "rabbitmq_management",
    "rabbitmq_management_agent",
    "rabbitmq_web_dispatch",
    "amqp_client",
    "cowboy",
    "cowlib",
];

/// Links the needed plugins of the version that is installed in `root`, by the paths that are valid inside `root`.
pub(super) fn link(folder: &Folder, root: Option<&Path>) -> Result<()> {
    let links = folder.make(FOLDER, None)?;
    let root = root.unwrap_or(Path::new("/"));
    for version in list(&root.join(VERSIONS))? {
        let plugins = Path::new(VERSIONS).join(version).join("plugins");
        for plugin in list(&root.join(&plugins))? {
            let name = plugin.split_once('-').map_or(plugin.as_str(), |(name, _version)| name);
            if NEEDED.contains(&name) {
                let target = Path::new("/").join(&plugins).join(&plugin);
                std::os::unix::fs::symlink(target, links.join(&plugin)).map_err(Error::io("link a plugin"))?;
            }
        }
    }
    Ok(())
}

fn list(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder);
    let entries = entries.map_err(|_| Error::ProgramMissing { program: "rabbitmq-server".to_owned() })?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
}
