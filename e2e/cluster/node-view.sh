#!/bin/sh
# Gives one node its own copy of the folders that containerd's shims, CNI and the kubelet use regardless of their
# configuration. So two nodes share no files there, and the files disappear with the node.
#
# Usage: e2e/cluster/node-view.sh enter COMMAND...   runs COMMAND with empty folders, in its own mount namespace
#        e2e/cluster/node-view.sh forget             removes the mount points that are empty
set -eu

folders="/run/containerd /var/lib/cni /var/lib/kubelet /var/log/containers"

case ${1:-} in
    enter)
        shift
        # shellcheck disable=SC2086 # one argument a folder
        mkdir -p $folders
        # All processes of this node see the mounts that are made in there, and no other process does.
        exec unshare --mount --propagation private sh -euc '
            for folder in $0; do mount -t tmpfs node "$folder"; done
            mount --make-rshared /
            exec "$@"' "$folders" "$@"
        ;;
    forget)
        for folder in $folders; do
            [ ! -d "$folder" ] || rmdir --ignore-fail-on-non-empty "$folder"
        done
        ;;
    *)
        echo "usage: $0 enter COMMAND... | forget" >&2
        exit 2
        ;;
esac
