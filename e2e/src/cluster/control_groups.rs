//! A control group for each node. If two kubelets shared one, each would remove the other's pods.

use std::path::Path;

use crate::error::{Error, Result};

const ROOT: &str = "/sys/fs/cgroup";

/// Makes a group of that name in every hierarchy of this machine, for version 1 or 2.
pub(super) fn make(name: &str) -> Result<()> {
    let root = Path::new(ROOT);
    if root.join("cgroup.controllers").exists() {
        return make_unified(root, name);
    }
    let hierarchies = std::fs::read_dir(root).map_err(Error::io(format!("read {ROOT}")))?;
    for hierarchy in hierarchies.filter_map(std::result::Result::ok) {
        // Skip links: next to a folder such as `cpu,cpuacct` is a link for each of its controllers.
        if hierarchy.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_in(&hierarchy.path(), name)?;
        }
    }
    Ok(())
}

fn make_in(hierarchy: &Path, name: &str) -> Result<()> {
    let group = hierarchy.join(name);
    std::fs::create_dir_all(&group).map_err(Error::io(format!("make the control group {}", group.display())))?;
    // A cpuset without processors and memory cannot run a process, so copy both.
    for file in ["cpuset.cpus", "cpuset.mems"] {
        if let Ok(value) = std::fs::read_to_string(hierarchy.join(file)) {
            std::fs::write(group.join(file), value).map_err(Error::io(format!("write {file}")))?;
        }
    }
    Ok(())
}

fn make_unified(root: &Path, name: &str) -> Result<()> {
    let read = std::fs::read_to_string(root.join("cgroup.controllers")).map_err(Error::io("read the controllers"))?;
    let enable: Vec<String> = read.split_whitespace().map(|controller| format!("+{controller}")).collect();
    let group = root.join(name);
    std::fs::create_dir_all(&group).map_err(Error::io(format!("make the control group {}", group.display())))?;
    for folder in [root, &group] {
        std::fs::write(folder.join("cgroup.subtree_control"), enable.join(" "))
            .map_err(Error::io(format!("hand controllers on in {}", folder.display())))?;
    }
    Ok(())
}
