#!/bin/sh
# Tests Hoopoe in a cluster of its own that runs real pods, from `helm install` to `helm uninstall`, with faults in
# between. It needs root.
#
# Usage: e2e/test-cluster.sh [LIST] [ARGUMENT...]   LIST: the output of e2e/build.sh; without it the script runs that
# Environment: HOOPOE_IMAGE_PROFILE (Cargo's profile of the images; default dev, which the other tests have compiled).
set -eu
cd "$(dirname "$0")/.."

# Build the parts now rather than when the test needs them, so that the user sees the progress.
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
    echo "test-cluster: $list does not list the cluster's test; e2e/build.sh compiles it" >&2
    exit 1
}
export HOOPOE_PROGRAMS="$PWD/target/debug" HOOPOE_IMAGE_PROFILE="${HOOPOE_IMAGE_PROFILE:-dev}" HOOPOE_IMAGE_SBOM=no
cd e2e
exec ./patience.sh "$binary" --nocapture "$@"
