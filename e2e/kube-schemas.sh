#!/bin/sh
# Prints a folder with JSON schemas for kubeconform. It has a subfolder for each Kubernetes version that the charts are
# checked against, with the kinds of Kubernetes, Hoopoe, the Gateway API and Prometheus' operator. The schemas are made
# from the Go modules (25 MB for each Kubernetes) and are kept under a hash of their sources.
#
# Usage: e2e/kube-schemas.sh [--definitions]   (prints the files of the foreign CRDs instead, for an API server)
# Environment: XDG_CACHE_HOME (where the schemas are kept).
set -eu

# The three minor versions that Kubernetes supports.
kubernetes="v1.34.4 v1.35.4 v1.36.3"
# The newest versions whose whole files, with the CRDs in them, the Go proxy delivers.
gateway=sigs.k8s.io/gateway-api@v1.4.1
prometheus=github.com/prometheus-operator/prometheus-operator@v0.85.0
# Increase this number when the way in which schemas are made changes, so that all are made again.
recipe=1

say() { echo "kube-schemas: $*" >&2; }

here=$(cd "$(dirname "$0")" && pwd)
crds=$here/../crds/yaml
go=$("$here/go.sh")

module() { # MODULE@VERSION: prints the folder of its files, which Go's checksum database has verified
    (cd / && GOFLAGS=-mod=mod "$go" mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p'
}

definitions() {
    for file in gateways httproutes; do
        echo "$(module "$gateway")/config/crd/standard/gateway.networking.k8s.io_$file.yaml"
    done
    for file in servicemonitors prometheusrules podmonitors; do
        echo "$(module "$prometheus")/example/prometheus-operator-crd/monitoring.coreos.com_$file.yaml"
    done
}

if [ "${1:-}" = --definitions ]; then
    definitions
    exit
fi

hash=$({ cat "$here/go/kube-schemas/main.go" "$crds"/*.yaml; echo "$recipe $kubernetes $gateway $prometheus"; } |
    sha256sum | cut -c1-12)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/hoopoe
folder=$cache/kube-schemas-$hash
if [ ! -e "$folder/.hoopoe-ready" ]; then
    mkdir -p "$cache"
    exec 9>"$folder.lock"
    flock 9
    if [ ! -e "$folder/.hoopoe-ready" ]; then
        say "making the schemas for Kubernetes $kubernetes (the first time: about twenty seconds)"
        program=$("$here/go-tools.sh" kube-schemas 9>&-)/kube-schemas
        rm -rf "$folder"
        foreign=$(definitions)
        for version in $kubernetes; do
            # shellcheck disable=SC2086 # a list of files without spaces
            "$program" "$folder/$version" "$(module "k8s.io/kubernetes@$version")/api/openapi-spec/swagger.json" \
                $foreign "$crds"/*.yaml >/dev/null
        done
        touch "$folder/.hoopoe-ready"
    fi
fi
echo "$folder"
