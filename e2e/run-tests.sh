#!/usr/bin/env bash
# Runs the test binaries of packages, ignored tests too, on the list that `e2e/build.sh` printed. All of them run whatever fails.
#
# Eight tests at a time, whatever the machine has: most of the time they wait for servers. A test therefore waits for a cause and sets
# the limits that it waits out; it counts nothing of the whole process, which it shares with seven others.
#
# Usage: e2e/run-tests.sh LIST PACKAGE...   (a package's folder: service, operator, crds, e2e)
# Environment: RUST_TEST_THREADS (how many at a time).
set -uo pipefail
cd "$(dirname "$0")/.."

list=${1:?usage: run-tests.sh LIST PACKAGE...}
shift
root=$PWD
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-8}
status=0 ran=0
for package; do
    while read -r of kind name binary; do
        # The cluster's stages are a step of their own.
        [ "$of" = "$package" ] && [ "$name" != cluster ] || continue
        printf '\n%s: %s %s\n' "$package" "$kind" "$name"
        # In the package's folder, as Cargo runs it.
        (cd "$package" && exec "$root/e2e/patience.sh" "$binary" --include-ignored) || status=1
        ran=$((ran + 1))
    done <"$list"
done
[ $ran != 0 ] || {
    echo "run-tests: no test binary of $* is on the list" >&2
    exit 1
}
exit $status
