# shellcheck shell=bash disable=SC2154
# Functions for the clusters that `own.sh` does not start (kind, k3d, kubeconfig): they apply the backends to them.
# Uses from `e2e/cluster.sh`: say, $kubeconfig.

ctl() { KUBECONFIG=$kubeconfig "$(e2e/go-tools.sh kubernetes kubectl)/kubectl" "$@"; }

backends() { # IMAGE: prints the manifests; the data lives only as long as its pod, because the node is not ours
    local image=$1
    sed -e "s,REGISTRY/backends:1,$image," -e '/nodeSelector:/d' -e 's/hostPath: {[^}]*}/emptyDir: {}/' \
        e2e/cluster/backends.yaml
}

start_backends() {
    local name layout image
    e2e/install.sh debootstrap buildah gcc libc6-dev
    while read -r name layout; do
        case $name in backends:*) image=$(push "$name" "$layout") ;; esac
    done < <(e2e/cluster/images.sh)
    say "starting RabbitMQ, PostgreSQL and Redis in pods"
    backends "${image:?e2e/cluster/images.sh printed no image of the backends}" | ctl apply --filename - >&2
    for name in rabbitmq postgres redis; do
        ctl --namespace backends rollout status "statefulset/$name" --timeout 180s >&2
    done
    ctl apply --filename e2e/cluster/secrets.yaml >&2
}

archive() { # NAME FOLDER FILE: converts an OCI layout to the format that `docker save` writes
    e2e/install.sh skopeo
    skopeo copy --quiet "oci:$2" "docker-archive:$3:$1"
}
