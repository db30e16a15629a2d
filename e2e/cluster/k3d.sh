# shellcheck shell=bash disable=SC2154
# The cluster `hoopoe` of `e2e/cluster.sh` when k3d runs it: two agents.

up() {
    k3d cluster get hoopoe >/dev/null 2>&1 ||
        k3d cluster create hoopoe --agents 2 --wait --timeout 180s \
            --kubeconfig-update-default=false --kubeconfig-switch-context=false
    k3d kubeconfig get hoopoe >"$kubeconfig"
    start_backends
}

push() { # NAME FOLDER: loads the image into the nodes, under a name without a registry, so that no node pulls it
    local name=hoopoe.local/$1 file=$folder/image.tar
    rm -f "$file"
    archive "$name" "$2" "$file" >&2
    k3d image import "$file" --cluster hoopoe >&2
    rm "$file"
    echo "$name"
}

down() {
    k3d cluster delete hoopoe
}
