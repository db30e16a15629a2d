#!/bin/sh
# Builds the tools of one module in e2e/go (its go.mod says which, at which versions) and prints the folder that they are in. Does
# nothing but print it where they were built before: the folder's name holds a hash of what they are built from. Two runs
# at once wait for each other.
#
# Usage: e2e/go-tools.sh MODULE [TOOL...]   (only these of its tools; all where none is named)
# Environment: XDG_CACHE_HOME (where it is kept).
set -eu

module=${1:?usage: go-tools.sh MODULE [TOOL...]}
shift
here=$(cd "$(dirname "$0")" && pwd)
source=$here/go/$module
# One more with every change to how tools are built.
recipe=1

say() { echo "$module: $*" >&2; }

# `flags` has an argument of `go build` a line; a module with programs of its own has them beside it; `env` is there where cgo is needed.
hash=$(cd "$source" && cat go.mod go.sum flags ./*.go env 2>/dev/null | { cat; echo "$recipe $(uname -m)"; } | sha256sum | cut -c1-12)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/hoopoe
folder=$cache/go-$module-$hash
ready=$folder/.hoopoe-ready

built() { # TOOL...: whether these are there; none named: whether all are
    [ ! -e "$ready" ] || return 0
    [ $# != 0 ] || return 1
    for name; do [ -x "$folder/$name" ] || return 1; done
}

if built "$@"; then
    echo "$folder"
    exit
fi
go=$("$here/go.sh")
mkdir -p "$cache"
exec 9>"$folder.lock"
flock --nonblock 9 || {
    say "another run is building; waiting"
    flock 9
}
if built "$@"; then
    echo "$folder"
    exit
fi

# Built beside a clone's own files, so that a build writes nothing into the checkout; -mod=readonly: go.sum says what is taken.
export CGO_ENABLED=0 GOFLAGS=-mod=readonly
cd "$source"
if [ -e env ]; then
    # shellcheck disable=SC2046 # a variable a word
    export $(cat env)
fi
build() { # TOOL FILE
    tool=$1 file=$2
    set --
    while read -r flag; do set -- "$@" "$flag"; done <flags
    "$go" build -trimpath "$@" -o "$file" "$tool"
}
started=$(date +%s)
say "downloading the modules"
"$go" mod download >&2 9>&-
mkdir -p "$folder"
# Of a run that was killed.
rm -f "$folder"/*.unfinished*
all=$("$go" list -f '{{.ImportPath}}' tool)
wanted=" $* "
[ $# != 0 ] || wanted=
count=$#
[ $# != 0 ] || count=$(echo "$all" | wc -l)
number=0
for tool in $all; do
    # The last element of the path that is no major version.
    name=$(echo "$tool" | sed -E 's,/v[0-9]+$,,; s,.*/,,')
    [ "$name" != server ] || name=etcd
    case ${wanted:-" $name "} in *" $name "*) ;; *) continue ;; esac
    number=$((number + 1))
    if [ -x "$folder/$name" ]; then
        say "$number/$count $name is there"
        continue
    fi
    from=$(date +%s)
    say "$number/$count building $name ($((from - started)) s so far)"
    # Moved into place whole: a run that is killed leaves no half of a program. Its compiler lives on for a while without the
    # lock, so the next run writes to a name of its own.
    build "$tool" "$folder/$name.unfinished.$$" >&2 9>&-
    mv "$folder/$name.unfinished.$$" "$folder/$name"
    say "$number/$count $name took $(($(date +%s) - from)) s"
done
# What the compiler of a killed run finished meanwhile.
rm -f "$folder"/*.unfinished*
if [ $# = 0 ]; then
    touch "$ready"
elif ! built "$@"; then
    say "go.mod has no tool lines for all of: $*"
    exit 1
fi
say "done in $(($(date +%s) - started)) s, $(du -sh "$folder" | cut -f 1)"
echo "$folder"
