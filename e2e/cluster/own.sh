# shellcheck shell=bash disable=SC2154
# The cluster that `e2e/cluster.sh` starts itself: the program hoopoe-cluster, which runs in the background and also
# starts the backends. Uses from `e2e/cluster.sh`: say, $folder, $kubeconfig.

log=$folder/log
registry=10.89.0.1:5000

running() { # prints the process that holds the cluster
    local pid
    pid=$(cat "$folder/pid" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = hoopoe-cluster ] && echo "$pid"
}

up() {
    if running >/dev/null && [ -e "$kubeconfig" ]; then
        say "the cluster is already running"
        return
    fi
    down
    # Build the parts now rather than when the program needs them, so that the user sees the progress.
    e2e/cluster/prepare.sh
    say "building the program that starts the cluster"
    cargo build --quiet --locked --package hoopoe-e2e --bin hoopoe-cluster
    : >"$log"
    # Start it in a new session, so that it outlives this script and its terminal.
    setsid target/debug/hoopoe-cluster "$kubeconfig" >"$log" 2>&1 </dev/null &
    echo $! >"$folder/pid"
    # Show its log until it is ready or has ended.
    tail --pid=$$ -n +1 -f "$log" >&2 &
    local tail=$!
    while [ ! -e "$kubeconfig" ] && running >/dev/null; do sleep 0.2; done
    kill $tail
    [ -e "$kubeconfig" ] || {
        say "the cluster did not start; its log is $log"
        exit 1
    }
}

push() { # NAME FOLDER
    "$(e2e/go-tools.sh crane)/crane" push "$2" "$registry/$1" --insecure >&2
    echo "$registry/$1"
}

down() {
    local pid
    if pid=$(running); then
        say "ending the cluster"
        kill "$pid"
        tail --pid="$pid" -f /dev/null
    fi
    e2e/cluster/sweep.sh
    rm -f "$folder/pid"
}
