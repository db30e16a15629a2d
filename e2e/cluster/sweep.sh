#!/bin/sh
# Removes every trace of the tests' cluster: its processes, mounts, network namespaces, links, cgroups and stored files.
# It touches only names of our own, and a missing object is no error, because the script also cleans up after a cluster
# that was killed while it started.
#
# Usage: e2e/cluster/sweep.sh   (as root)
set -u

state=/run/hoopoe-cluster
data=/var/lib/hoopoe-cluster

namespaces() { ip netns list 2>/dev/null | cut -d ' ' -f 1 | grep '^hoopoe-node-'; }

# Prints our processes: a node's programs are in its network namespace, and its pods are in its control groups.
ours() {
    for name in $(namespaces); do ip netns pids "$name"; done
    for process in /proc/[0-9]*; do
        # A process that has ended since the list was made has no files any more, so errors are ignored.
        grep -q ':/hoopoe-node-' "$process/cgroup" 2>/dev/null && echo "${process#/proc/}"
    done
}

# The first round kills the programs that start containers, so no container is started again after it.
for round in 1 2 3 4 5; do
    pids=$(ours)
    [ -n "$pids" ] || break
    # shellcheck disable=SC2086 # one argument a process
    kill -KILL $pids 2>/dev/null
    sleep 0.$round
done

# Unmount the deepest folders first. Do it twice, because one mount may cover another.
for round in 1 2; do
    sort -r /proc/mounts | cut -d ' ' -f 2 | grep -E "^($state|$data)/" | sort -r | while read -r mount; do
        umount -l "$(printf '%b' "$mount")" 2>/dev/null
    done
done

for name in $(namespaces); do ip netns delete "$name"; done
# Remove the folder of the namespaces if we made it and it holds no namespace of another program.
if [ -e "$state/netns-made" ] && [ -d /run/netns ] && [ -z "$(ls -A /run/netns)" ]; then
    umount /run/netns 2>/dev/null
    rmdir /run/netns || exit
fi
# The routes disappear with the bridge.
ip link delete hoopoe0 2>/dev/null
for link in $(ip -o link show 2>/dev/null | sed -n 's/^[0-9]*: \(hoopoe-n[0-9]*\)[@:].*/\1/p'); do
    ip link delete "$link" 2>/dev/null
done

for root in /sys/fs/cgroup /sys/fs/cgroup/*; do
    for group in "$root"/hoopoe-node-*; do
        [ -d "$group" ] || continue
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
    done
done

"$(dirname "$0")/node-view.sh" forget || exit
rm -rf --one-file-system "$state" "$data"

left=$(ours; grep -E " ($state|$data)" /proc/mounts; namespaces; ls -d /sys/fs/cgroup/*/hoopoe-node-* 2>/dev/null)
[ -z "$left" ] || {
    echo "cluster: these parts of the cluster could not be removed: $left" >&2
    exit 1
}
