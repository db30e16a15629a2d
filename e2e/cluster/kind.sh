# shellcheck shell=bash disable=SC2154
# The cluster `hoopoe` of `e2e/cluster.sh` when kind runs it: two workers.

up() {
    kind get clusters 2>/dev/null | grep -qx hoopoe ||
        kind create cluster --name hoopoe --wait 180s --kubeconfig "$kubeconfig" --config - <<YAML
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes: [{role: control-plane}, {role: worker}, {role: worker}]
YAML
    kind get kubeconfig --name hoopoe >"$kubeconfig"
    start_backends
}

push() { # NAME FOLDER: loads the image into the nodes, under a name without a registry, so that no node pulls it
    local name=hoopoe.local/$1 file=$folder/image.tar
    rm -f "$file"
    archive "$name" "$2" "$file" >&2
    kind load image-archive "$file" --name hoopoe >&2
    rm "$file"
    echo "$name"
}

down() {
    kind delete cluster --name hoopoe --kubeconfig "$kubeconfig"
}
