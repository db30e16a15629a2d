#!/bin/sh
# Builds the tools of one module in e2e/go, whose go.mod lists the tools and their versions, and prints the folder that
# holds them. The folder's name contains a hash of the sources, so tools that were built before are not built again. If
# two runs overlap, the second waits for the first.
#
# Usage: e2e/go-tools.sh MODULE [TOOL...]   (only these tools of the module; without a name all of them)
# Environment: XDG_CACHE_HOME (where the tools are kept).
set -eu

module=${1:?usage: go-tools.sh MODULE [TOOL...]}
shift
here=$(cd "$(dirname "$0")" && pwd)
source=$here/go/$module
# Increase this number when the way in which tools are built changes, so that all are built again.
recipe=2

say() { echo "$module: $*" >&2; }

# `flags` has one argument of `go build` per line. The Go files of our own programs are next to it. `env` exists only
# for modules that need cgo.
hash=$(cd "$source" && cat go.mod go.sum flags ./*.go env 2>/dev/null |
    { cat; echo "$recipe $(uname -m)"; } | sha256sum | cut -c1-12)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/hoopoe
folder=$cache/go-$module-$hash
ready=$folder/.hoopoe-ready

built() { # TOOL...: whether these tools are built; without a name, whether all of the module are
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

# -mod=readonly: take only the modules that go.sum lists, and write nothing into the checkout.
export CGO_ENABLED=0 GOFLAGS=-mod=readonly
cd "$source"
if [ -e env ]; then
    # shellcheck disable=SC2046 # each word is a variable
    export $(cat env)
fi
name_of() { # PACKAGE: prints the program's name as `go build` chooses it: the last part of the path, without a version
    echo "$1" | sed -E 's,/v[0-9]+$,,; s,.*/,,'
}
started=$(date +%s)
mkdir -p "$folder"
# Remove what a killed run left.
rm -rf "$folder"/*.unfinished*
all=$("$go" list -f '{{.ImportPath}}' tool)
wanted=" $* "
[ $# != 0 ] || wanted=
names=
# From here on the arguments of this script are the programs to build.
set --
for tool in $all; do
    name=$(name_of "$tool")
    [ "$name" != server ] || name=etcd
    case ${wanted:-" $name "} in *" $name "*) ;; *) continue ;; esac
    if [ -x "$folder/$name" ]; then
        say "$name is built already"
    else
        set -- "$@" "$tool"
        names="$names $name"
    fi
done
say "downloading the modules"
# Ignore errors here, because the build reports them.
"$go" list -deps tool >/dev/null 2>&1 9>&- || true
say "building$names"
# Build all programs at once, so that Go links one while it compiles the next. Leave out debug information, which is
# a seventh of the work and is not used. Do not use -trimpath: with it Go would compile a package whose version is
# replaced (see go/pin.sh) again for each module.
unfinished=$folder/programs.unfinished.$$
mkdir "$unfinished"
[ $# = 0 ] || {
    while read -r flag; do set -- "$flag" "$@"; done <flags
    "$go" build -gcflags=all=-dwarf=false -o "$unfinished/" "$@" >&2 9>&-
}
# Move the finished programs into place, so that a killed run leaves no half-written program. The compiler of a killed
# run goes on for a while without the lock, so each run writes to a separate folder.
[ ! -e "$unfinished/server" ] || mv "$unfinished/server" "$unfinished/etcd"
find "$unfinished" -type f -exec mv {} "$folder" \;
rmdir "$unfinished"
# shellcheck disable=SC2086 # a list of words
set -- $wanted
# Remove what the compiler of a killed run has written meanwhile.
rm -rf "$folder"/*.unfinished*
if [ $# = 0 ]; then
    touch "$ready"
elif ! built "$@"; then
    say "go.mod has no tool line for at least one of these: $*"
    exit 1
fi
say "done in $(($(date +%s) - started)) s, $(du -sh "$folder" | cut -f 1)"
echo "$folder"
