# shellcheck shell=bash disable=SC2154
# The cluster of `e2e/cluster.sh` that KUBECONFIG names. It belongs to the user, so only the backends and their Secrets
# are added and removed.

up() {
    : "${KUBECONFIG:?set it to the kubeconfig of the cluster}"
    : "${HOOPOE_REGISTRY:?set it to the registry from which the nodes pull, as HOST:PORT/PATH}"
    "$(e2e/go-tools.sh kubernetes kubectl)/kubectl" config view --raw --flatten --minify >"$kubeconfig.unfinished"
    mv "$kubeconfig.unfinished" "$kubeconfig"
    chmod 600 "$kubeconfig"
    say "using $(ctl config current-context) at $(ctl config view --output 'jsonpath={.clusters[0].cluster.server}')"
    [ -e "$folder/registry" ] || refuse_theirs
    # From here on the resources that `down` removes are ours.
    echo "$HOOPOE_REGISTRY" >"$folder/registry"
    start_backends
}

refuse_theirs() { # fails if resources of our names exist: `up` would overwrite and `down` would delete the user's own
    local there
    there=$(ctl get --ignore-not-found --output name namespace/backends &&
        ctl get --ignore-not-found --output name --filename e2e/cluster/secrets.yaml)
    [ -z "$there" ] || {
        say "the cluster already has objects with our names: ${there//$'\n'/ }"
        say "they may belong to another program, so nothing was changed; remove them or use another cluster"
        exit 1
    }
}

push() { # NAME FOLDER
    local registry
    registry=$(cat "$folder/registry")
    # For a registry at localhost or a private address, crane uses plain HTTP only with --insecure. Set
    # HOOPOE_REGISTRY_INSECURE if your registry needs that.
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
