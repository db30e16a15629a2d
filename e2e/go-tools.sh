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
recipe=2

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
name_of() { # PACKAGE: what `go build` calls its program: the last element of the path that is no major version
    echo "$1" | sed -E 's,/v[0-9]+$,,; s,.*/,,'
}
started=$(date +%s)
mkdir -p "$folder"
# Of a run that was killed.
rm -rf "$folder"/*.unfinished*
all=$("$go" list -f '{{.ImportPath}}' tool)
wanted=" $* "
[ $# != 0 ] || wanted=
names=
# As arguments: the programs to build.
set --
for tool in $all; do
    name=$(name_of "$tool")
    [ "$name" != server ] || name=etcd
    case ${wanted:-" $name "} in *" $name "*) ;; *) continue ;; esac
    if [ -x "$folder/$name" ]; then
        say "$name is there"
    else
        set -- "$@" "$tool"
        names="$names $name"
    fi
done
say "downloading the modules"
# What is wrong with them is said by the build.
"$go" list -deps tool >/dev/null 2>&1 9>&- || true
say "building$names"
# In one build, so that one program is linked while the next is compiled. Without debug information, which nobody reads and which is a
# seventh of the work. Not -trimpath: with it a package whose version is replaced (see go/pin.sh) is compiled again for each module.
unfinished=$folder/programs.unfinished.$$
mkdir "$unfinished"
[ $# = 0 ] || {
    while read -r flag; do set -- "$flag" "$@"; done <flags
    "$go" build -gcflags=all=-dwarf=false -o "$unfinished/" "$@" >&2 9>&-
}
# Moved into place whole: a run that is killed leaves no half of a program. Its compiler lives on for a while without the lock, so the
# next run writes to a folder of its own.
[ ! -e "$unfinished/server" ] || mv "$unfinished/server" "$unfinished/etcd"
find "$unfinished" -type f -exec mv {} "$folder" \;
rmdir "$unfinished"
# shellcheck disable=SC2086 # a list of words
set -- $wanted
# What the compiler of a killed run finished meanwhile.
rm -rf "$folder"/*.unfinished*
if [ $# = 0 ]; then
    touch "$ready"
elif ! built "$@"; then
    say "go.mod has no tool lines for all of: $*"
    exit 1
fi
say "done in $(($(date +%s) - started)) s, $(du -sh "$folder" | cut -f 1)"
echo "$folder"
