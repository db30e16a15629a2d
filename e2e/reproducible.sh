#!/usr/bin/env bash
# Builds the images of the last commit twice, in two folders that share nothing, and fails unless both builds gave the same digests.
# Takes two whole builds of the release profile: some half an hour on two idle cores.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/var/tmp}/hoopoe-reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT
for turn in one another-one; do
    git clone --quiet --no-hardlinks . "$work/$turn"
    # Names and digests; the folders differ, and must.
    HOOPOE_IMAGE_SBOM=no "$work/$turn/e2e/images.sh" | awk '{ print $1, $3 }' >"$work/$turn.digests"
    rm -rf "${work:?}/$turn"
done
cat "$work/one.digests"
[ "$(grep -c ' sha256:' "$work/one.digests")" = 2 ] || {
    echo "reproducible: there are not two images with a digest each" >&2
    exit 1
}
diff "$work/one.digests" "$work/another-one.digests" || {
    echo "reproducible: two builds of one commit differ" >&2
    exit 1
}
echo "reproducible: two builds in different folders gave the same digests"
