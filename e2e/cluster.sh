#!/usr/bin/env bash
# Provides a Kubernetes cluster that runs real pods, with RabbitMQ, PostgreSQL and Redis in it. It starts a cluster with
# two nodes on this machine, or uses a cluster that exists already.
#
# Usage: e2e/cluster.sh up                  returns when the cluster is ready and leaves it running
#        e2e/cluster.sh push NAME FOLDER    gives the cluster the image (OCI layout) in FOLDER; prints its name for pods
#        e2e/cluster.sh down                removes every trace of the cluster, even if it never came up
#
# Environment: HOOPOE_CLUSTER names the kind of cluster:
#   own         (as root) Kubernetes built from its Go modules; the default if none of the others is found
#   kind, k3d   a cluster `hoopoe` made by that tool; the default if the tool and a Docker engine are installed
#   kubeconfig  the cluster that KUBECONFIG names; its nodes pull from the registry HOOPOE_REGISTRY, to which this
#               machine may push. It is the default only if both are set: KUBECONFIG alone may name a cluster in use
# The kubeconfig of the running cluster is target/cluster/kubeconfig.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=target/cluster
kubeconfig=$folder/kubeconfig

say() { echo "cluster: $*" >&2; }

choose() { # prints the kind of cluster
    if [ -n "${HOOPOE_CLUSTER:-}" ]; then
        echo "$HOOPOE_CLUSTER"
    elif [ -e $folder/chosen ]; then
        # `push` and `down` act on the cluster that came up, even if the environment has changed since.
        cat $folder/chosen
    elif [ -n "${KUBECONFIG:-}" ] && [ -n "${HOOPOE_REGISTRY:-}" ]; then
        echo kubeconfig
    elif command -v kind >/dev/null && docker info >/dev/null 2>&1; then
        echo kind
    elif command -v k3d >/dev/null && docker info >/dev/null 2>&1; then
        echo k3d
    else
        echo own
    fi
}

usage() {
    echo "usage: e2e/cluster.sh up | push NAME FOLDER | down" >&2
    exit 2
}

chosen=$(choose)
case $chosen in
    own) source e2e/cluster/own.sh ;;
    kind | k3d | kubeconfig)
        source e2e/cluster/given.sh
        # shellcheck source=e2e/cluster/kubeconfig.sh
        source "e2e/cluster/$chosen.sh"
        ;;
    *)
        say "HOOPOE_CLUSTER is $chosen, but it must be own, kind, k3d or kubeconfig"
        exit 2
        ;;
esac

case ${1:-} in
    up)
        mkdir -p $folder
        # Two kinds may not run at once: `down` would then end only the newer one.
        [ "$(cat $folder/chosen 2>/dev/null || echo "$chosen")" = "$chosen" ] || {
            say "a cluster of the kind $(cat $folder/chosen) is running; end it first: make cluster-down"
            exit 1
        }
        # Write this before the start, so that `down` also ends a cluster whose start fails halfway.
        echo "$chosen" >$folder/chosen
        up
        kubectl=$(e2e/go-tools.sh kubernetes kubectl)/kubectl
        KUBECONFIG=$kubeconfig $kubectl get nodes,pods --all-namespaces --output wide
        printf '\n%s\n%s\n' \
            "Look at it:   export KUBECONFIG=$PWD/$kubeconfig; alias kubectl=$kubectl" \
            "End it:       make cluster-down"
        ;;
    push)
        [ $# = 3 ] || usage
        push "$2" "$3"
        ;;
    down)
        down
        rm -f "$kubeconfig" $folder/chosen
        ;;
    *) usage ;;
esac
