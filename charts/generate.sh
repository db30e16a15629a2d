#!/usr/bin/env bash
# Writes the generated files of this folder: the copies of the CRDs and roles, the schema of the specs, the READMEs
# from the values, and install.yaml. `--check` writes nothing; it shows each stale file and fails if there is one.
set -euo pipefail
cd "$(dirname "$0")/.."

generate() { # FOLDER: a copy of charts/, or charts/ itself
    local charts=$1 chart helm docs
    mkdir -p "$charts/hoopoe-operator/files/crds" "$charts/hoopoe-operator/files/rbac"
    cp crds/yaml/*.yaml "$charts/hoopoe-operator/files/crds/"
    cp operator/rbac/*.yaml "$charts/hoopoe-operator/files/rbac/"
    # If e2e/build.sh has compiled hoopoe-crds already, use that program instead of compiling it again.
    if [ -n "${HOOPOE_PROGRAMS:-}" ]; then
        "$HOOPOE_PROGRAMS/hoopoe-crds" --values-schema "$charts/hoopoe/values.schema.json"
    else
        cargo run --quiet --locked -p hoopoe-crds -- --values-schema "$charts/hoopoe/values.schema.json"
    fi
    docs=$(e2e/go-tools.sh helm-docs)/helm-docs
    for chart in hoopoe-operator hoopoe; do
        "$docs" --log-level warning --chart-search-root "$charts/$chart" --sort-values-order file
    done
    helm=$(e2e/go-tools.sh helm)/helm
    {
        cat <<'END'
# The operator of Hoopoe with its defaults: kubectl apply --server-side -f install.yaml
# To remove it, first run `hoopoe-operator release`, because without an operator no resource with a finalizer can be
# deleted. Then run kubectl delete -f install.yaml, which also deletes the definitions and with them all resources.
# Made from the chart hoopoe-operator by charts/generate.sh. For other values use the chart.
apiVersion: v1
kind: Namespace
metadata:
  name: hoopoe-system
  labels:
    pod-security.kubernetes.io/enforce: restricted
END
        # Leave out Helm's own labels, because Helm does not manage this file, and hooks, because kubectl ignores them.
        "$helm" template hoopoe-operator "$charts/hoopoe-operator" \
            --namespace hoopoe-system --no-hooks --set crds.keep=false |
            sed -E '/^# Source: /d; /^ *(app.kubernetes.io\/managed-by|helm.sh\/chart): /d'
    } >"$charts/install.yaml"
}

if [ "${1:-}" = --check ]; then
    fresh=$(mktemp -d)
    trap 'rm -r "$fresh"' EXIT
    cp -R charts/. "$fresh"
    generate "$fresh"
    diff -ru charts "$fresh" || {
        echo "charts: a generated file is stale: run charts/generate.sh"
        exit 1
    }
else
    generate charts
fi
