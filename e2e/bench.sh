#!/usr/bin/env bash
# Measures each part of Hoopoe and its limit in the same run, and prints one table with the ratio of the two for every
# goal. It starts and stops the real servers itself, and takes less than four minutes after the build. The numbers are
# valid only while no other program uses the machine.
#
# Usage: e2e/bench.sh [MEASURE...]   such as `e2e/bench.sh drain 304`; without a name it runs all measures
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

if ! command -v cc >/dev/null; then
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gcc libc6-dev
fi
e2e/install.sh debootstrap

say "Building with optimisations (some minutes the first time)"
cargo bench --locked -p hoopoe --bench goals --no-run

load=$(cut -d ' ' -f 1 /proc/loadavg)
say "Measuring (the machine's load before: $load)"
[ $# = 0 ] || export HOOPOE_BENCH=$(IFS=,; echo "$*")
cargo bench --quiet --locked -p hoopoe --bench goals
