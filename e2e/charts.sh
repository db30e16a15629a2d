#!/usr/bin/env bash
# Checks the charts with each set of values in charts/*/ci, as a platform engineer would: helm lint --strict, the unit
# tests, kubeconform for three Kubernetes minors, kube-score. It also checks that the generated files are up to date.
# The tests on a real API server are not here: they are the test `charts` of hoopoe-operator.
#
# Usage: e2e/charts.sh [--tools]   with --tools it only builds the tools that are missing
# Environment: HOOPOE_HELM3 (a helm 3, which then also renders everything and must give the same result).
set -euo pipefail
cd "$(dirname "$0")/.."

tool() { echo "$(e2e/go-tools.sh "$1")/$1"; }
say() { echo "charts: $*" >&2; }

helm=$(tool helm) kubeconform=$(tool kubeconform) score=$(tool kube-score) unittest=$(tool helm-unittest)
schemas=$(e2e/kube-schemas.sh)
if [ "${1:-}" = --tools ]; then
    tool helm-docs >/dev/null # charts/generate.sh uses it
    exit
fi
rendered=$(mktemp -d)
trap 'rm -r "$rendered"' EXIT
export HELM_CACHE_HOME=$rendered/.cache HELM_CONFIG_HOME=$rendered/.config HELM_DATA_HOME=$rendered/.data

exceptions() { # VALUES: kube-score's arguments
    awk -v values="$1" '!/^#/ && ($2 == "all" || $2 == values) { print "--ignore-test=" $1 }' \
        e2e/kube-score-exceptions.txt
}

render() { # HELM CHART FLAG...
    local chart=$2
    # The version is given because a helm that was built from its module otherwise assumes an old Kubernetes.
    "$1" template "$chart" "charts/$chart" --namespace hoopoe-system --kube-version v1.34.0 "${@:3}"
}

say "generated files"
charts/generate.sh --check

cases=0
for chart in hoopoe-operator hoopoe; do
    for values in default charts/"$chart"/ci/*-values.yaml; do
        name=$(basename "$values" -values.yaml) flags=()
        [ "$values" = default ] || flags=(--values "$values")
        say "$chart with $name"
        "$helm" lint --strict --quiet "charts/$chart" "${flags[@]}"
        file=$rendered/$chart-$name.yaml
        render "$helm" "$chart" "${flags[@]}" >"$file"
        if [ -n "${HOOPOE_HELM3:-}" ]; then
            # Helm 3 and 4 put empty lines and hooks in different places, so compare the sorted lines.
            render "$HOOPOE_HELM3" "$chart" "${flags[@]}" >"$file.3"
            diff <(sort "$file" | grep .) <(sort "$file.3" | grep .) || {
                say "helm 3 and helm 4 render different manifests"
                exit 1
            }
            rm "$file.3"
        fi
        cases=$((cases + 1))
        [ -s "$file" ] && grep -q '^kind:' "$file" || continue
        # --ignore-container-cpu-limit: a CPU limit only slows a container down; CPU is shared by the requests.
        # shellcheck disable=SC2046 # a list of words
        "$score" score --output-format ci --kubernetes-version v1.31 --ignore-container-cpu-limit \
            --exit-one-on-warning $(exceptions "$name") "$file" |
            { ! grep -vE '^\[(OK|SKIPPED)\]'; } || { say "kube-score reports a problem"; exit 1; }
    done
done

for version in "$schemas"/v*; do
    version=$(basename "$version")
    say "kubeconform for Kubernetes $version"
    "$kubeconform" -strict -summary -kubernetes-version "${version#v}" \
        -schema-location "$schemas/{{ .NormalizedKubernetesVersion }}/{{ .ResourceKind }}{{ .KindSuffix }}.json" \
        "$rendered" charts/install.yaml
done

say "unit tests"
"$unittest" --strict charts/hoopoe-operator charts/hoopoe >"$rendered/unittest" 2>&1 || {
    cat "$rendered/unittest"
    exit 1
}
tail -n 5 "$rendered/unittest"
say "all $cases renderings passed"
