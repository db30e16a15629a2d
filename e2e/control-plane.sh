#!/bin/sh
# Prints the folders, one a line, in which the programs of a Kubernetes control plane are: etcd, kube-apiserver,
# kube-controller-manager, kube-scheduler, kubectl and kwok. What is missing is built from its Go modules: some ten minutes on
# two cores the first time, nothing after that.
#
# Environment: KUBEBUILDER_ASSETS (a folder whose programs are used instead of our own; such a folder of a controller's test kit
# has etcd, kube-apiserver and kubectl, and only the others are built), XDG_CACHE_HOME (where builds are kept).
set -eu

here=$(cd "$(dirname "$0")" && pwd)

given() { [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$1" ]; }

# Not the node's programs, which the same module builds: tests without a real node do without them.
set --
for program in etcd kube-apiserver kube-controller-manager kube-scheduler kubectl; do
    given "$program" || set -- "$@" "$program"
done

[ -z "${KUBEBUILDER_ASSETS:-}" ] || echo "$KUBEBUILDER_ASSETS"
[ $# = 0 ] || "$here/go-tools.sh" kubernetes "$@"
given kwok || "$here/go-tools.sh" kwok
