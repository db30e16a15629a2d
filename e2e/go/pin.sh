#!/bin/sh
# Pins the dependencies that the modules in this folder share with `kubernetes` to the versions that `kubernetes` uses,
# so that all modules share the Go compiler's cache. Without the pins, Go would compile the hundred megabytes of
# k8s.io/*, grpc and protobuf once for each tool. Run it after you update a module, and commit the changes.
#
# A module's file `unpinned` lists the dependencies that must be newer than in kubernetes: one name, or the beginning of
# one, per line. Three modules are not pinned: kube-score (its k8s.io/api is years older), runc (built with cgo) and
# helm3 (not built for every change).
set -eu
cd "$(dirname "$0")"

go=$(../go.sh)
versions() { # MODULE: prints `NAME VERSION` of each dependency of its programs; a `replace` is already applied
    version='{{with .Replace}}{{.Version}}{{else}}{{.Version}}{{end}}'
    (cd "$1" && "$go" list -deps -f "{{with .Module}}{{.Path}} $version{{end}}" tool) | grep ' v' | sort -u
}

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
versions kubernetes >"$work/kubernetes"
for module in kwok helm helm-unittest coredns containerd kubeconform helm-docs crane; do
    # Remove the old pins first, because newer versions may need other pins.
    for name in $(sed -n 's/^replace \(.*\) => .* \/\/ pinned$/\1/p' $module/go.mod); do
        "$go" mod edit -dropreplace="$name" $module/go.mod
    done
    (cd $module && GOFLAGS=-mod=mod "$go" list -deps tool >/dev/null)
    versions $module >"$work/own"
    join "$work/kubernetes" "$work/own" | while read -r name theirs own; do
        [ "$theirs" != "$own" ] || continue
        if [ -e $module/unpinned ] &&
            awk -v name="$name" 'index(name, $1) == 1 { found = 1 } END { exit !found }' $module/unpinned; then
            continue
        fi
        echo "replace $name => $name $theirs // pinned" >>$module/go.mod
    done
    # Write go.sum anew, so that it has no entries that are not used any more.
    rm -f $module/go.sum
    (cd $module &&
        GOFLAGS=-mod=mod "$go" list -deps tool >/dev/null &&
        GOFLAGS=-mod=readonly "$go" list -deps tool >/dev/null)
    echo "$module: $(grep -c '// pinned$' $module/go.mod || true) pinned" >&2
done
