#!/bin/sh
# Copies into the charts what has its one source elsewhere. `--check`: only compares, and fails on a difference.
set -eu
cd "$(dirname "$0")/.."

stale=0
one() { # SOURCE COPY
    if [ "${check:-}" ]; then
        diff -u "$2" "$1" || stale=1
    else
        mkdir -p "$(dirname "$2")"
        cp "$1" "$2"
    fi
}

check=
[ "${1:-}" != --check ] || check=yes
for file in crds/yaml/*.yaml; do one "$file" "charts/hoopoe-operator/files/crds/$(basename "$file")"; done
for file in operator/rbac/*.yaml; do one "$file" "charts/hoopoe-operator/files/rbac/$(basename "$file")"; done
exit "$stale"
