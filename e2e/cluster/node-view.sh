#!/bin/sh
# The folders that containerd's shims, CNI and the kubelet use wherever their configuration points, for one node alone: two nodes share
# nothing in them, and nothing in them outlives a node.
#
# Usage: e2e/cluster/node-view.sh enter COMMAND...   runs it with empty ones, in a mount namespace of its own
#        e2e/cluster/node-view.sh forget             removes the mount points, those that are empty
set -eu

folders="/run/containerd /var/lib/cni /var/lib/kubelet /var/log/containers"

case ${1:-} in
    enter)
        shift
        # shellcheck disable=SC2086 # one argument a folder
        mkdir -p $folders
        # What is mounted in there is seen by all of the node, and by nobody else.
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
