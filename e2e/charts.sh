#!/usr/bin/env bash
# The checks that a platform engineer would run on the charts, on each set of values in charts/*/ci: helm lint --strict, the unit tests, kubeconform for
# three Kubernetes minors, kube-score; and whether what is generated is fresh. The tests on a real API server are Cargo's: `charts` of
# hoopoe-operator.
#
# Usage: e2e/charts.sh [--tools]   with --tools it only builds what it needs, where that is missing
# Environment: HOOPOE_HELM3 (a helm 3, which then renders everything too and must say the same).
set -euo pipefail
cd "$(dirname "$0")/.."

tool() { echo "$(e2e/go-tools.sh "$1")/$1"; }
say() { echo "charts: $*" >&2; }

helm=$(tool helm) kubeconform=$(tool kubeconform) score=$(tool kube-score) unittest=$(tool helm-unittest)
schemas=$(e2e/kube-schemas.sh)
if [ "${1:-}" = --tools ]; then
    tool helm-docs >/dev/null # of charts/generate.sh
    exit
fi
rendered=$(mktemp -d)
trap 'rm -r "$rendered"' EXIT
export HELM_CACHE_HOME=$rendered/.cache HELM_CONFIG_HOME=$rendered/.config HELM_DATA_HOME=$rendered/.data

exceptions() { # VALUES: kube-score's arguments
    awk -v values="$1" '!/^#/ && ($2 == "all" || $2 == values) { print "--ignore-test=" $1 }' e2e/kube-score-exceptions.txt
}

render() { # HELM CHART FLAG...
    local chart=$2
    # Of a helm that was built from its module, which otherwise takes some old version for the cluster's.
    "$1" template "$chart" "charts/$chart" --namespace hoopoe-system --kube-version v1.34.0 "${@:3}"
}

say "what is generated"
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
            # The two put empty lines and hooks in different places; what they say must be the same.
            render "$HOOPOE_HELM3" "$chart" "${flags[@]}" >"$file.3"
            diff <(sort "$file" | grep .) <(sort "$file.3" | grep .) || { say "helm 3 and 4 do not agree"; exit 1; }
            rm "$file.3"
        fi
        cases=$((cases + 1))
        [ -s "$file" ] && grep -q '^kind:' "$file" || continue
        # --ignore-container-cpu-limit: a limit throttles; the request is what CPU is shared by.
        # shellcheck disable=SC2046 # a list of words
        "$score" score --output-format ci --kubernetes-version v1.31 --ignore-container-cpu-limit --exit-one-on-warning $(exceptions "$name") "$file" |
            { ! grep -vE '^\[(OK|SKIPPED)\]'; } || { say "kube-score has something to say"; exit 1; }
    done
done

for version in "$schemas"/v*; do
    version=$(basename "$version")
    say "kubeconform for Kubernetes $version"
    "$kubeconform" -strict -summary -kubernetes-version "${version#v}" \
        -schema-location "$schemas/{{ .NormalizedKubernetesVersion }}/{{ .ResourceKind }}{{ .KindSuffix }}.json" "$rendered" charts/install.yaml
done

say "unit tests"
"$unittest" --strict charts/hoopoe-operator charts/hoopoe >"$rendered/unittest" 2>&1 || {
    cat "$rendered/unittest"
    exit 1
}
tail -n 5 "$rendered/unittest"
say "$cases renderings are good"
