#!/usr/bin/env bash
# A Kubernetes of two nodes that really run pods, on this machine alone, with RabbitMQ, PostgreSQL and Redis in it.
#
# Usage: e2e/cluster.sh up | down   (as root)
# `up` returns when it is ready and leaves it running; `down` removes every trace of it, also of one that never came up.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=target/cluster
kubeconfig=$folder/kubeconfig
log=$folder/log

say() { echo "cluster: $*" >&2; }

running() { # prints the process that holds the cluster
    local pid
    pid=$(cat "$folder/pid" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = hoopoe-cluster ] && echo "$pid"
}

up() {
    if running >/dev/null && [ -e "$kubeconfig" ]; then
        say "it runs already"
    else
        down
        e2e/install.sh debootstrap buildah containernetworking-plugins nftables iproute2 conntrack libseccomp-dev pkg-config gcc libc6-dev
        # Here and not when the program asks, so that their progress is seen.
        e2e/cluster/programs.sh >/dev/null
        e2e/cluster/images.sh >/dev/null
        say "building what starts it"
        cargo build --quiet --locked --package hoopoe-e2e --bin hoopoe-cluster
        mkdir -p "$folder"
        : >"$log"
        # A session of its own: it outlives this script and its terminal.
        setsid target/debug/hoopoe-cluster "$kubeconfig" >"$log" 2>&1 </dev/null &
        echo $! >"$folder/pid"
        # Its progress, until it is ready or has ended.
        tail --pid=$$ -n +1 -f "$log" >&2 &
        local tail=$!
        while [ ! -e "$kubeconfig" ] && running >/dev/null; do sleep 0.2; done
        kill $tail
        [ -e "$kubeconfig" ] || {
            say "it did not come up; its log: $log"
            exit 1
        }
    fi
    local kubectl
    kubectl=$(e2e/go-tools.sh kubernetes kubectl)/kubectl
    KUBECONFIG=$kubeconfig $kubectl get nodes,pods --all-namespaces --output wide
    cat <<EOF

Look at it:   export KUBECONFIG=$PWD/$kubeconfig; alias kubectl=$kubectl
End it:       make cluster-down
EOF
}

down() {
    local pid
    if pid=$(running); then
        say "ending it"
        kill "$pid"
        tail --pid="$pid" -f /dev/null
    fi
    e2e/cluster/sweep.sh
    rm -f "$kubeconfig" "$folder/pid"
}

case ${1:-} in
    up) up ;;
    down) down ;;
    *)
        echo "usage: e2e/cluster.sh up | down" >&2
        exit 2
        ;;
esac
