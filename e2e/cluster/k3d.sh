# shellcheck shell=bash disable=SC2154
# The cluster of `e2e/cluster.sh` that k3d runs: `hoopoe`, two agents.

up() {
    k3d cluster get hoopoe >/dev/null 2>&1 ||
        k3d cluster create hoopoe --agents 2 --wait --timeout 180s --kubeconfig-update-default=false --kubeconfig-switch-context=false
    k3d kubeconfig get hoopoe >"$kubeconfig"
    start_backends
}

push() { # NAME FOLDER: loaded into the nodes; the name is no registry's, so nobody pulls it
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
