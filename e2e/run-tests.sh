#!/usr/bin/env bash
# Runs the test binaries of packages, with their ignored tests, from the list that `e2e/build.sh` printed. All of them
# run, even if one fails.
#
# Eight tests run at a time on any machine, because tests mostly wait for servers. A test must therefore wait for an
# event instead of a fixed time, set the limits that it waits out, and count nothing of the process, which seven others
# share.
#
# Usage: e2e/run-tests.sh LIST PACKAGE...   (a package's folder: service, operator, crds, e2e)
# Environment: RUST_TEST_THREADS (how many tests run at a time; default 8).
set -uo pipefail
cd "$(dirname "$0")/.."

list=${1:?usage: run-tests.sh LIST PACKAGE...}
shift
root=$PWD
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-8}
status=0 ran=0
for package; do
    while read -r of kind name binary; do
        # The cluster's tests run as a separate step, e2e/test-cluster.sh.
        [ "$of" = "$package" ] && [ "$name" != cluster ] || continue
        printf '\n%s: %s %s\n' "$package" "$kind" "$name"
        # Run it in the package's folder, as Cargo does.
        (cd "$package" && exec "$root/e2e/patience.sh" "$binary" --include-ignored) || status=1
        ran=$((ran + 1))
    done <"$list"
done
[ $ran != 0 ] || {
    echo "run-tests: $list lists no test binary of: $*" >&2
    exit 1
}
exit $status
