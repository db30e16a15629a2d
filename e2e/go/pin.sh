#!/bin/sh
# Pins what the modules in this folder have in common with `kubernetes` to the versions that it has, so that the Go compiler's cache serves
# all of them: without the pins, the hundred megabytes of k8s.io/*, grpc and protobuf are compiled once for each tool. Run it after a new
# version of any of them, and commit what it changed.
#
# A module's file `unpinned` lists what it needs newer than kubernetes has it, a name or the beginning of one a line. Not pinned at all:
# kube-score (its k8s.io/api is years older), runc (built with cgo) and helm3 (not built for every change).
set -eu
cd "$(dirname "$0")"

go=$(../go.sh)
# A version is the one that is taken, after a `replace`.
versions() { # MODULE: `NAME VERSION` of all that its programs are made of
    (cd "$1" && "$go" list -deps -f '{{with .Module}}{{.Path}} {{with .Replace}}{{.Version}}{{else}}{{.Version}}{{end}}{{end}}' tool) | grep ' v' | sort -u
}

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
versions kubernetes >"$work/kubernetes"
for module in kwok helm helm-unittest coredns containerd kubeconform helm-docs crane; do
    # Newer versions may need other pins: the old ones go first.
    for name in $(sed -n 's/^replace \(.*\) => .* \/\/ pinned$/\1/p' $module/go.mod); do
        "$go" mod edit -dropreplace="$name" $module/go.mod
    done
    (cd $module && GOFLAGS=-mod=mod "$go" list -deps tool >/dev/null)
    versions $module >"$work/own"
    join "$work/kubernetes" "$work/own" | while read -r name theirs own; do
        [ "$theirs" != "$own" ] || continue
        if [ -e $module/unpinned ] && awk -v name="$name" 'index(name, $1) == 1 { found = 1 } END { exit !found }' $module/unpinned; then continue; fi
        echo "replace $name => $name $theirs // pinned" >>$module/go.mod
    done
    # What is not used any more goes from go.sum.
    rm -f $module/go.sum
    (cd $module && GOFLAGS=-mod=mod "$go" list -deps tool >/dev/null && GOFLAGS=-mod=readonly "$go" list -deps tool >/dev/null)
    echo "$module: $(grep -c '// pinned$' $module/go.mod || true) pinned" >&2
done
