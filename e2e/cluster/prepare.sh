#!/bin/sh
# Installs the packages and builds the programs and images that our own cluster needs, and shows the progress. It does
# nothing if all of them exist. Run it as root.
#
# Usage: e2e/cluster/prepare.sh [PACKAGE...]   also installs these Debian packages
#        e2e/cluster/prepare.sh --packages     only prints the packages
set -eu
cd "$(dirname "$0")/../.."

packages="debootstrap buildah binutils ca-certificates containernetworking-plugins nftables iproute2 conntrack"
packages="$packages libseccomp-dev pkg-config gcc libc6-dev"
if [ "${1:-}" = --packages ]; then
    echo "$packages"
    exit
fi
# shellcheck disable=SC2086 # a list of words
e2e/install.sh $packages "$@"
e2e/cluster/programs.sh >/dev/null
e2e/cluster/images.sh >/dev/null
