#!/usr/bin/env bash
# Every goal as a ratio, each part beside its limit in one run, on real servers that it starts and ends itself. Prints one table;
# under four minutes after the build. `e2e/bench.sh drain 304` runs only the measures so named. The numbers mean something only
# while nothing else uses the machine.
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
