//! What a cluster would leave on this machine.

use std::collections::BTreeSet;

use tokio::process::Command;

use crate::kit::{Outcome, run};

/// What is there now that a cluster may add to: folders, mounts, namespaces, links, routes, rules and control groups.
pub async fn seen() -> Outcome<BTreeSet<String>> {
    let looks = [
        "ls -d /run/* /run/containerd/* /var/lib/* /var/lib/cni/* /var/lib/kubelet/* /var/log/* /var/log/containers/*",
        "ls -d /sys/fs/cgroup/* /sys/fs/cgroup/*/hoopoe*",
        "cut -d ' ' -f 2 /proc/mounts",
        "ls /run/netns",
        "ip -o link show | cut -d : -f 2",
        "ip route",
        "nft list tables",
    ];
    let mut seen = BTreeSet::new();
    for look in looks {
        let mut command = Command::new("sh");
        // What is not there leaves nothing.
        command.args(["-c", &format!("{look} 2>/dev/null || true")]);
        seen.extend(run(command).await?.lines().map(|line| format!("{look}: {line}")));
    }
    Ok(seen)
}
