#!/usr/bin/env bash
# Installs schemathesis from PyPI into a folder of its own, by version, and prints where its program is.
set -euo pipefail

version=4.32.5
home=${XDG_CACHE_HOME:-$HOME/.cache}/hoopoe/schemathesis-$version
if [ ! -x "$home/bin/schemathesis" ]; then
    echo "schemathesis: installing $version from PyPI" >&2
    # A half-made folder of an earlier try is made anew.
    rm -rf "$home"
    python3 -m venv "$home" >&2
    "$home/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" >&2
fi
echo "$home/bin/schemathesis"
