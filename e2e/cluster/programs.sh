#!/bin/sh
# Prints the folders, one per line, that hold the programs of a cluster that runs pods: those of a control plane
# (without kwok), kubelet, kube-proxy, containerd, runc and crane. Builds the missing programs from their Go modules,
# which takes about ten minutes on two cores the first time.
#
# Environment: XDG_CACHE_HOME (where builds are kept).
set -eu

tools=$(cd "$(dirname "$0")/.." && pwd)/go-tools.sh
"$tools" kubernetes etcd kube-apiserver kube-controller-manager kube-scheduler kubectl kubelet kube-proxy
"$tools" containerd
"$tools" runc
"$tools" crane
