#!/bin/sh
# Hoopoe on a cluster of its own, whose pods run: from `helm install` to `helm uninstall`, with faults between. Needs root.
#
# Environment: HOOPOE_IMAGE_PROFILE (Cargo's profile of the images; default dev: what the other tests have compiled already).
set -eu
cd "$(dirname "$0")/.."

# Here and not when the test asks, so that the progress is seen.
e2e/cluster/prepare.sh curl
e2e/go-tools.sh helm >/dev/null
HOOPOE_IMAGE_PROFILE=${HOOPOE_IMAGE_PROFILE:-dev} HOOPOE_IMAGE_SBOM=no \
    exec cargo test --config "target.'cfg(unix)'.runner = 'e2e/patience.sh'" \
    --locked --package hoopoe-e2e --features cluster --test cluster -- --nocapture "$@"
