#!/usr/bin/env bash
# Builds the images of the last commit here and in a fresh clone that shares no files with it, and fails unless both
# builds give the same digests. It takes a whole build of the release profile, about half an hour on two cores, and a
# second one if `make images` has not run on this commit.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -z "$(git status --porcelain)" ] || {
    echo "reproducible: commit the changes in this folder first, because the clone does not have them" >&2
    exit 1
}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/hoopoe-reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT
digests() { # CHECKOUT: prints the names and digests of its images, without their folders, which differ
    HOOPOE_IMAGE_SBOM=no "$1/e2e/images.sh" | awk '{ print $1, $3 }'
}
git clone --quiet --no-hardlinks . "$work/clone"
digests "$work/clone" >"$work/there"
digests . >"$work/here"
cat "$work/here"
[ "$(grep -c ' sha256:' "$work/here")" = 2 ] || {
    echo "reproducible: e2e/images.sh did not print the digests of two images" >&2
    exit 1
}
diff "$work/here" "$work/there" || {
    echo "reproducible: two builds of one commit gave different digests" >&2
    exit 1
}
echo "reproducible: two builds in different folders gave the same digests"
