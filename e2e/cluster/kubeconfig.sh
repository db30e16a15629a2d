# shellcheck shell=bash disable=SC2154
# The cluster of `e2e/cluster.sh` that KUBECONFIG names: somebody's, so only the backends and their Secrets come and go.

up() {
    : "${KUBECONFIG:?names the cluster}" "${HOOPOE_REGISTRY:?is the registry that its nodes pull from, HOST:PORT/PATH}"
    "$(e2e/go-tools.sh kubernetes kubectl)/kubectl" config view --raw --flatten --minify >"$kubeconfig.unfinished"
    mv "$kubeconfig.unfinished" "$kubeconfig"
    chmod 600 "$kubeconfig"
    say "using $(ctl config current-context) at $(ctl config view --output 'jsonpath={.clusters[0].cluster.server}')"
    [ -e "$folder/registry" ] || refuse_theirs
    # From here on what `down` removes is ours.
    echo "$HOOPOE_REGISTRY" >"$folder/registry"
    start_backends
}

refuse_theirs() { # what would be written over, and removed by `down`, must not be somebody's
    local there
    there=$(ctl get --ignore-not-found --output name namespace/backends && ctl get --ignore-not-found --output name --filename e2e/cluster/secrets.yaml)
    [ -z "$there" ] || {
        say "that cluster has already: ${there//$'\n'/ }"
        say "they may be somebody's, so nothing was changed; remove them or take another cluster"
        exit 1
    }
}

push() { # NAME FOLDER
    local registry
    registry=$(cat "$folder/registry")
    # crane speaks plain HTTP to localhost and to private addresses' registries only when told; who has such a one says so.
    # shellcheck disable=SC2086 # a flag, or nothing
    "$(e2e/go-tools.sh crane)/crane" push "$2" "$registry/$1" ${HOOPOE_REGISTRY_INSECURE:+--insecure} >&2
    echo "$registry/$1"
}

down() {
    [ -e "$kubeconfig" ] && [ -e "$folder/registry" ] || return 0
    ctl delete --ignore-not-found --filename e2e/cluster/secrets.yaml >&2
    backends none | ctl delete --ignore-not-found --filename - >&2
    rm -f "$folder/registry"
}
