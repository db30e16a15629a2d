#!/usr/bin/env bash
# Starts the next version. It packages the current charts into charts/previous, for the tests of `helm upgrade`, and
# removes the older ones there. Then it sets the new version everywhere and rewrites the generated files.
#
# Usage: charts/next-version.sh 0.3.0   (run on the commit that was released)
set -euo pipefail
cd "$(dirname "$0")/.."

next=${1:?usage: charts/next-version.sh VERSION}
now=$(sed -n 's/^version: //p' charts/hoopoe-operator/Chart.yaml)
[[ $next =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] && [ "$next" != "$now" ] &&
    printf '%s\n%s\n' "$now" "$next" | sort --version-sort --check=quiet || {
    echo "VERSION is $next; it must look like 0.3.0 and be above $now" >&2
    exit 2
}
[ -z "$(git status --porcelain charts crds)" ] || {
    echo "charts or crds differ from the commit, but only released charts may go into charts/previous" >&2
    exit 1
}

helm=$(e2e/go-tools.sh helm)/helm
rm -rf charts/previous
mkdir charts/previous
for chart in hoopoe-operator hoopoe; do
    "$helm" package "charts/$chart" --destination charts/previous
    sed -i -E "s/^(version|appVersion): .*/\1: $next/" "charts/$chart/Chart.yaml"
done
sed -i "/^\[workspace.package\]/,/^\[/ s/^version = .*/version = \"$next\"/" Cargo.toml
cargo update --offline --workspace
make generate
