#!/usr/bin/env bash
# The checks of this repository, in order, on real servers. The last lines name what ran, what was skipped and how long each took.
#
# Usage: e2e/test.sh [--all]   with --all also what takes too long for every change; without it that is named, and no failure
set -uo pipefail
cd "$(dirname "$0")/.."

passed=() failed=() skipped=() left=()
all=${1:-}
case $all in '' | --all) ;; *)
    echo "usage: e2e/test.sh [--all]" >&2
    exit 2
    ;;
esac
started=$SECONDS
HOOPOE_FAILURES=$(mktemp) || exit # what e2e/patience.sh has seen fail, for the last lines
export HOOPOE_FAILURES
trap 'rm -f "$HOOPOE_FAILURES"' EXIT

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step() { # NAME COMMAND...: runs one check, which may leave itself out by the status 77; a failure does not hide those after it
    local name=$1 from=$SECONDS status=0
    shift
    say "$name: $*"
    "$@" || status=$?
    name="$name ($((SECONDS - from))s)"
    case $status in
        0) passed+=("$name") ;;
        77) skipped+=("$name") ;;
        *) failed+=("$name") ;;
    esac
}

long_step() { # the same for what runs only with --all
    if [ "$all" = --all ]; then
        step "$@"
    else
        left+=("$1")
    fi
}

need_compiler() {
    command -v cc >/dev/null && command -v c++ >/dev/null && return
    local sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends g++ libc6-dev
}

generated_files() { # what is committed is what the code makes
    local crds
    crds=$(mktemp -d) || return 1
    { cargo run --quiet --locked -p hoopoe -- openapi | diff -u service/openapi.json - &&
        cargo run --quiet --locked -p hoopoe-crds -- "$crds" && diff -ru crds/yaml "$crds"; } || {
        echo "a generated file is stale: run make generate"
        return 1
    }
    rm -r "$crds"
}

all_tests() { # the ignored ones too: they need what the steps before have installed
    HOOPOE_SCHEMATHESIS=$(e2e/schemathesis.sh) || return 1
    export HOOPOE_SCHEMATHESIS HOOPOE_SCHEMATHESIS_EXAMPLES=${HOOPOE_SCHEMATHESIS_EXAMPLES:-40}
    cargo test --config "target.'cfg(unix)'.runner = 'e2e/patience.sh'" \
        --workspace --locked --no-fail-fast -- --include-ignored
}

as_root() { # COMMAND...: network namespaces, mounts and control groups are root's to make
    [ "$(id -u)" = 0 ] || {
        echo "left out: you are not root"
        return 77
    }
    "$@"
}

demo_in_pods() {
    local status=0
    export HOOPOE_CLUSTER=own
    e2e/demo-cluster.sh || status=$?
    e2e/cluster.sh down || status=$?
    return $status
}

step "compiler" need_compiler
step "servers from Debian's packages" e2e/install.sh debootstrap python3-venv curl elfutils
step "RabbitMQ 4 in a folder of its own" e2e/trixie.sh
step "Kubernetes control plane from its Go modules (first time: some ten minutes)" e2e/control-plane.sh
step "schemathesis from PyPI" e2e/schemathesis.sh
step "formatting" cargo fmt --all --check
step "lints" cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
step "generated files" generated_files
step "charts: lint, unit tests, schemas, kube-score (first time: some five minutes for Helm)" e2e/charts.sh
step "tests on real servers" all_tests
step "Hoopoe in pods on two nodes, with faults (first time: some three minutes for its programs and images)" as_root e2e/test-cluster.sh
step "fuzzing for 20 s" env FUZZ_SECONDS=20 fuzz/run.sh
step "demo" env HOOPOE_DEMO_ADMIN=18081 e2e/demo.sh
long_step "licences, sources and banned crates of the dependencies" make deny
long_step "charts with Helm 3" make charts-helm-three
long_step "demo out of pods, with the images that are released" as_root demo_in_pods
long_step "two builds of the images, one digest" as_root e2e/reproducible.sh
long_step "150 parts of a cluster killed at random" as_root make chaos KILLS=150
long_step "fuzzing for 10 minutes" env FUZZ_SECONDS=600 fuzz/run.sh

say "summary after $((SECONDS - started))s"
printf 'ran      %s\n' "${passed[@]}"
[ ${#failed[@]} = 0 ] || printf 'FAILED   %s\n' "${failed[@]}"
[ ${#skipped[@]} = 0 ] || printf 'skipped  %s\n' "${skipped[@]}"
[ ${#left[@]} = 0 ] || printf 'left to make test-all: %s\n' "${left[@]}"
head -n 20 "$HOOPOE_FAILURES"
echo "${#passed[@]} passed, ${#failed[@]} failed, ${#skipped[@]} skipped"
if [ ${#failed[@]} != 0 ] || { [ "${CI:-}" = true ] && [ ${#skipped[@]} != 0 ]; }; then
    exit 1
fi
