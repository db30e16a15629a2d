#!/bin/sh
# Builds the images that the tests' cluster needs besides Hoopoe's own, as OCI layouts, and prints `NAME:TAG FOLDER` for
# each: the pause program of a pod's sandbox, the cluster's DNS server, and the backends (RabbitMQ, PostgreSQL and Redis
# of Debian trixie). It builds an image again only when its sources have changed.
#
# Needs root and Debian's buildah and cc.
# Environment: XDG_CACHE_HOME (where the images are kept).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/hoopoe
# Increase this number when the way in which images are built changes, so that all are built again.
recipe=1

say() { echo "images: $*" >&2; }

# image NAME FOLDER VERSION COMMAND...
# Builds an image from the files in FOLDER that runs COMMAND. VERSION must change whenever those files change.
image() {
    name=$1 content=$2 version=$3
    shift 3
    hash=$(echo "$recipe $name $version $*" | sha256sum | cut -c1-12)
    folder=$cache/image-$name-$hash
    if [ ! -e "$folder/index.json" ]; then
        from=$(date +%s)
        say "making $name"
        rm -rf "$folder" "$folder.unfinished"
        # Use a separate store, so that the user's own images stay untouched and no files remain. It needs two GB, so
        # it is not in /tmp, which may be in memory.
        rm -rf "$store"
        mkdir "$store"
        buildah() { command buildah --root "$store/root" --runroot "$store/run" --storage-driver vfs "$@" >&2; }
        container=$(command buildah --root "$store/root" --runroot "$store/run" --storage-driver vfs from scratch)
        buildah copy --quiet "$container" "$content" /
        buildah config --cmd "" --entrypoint "$(printf '"%s",' "$@" | sed 's/^/[/; s/,$/]/')" "$container"
        buildah commit --quiet --timestamp 0 "$container" "$name"
        # Do not compress: the image never leaves this machine.
        buildah push --quiet --disable-compression "$name" "oci:$folder.unfinished"
        buildah rm "$container"
        rm -rf "$store"
        mv "$folder.unfinished" "$folder"
        say "$name took $(($(date +%s) - from)) s, $(du -sh "$folder" | cut -f 1)"
    fi
    echo "$name:1 $folder"
}

mkdir -p "$cache"
exec 8>"$cache/images.lock"
flock 8
# The lock lets one run at a time use this store; a run removes the files that an earlier, killed run has left there.
store=$cache/images.store
work=$(mktemp -d)
trap 'rm -rf "$work" "$store"' EXIT

mkdir "$work/pause" "$work/coredns"
cc -static -Os -s -o "$work/pause/pause" "$here/pause.c"
image pause "$work/pause" "$(sha256sum <"$here/pause.c")" /pause

coredns=$("$here/../go-tools.sh" coredns)
cp "$coredns/coredns" "$work/coredns/"
image coredns "$work/coredns" "$(basename "$coredns")" /coredns -conf /etc/coredns/Corefile

trixie=$("$here/../trixie.sh")
image backends "$trixie" "$(basename "$trixie")" /bin/sh
