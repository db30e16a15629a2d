#!/bin/sh
# Prints the folders, one per line, that hold the programs of a Kubernetes control plane: etcd, kube-apiserver,
# kube-controller-manager, kube-scheduler, kubectl and kwok. Builds the missing programs from their Go modules, which
# takes about ten minutes on two cores the first time.
#
# Environment: KUBEBUILDER_ASSETS (a folder whose programs are used instead of our own; the one that controller test
# kits use has etcd, kube-apiserver and kubectl, so only the others are built), XDG_CACHE_HOME (where builds are kept).
set -eu

here=$(cd "$(dirname "$0")" && pwd)

given() { [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$1" ]; }

# Leave out the node's programs, which the same module builds: tests without a real node do not need them.
set --
for program in etcd kube-apiserver kube-controller-manager kube-scheduler kubectl; do
    given "$program" || set -- "$@" "$program"
done

[ -z "${KUBEBUILDER_ASSETS:-}" ] || echo "$KUBEBUILDER_ASSETS"
[ $# = 0 ] || "$here/go-tools.sh" kubernetes "$@"
given kwok || "$here/go-tools.sh" kwok
