#!/bin/sh
# Hoopoe on a cluster of its own, whose pods run: from `helm install` to `helm uninstall`, with faults between. Needs root.
#
# Usage: e2e/test-cluster.sh [LIST] [ARGUMENT...]   LIST: the file that e2e/build.sh printed; without it the workspace is compiled
# Environment: HOOPOE_IMAGE_PROFILE (Cargo's profile of the images; default dev: what the other tests have compiled already).
set -eu
cd "$(dirname "$0")/.."

# Here and not when the test asks, so that the progress is seen.
e2e/cluster/prepare.sh curl
e2e/go-tools.sh helm >/dev/null
if [ -f "${1:-}" ]; then
    list=$1
    shift
else
    mkdir -p target
    list=target/tests
    e2e/build.sh >"$list"
fi
binary=$(awk '$1 == "e2e" && $3 == "cluster" { print $4 }' "$list")
[ -n "$binary" ] || {
    echo "the test of the cluster is not compiled" >&2
    exit 1
}
export HOOPOE_PROGRAMS="$PWD/target/debug" HOOPOE_IMAGE_PROFILE="${HOOPOE_IMAGE_PROFILE:-dev}" HOOPOE_IMAGE_SBOM=no
cd e2e
exec ./patience.sh "$binary" --nocapture "$@"
