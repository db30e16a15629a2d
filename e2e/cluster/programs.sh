#!/bin/sh
# Prints the folders, one a line, in which the programs of a cluster that runs pods are: those of a control plane (without kwok), kubelet,
# kube-proxy, containerd, runc and crane. What is missing is built from its Go modules: some ten minutes on two cores the
# first time, nothing after that.
#
# Environment: XDG_CACHE_HOME (where builds are kept).
set -eu

tools=$(cd "$(dirname "$0")/.." && pwd)/go-tools.sh
"$tools" kubernetes etcd kube-apiserver kube-controller-manager kube-scheduler kubectl kubelet kube-proxy
"$tools" containerd
"$tools" runc
"$tools" crane
