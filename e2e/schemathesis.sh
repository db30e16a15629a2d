#!/usr/bin/env bash
# Installs a pinned version of schemathesis from PyPI into a separate folder, and prints the path of its program.
set -euo pipefail

version=4.32.5
home=${XDG_CACHE_HOME:-$HOME/.cache}/hoopoe/schemathesis-$version
if [ ! -x "$home/bin/schemathesis" ]; then
    echo "schemathesis: installing $version from PyPI" >&2
    # Remove the incomplete folder of an earlier run that failed.
    rm -rf "$home"
    python3 -m venv "$home" >&2
    "$home/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" >&2
fi
echo "$home/bin/schemathesis"
