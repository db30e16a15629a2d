#!/bin/sh
# Installs and builds what a cluster of our own needs, with its progress shown: packages, programs, images. Nothing where it is all there.
# Runs as root.
#
# Usage: e2e/cluster/prepare.sh [PACKAGE...]   more of Debian's packages may be named
#        e2e/cluster/prepare.sh --packages     prints the packages only
set -eu
cd "$(dirname "$0")/../.."

packages="debootstrap buildah binutils ca-certificates containernetworking-plugins nftables iproute2 conntrack libseccomp-dev pkg-config gcc libc6-dev"
if [ "${1:-}" = --packages ]; then
    echo "$packages"
    exit
fi
# shellcheck disable=SC2086 # a list of words
e2e/install.sh $packages "$@"
e2e/cluster/programs.sh >/dev/null
e2e/cluster/images.sh >/dev/null
