#!/bin/sh
# Prints the folders, one a line, in which the programs of a Kubernetes control plane are: etcd, kube-apiserver,
# kube-controller-manager, kube-scheduler, kubectl and kwok. What is missing is built from its Go modules: six to eight minutes on
# two cores the first time, nothing after that.
#
# Environment: KUBEBUILDER_ASSETS (a folder whose programs go before our own), XDG_CACHE_HOME (where builds are kept).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
[ -z "${KUBEBUILDER_ASSETS:-}" ] || echo "$KUBEBUILDER_ASSETS"
# Such a folder of a controller's test kit has an API server, etcd and kubectl, and no controller manager.
[ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/kube-controller-manager" ] && [ -x "$KUBEBUILDER_ASSETS/kube-scheduler" ] ||
    "$here/go-tools.sh" kubernetes
"$here/go-tools.sh" kwok
