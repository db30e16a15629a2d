#!/usr/bin/env bash
# Runs the checks of this repository on real servers. Steps that wait run at the same time as steps that compute. The
# output of a step is shown as a whole when the step ends, and once a minute a line names the steps that run. The last
# lines name the steps that ran or were skipped, and the time of each.
#
# Usage: e2e/test.sh [--all]   also runs the steps that take too long for every change; by default it only names them
set -uo pipefail
cd "$(dirname "$0")/.."

all=${1:-}
case $all in '' | --all) ;; *)
    echo "usage: e2e/test.sh [--all]" >&2
    exit 2
    ;;
esac

work=$(mktemp -d) || exit
mkdir "$work/ended"
: >"$work/results"
: >"$work/groups"
# e2e/patience.sh writes the failed tests to this file; the summary prints it.
export HOOPOE_FAILURES=$work/failures
: >"$HOOPOE_FAILURES"
# The other scripts take the programs that e2e/build.sh has compiled from here.
export HOOPOE_PROGRAMS=$PWD/target/debug
tests=$work/tests complaints=$work/complaints

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

source e2e/processor-time.sh

step() { # NAME TITLE COMMAND...: runs one check; its status 77 means skipped; after a failure the next checks still run
    local name=$1 title=$2 from=$SECONDS status=0 used
    shift 2
    echo "$title" >"$work/$name.running"
    measured "$work/$name.used" "$@" >"$work/$name.output" 2>&1 </dev/null || status=$?
    used=$(cat "$work/$name.used")
    {
        flock 9
        say "$title: $*"
        cat "$work/$name.output"
        printf '%s\t%s\n' $status "$title (wall $((SECONDS - from)) s, processor $used s)" >>"$work/results"
        rm "$work/$name.running"
    } 9>"$work/output.lock"
    touch "$work/ended/$name"
}

long_step() { # NAME TITLE COMMAND...: the same for a step that runs only with --all
    if [ "$all" = --all ]; then
        step "$@"
    else
        printf '%s\t%s\n' left "$2" >>"$work/results"
        touch "$work/ended/$1"
    fi
}

after() { # NAME...: waits until these steps of other lanes end, even if they fail: the next step reports what it misses
    local name
    # The file `lost` says that a lane was killed, so its steps will never end.
    for name; do while [ ! -e "$work/ended/$name" ] && [ ! -e "$work/lost" ]; do sleep 0.2; done; done
}

lane() { # FUNCTION: runs its steps at the same time as the other lanes, in a process group of its own
    set -m
    {
        "$1"
        touch "$work/ended/lane-$BASHPID"
    } &
    set +m
    lanes+=($!)
    echo $! >>"$work/groups"
}

end_lanes() { # ends the processes that the lanes have left running; the servers' own watchdogs end the servers
    local group
    while read -r group; do kill -TERM -- "-$group" 2>/dev/null; done <"$work/groups"
    while read -r group; do
        for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 -- "-$group" 2>/dev/null && sleep 0.3; done
        kill -KILL -- "-$group" 2>/dev/null
    done <"$work/groups"
    end_measured
    rm -rf "$work"
}

need_compiler() {
    command -v cc >/dev/null && command -v c++ >/dev/null && return
    local sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq &&
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends g++ libc6-dev
}

packages() { # installs all packages in one step, because only one apt can run at a time
    local of_pods=
    [ "$(id -u)" != 0 ] || of_pods=$(e2e/cluster/prepare.sh --packages)
    # shellcheck disable=SC2086 # a list of words
    e2e/install.sh debootstrap python3-venv curl elfutils $of_pods
}

lints() { # prints the warnings of Clippy, which ran while the workspace was compiled
    [ -s "$tests" ] || {
        echo "the workspace could not be compiled"
        return 1
    }
    [ ! -s "$complaints" ] || {
        cat "$complaints"
        return 1
    }
}

build() { e2e/build.sh "$complaints" >"$tests"; }

run_tests() { # PACKAGE...: also runs the ignored tests, because earlier steps have installed the tools that they need
    HOOPOE_SCHEMATHESIS=$(e2e/schemathesis.sh) || return 1
    export HOOPOE_SCHEMATHESIS HOOPOE_SCHEMATHESIS_EXAMPLES=${HOOPOE_SCHEMATHESIS_EXAMPLES:-40}
    e2e/run-tests.sh "$tests" "$@"
}

as_root() { # COMMAND...: skips it without root, which network namespaces, mounts and control groups need
    [ "$(id -u)" = 0 ] || {
        echo "skipped: you are not root"
        return 77
    }
    "$@"
}

# Gives compilers a lower priority than tests, because tests have time limits.
politely() { nice -n 10 "$@"; }

demo() { # its ports are fixed, so only one runs at a time on a machine; they are below the ports that tests take
    mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}/hoopoe"
    HOOPOE_DEMO_ADMIN=9081 flock "${XDG_CACHE_HOME:-$HOME/.cache}/hoopoe/demo.lock" e2e/demo.sh
}

demo_in_pods() {
    local status=0
    export HOOPOE_CLUSTER=own
    e2e/demo-cluster.sh || status=$?
    e2e/cluster.sh down || status=$?
    return $status
}

# The tests of the operator, the longest step, wait for the first two of these; the pods wait for all of them.
lane_of_tools() { # mostly Go's compiler, which works while the other lanes wait
    step plane "Kubernetes control plane from its Go modules (first time: about ten minutes)" \
        politely e2e/control-plane.sh
    step charts-tools "tools for the charts from their Go modules" politely e2e/charts.sh --tools
    step nodes "programs of the cluster's nodes from their Go modules" as_root politely e2e/cluster/programs.sh
    after build
    step demo "demo" demo
    step charts "charts: lint, unit tests, schemas, kube-score" e2e/charts.sh
    step fuzz "fuzzing for 20 s" politely env FUZZ_SECONDS=20 fuzz/run.sh
}

lane_of_tests() {
    step format "formatting" cargo fmt --all --check
    step build "compiling the workspace" build
    step lints "lints" lints
    step service "tests of the service on real servers" run_tests service
    after plane charts-tools
    step operator "tests of the operator on real servers" run_tests operator
    step others "tests of the resources' types and of the tests' own servers" run_tests crds e2e
}

lane_of_pods() { # the pods need nearly everything that the other lanes build
    step trixie "RabbitMQ 4 in a folder of its own" e2e/trixie.sh
    step schemathesis "schemathesis from PyPI" e2e/schemathesis.sh
    step deny "licences, sources and banned crates of the dependencies" make deny
    # The images' DNS server shares most of its packages with the control plane, so Go has compiled them then.
    after plane
    step images "the cluster's own images (first time: about three minutes)" as_root politely e2e/cluster/images.sh
    after build nodes charts-tools
    step pods "Hoopoe in pods on two nodes, with faults" as_root e2e/test-cluster.sh "$tests"
}

started=$SECONDS lanes=()
# If this script is killed, a second process ends the lanes, because no other program would.
export -f end_lanes end_measured
export work groups
setsid bash -c 'while kill -0 "$0" 2>/dev/null; do sleep 1; done; [ ! -e "$work" ] || end_lanes' $$ \
    >/dev/null 2>&1 </dev/null &
trap 'end_lanes' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step compiler "compiler" need_compiler
step packages "servers and tools from Debian's packages" packages
lane lane_of_tools
lane lane_of_tests
lane lane_of_pods
lanes_run() { # whether a lane still runs; a lane that is gone without its file in `ended` was killed
    local pid some=1
    for pid in "${lanes[@]}"; do
        if kill -0 "$pid" 2>/dev/null; then
            some=0
        elif [ ! -e "$work/ended/lane-$pid" ] && [ ! -e "$work/lost" ]; then
            printf '1\t%s\n' "a lane of steps was killed" >>"$work/results"
            touch "$work/lost"
        fi
    done
    return $some
}
said=$SECONDS
while lanes_run; do
    sleep 1
    [ $((SECONDS - said)) -lt 60 ] || {
        said=$SECONDS
        running=$(cat "$work"/*.running 2>/dev/null | paste -sd ';' | sed 's/;/; /g')
        printf '%5d s  running: %s\n' $((SECONDS - started)) "$running"
    }
done
wait "${lanes[@]}"
long_step helm3 "charts with Helm 3" make charts-helm-three
long_step demo-in-pods "demo in pods, with the release images" as_root demo_in_pods
long_step reproducible "two builds of the images give the same digests" as_root e2e/reproducible.sh
long_step chaos "150 parts of a cluster killed at random" as_root make chaos KILLS=150
long_step fuzz-long "fuzzing for 10 minutes" env FUZZ_SECONDS=600 fuzz/run.sh

say "summary after $((SECONDS - started)) s"
results() { # STATUS WORD: prints the steps with that status, each after WORD
    awk -F '\t' -v status="$1" -v word="$2" \
        'status == "other" ? $1 !~ /^(0|77|left)$/ : $1 == status { print word $2; }' "$work/results"
}
count() { results "$1" "" | wc -l; }
results 0 'ran      '
results other 'FAILED   '
results 77 'skipped  '
results left 'runs only in make test-all: '
head -n 20 "$HOOPOE_FAILURES"
passed=$(count 0) failed=$(count other) skipped=$(count 77)
echo "$passed passed, $failed failed, $skipped skipped"
if [ "$failed" != 0 ] || { [ "${CI:-}" = true ] && [ "$skipped" != 0 ]; }; then
    exit 1
fi
