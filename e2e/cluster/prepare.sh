#!/bin/sh
# Installs and builds what a cluster of our own needs, with its progress shown: packages, programs, images. Nothing where it is all there.
# Runs as root. More packages may be named: e2e/cluster/prepare.sh curl
set -eu
cd "$(dirname "$0")/../.."

e2e/install.sh debootstrap buildah containernetworking-plugins nftables iproute2 conntrack libseccomp-dev pkg-config gcc libc6-dev "$@"
e2e/cluster/programs.sh >/dev/null
e2e/cluster/images.sh >/dev/null
