//! Traces that a cluster could leave on this machine.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use tokio::process::Command;

use crate::kit::{Outcome, run};

/// Folders in which a cluster creates files.
const FOLDERS: [&str; 9] = [
    "/run",
    "/run/containerd",
    "/run/netns",
    "/var/lib",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/log",
    "/var/log/containers",
    "/sys/fs/cgroup",
];

/// The present state of everything that a cluster changes: folders, control groups, mounts, namespaces, links, routes
/// and rules.
pub async fn seen() -> Outcome<BTreeSet<String>> {
    let mut seen = BTreeSet::new();
    for folder in FOLDERS {
        seen.extend(names(folder)?);
    }
    for hierarchy in names("/sys/fs/cgroup")? {
        seen.extend(names(&hierarchy)?.into_iter().filter(|name| name.contains("/hoopoe")));
    }
    let mounts = std::fs::read_to_string("/proc/mounts")?;
    seen.extend(mounts.lines().filter_map(|line| Some(format!("a mount: {}", line.split(' ').nth(1)?))));
    for look in ["ip -brief link show", "ip route", "nft list tables"] {
        let (program, args) = look.split_once(' ').ok_or("a program and its arguments")?;
        let mut command = Command::new(program);
        command.args(args.split(' '));
        // Take only a link's name, because its state may change.
        let part = |line: &str| match look {
            "ip -brief link show" => line.split(' ').next().unwrap_or_default().to_owned(),
            _ => line.to_owned(),
        };
        seen.extend(run(command).await?.lines().map(|line| format!("{look}: {}", part(line))));
    }
    Ok(seen)
}

/// The content of a folder. It is empty for a file, and for a folder that does not exist.
fn names(folder: &str) -> Outcome<Vec<String>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path().display().to_string())).collect(),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(format!("failed to read {folder}: {error}").into()),
    }
}
