#!/usr/bin/env bash
# A Kubernetes whose pods run, with RabbitMQ, PostgreSQL and Redis in it: one of two nodes on this machine alone, or one that is there already.
#
# Usage: e2e/cluster.sh up                  returns when it is ready and leaves it running
#        e2e/cluster.sh push NAME FOLDER    makes an image (an OCI layout in a folder) known to it; prints what pods call it
#        e2e/cluster.sh down                removes every trace of it, also of one that never came up
#
# Environment: HOOPOE_CLUSTER says which:
#   own         (as root) Kubernetes from its Go modules; where nothing else is found
#   kind, k3d   a cluster `hoopoe` of theirs; where one of them and a Docker engine is installed
#   kubeconfig  the one that KUBECONFIG names; its nodes pull from the registry HOOPOE_REGISTRY, which this machine may push to. Chosen by
#               itself only where both are set: KUBECONFIG alone may name a cluster that somebody needs
# KUBECONFIG of what came up: target/cluster/kubeconfig.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=target/cluster
kubeconfig=$folder/kubeconfig

say() { echo "cluster: $*" >&2; }

choose() { # prints which cluster it is
    if [ -n "${HOOPOE_CLUSTER:-}" ]; then
        echo "$HOOPOE_CLUSTER"
    elif [ -e $folder/chosen ]; then
        # What came up is what is pushed to and ended, whatever the environment says by then.
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
        say "HOOPOE_CLUSTER is $chosen; it may be own, kind, k3d or kubeconfig"
        exit 2
        ;;
esac

case ${1:-} in
    up)
        mkdir -p $folder
        # Else that one would be left running, and nobody would know how to end it.
        [ "$(cat $folder/chosen 2>/dev/null || echo "$chosen")" = "$chosen" ] || {
            say "a cluster of another kind is up: $(cat $folder/chosen). First: make cluster-down"
            exit 1
        }
        # First: what fails half-way is ended by `down` too.
        echo "$chosen" >$folder/chosen
        up
        kubectl=$(e2e/go-tools.sh kubernetes kubectl)/kubectl
        KUBECONFIG=$kubeconfig $kubectl get nodes,pods --all-namespaces --output wide
        printf '\n%s\n%s\n' "Look at it:   export KUBECONFIG=$PWD/$kubeconfig; alias kubectl=$kubectl" "End it:       make cluster-down"
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
