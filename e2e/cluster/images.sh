#!/bin/sh
# Makes the images that the tests' cluster needs beside Hoopoe's own, as OCI layouts, and prints for each `NAME:TAG FOLDER`: what a
# pod's sandbox runs, the cluster's DNS, and the backends (RabbitMQ, PostgreSQL and Redis of Debian trixie). Each is
# made anew only when what it is made from changed.
#
# Needs root and Debian's buildah and cc. Environment: XDG_CACHE_HOME (where they are kept).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/hoopoe
# One more with every change to how images are made.
recipe=1

say() { echo "images: $*" >&2; }

image() { # NAME FOLDER VERSION COMMAND...: an image of what is in a folder, which runs that command; VERSION says what the content is
    name=$1 content=$2 version=$3
    shift 3
    hash=$(echo "$recipe $name $version $*" | sha256sum | cut -c1-12)
    folder=$cache/image-$name-$hash
    if [ ! -e "$folder/index.json" ]; then
        from=$(date +%s)
        say "making $name"
        rm -rf "$folder" "$folder.unfinished"
        # A store of its own: nothing of the user's is touched, and nothing is left. Not in /tmp, which may be memory: it takes two GB.
        rm -rf "$store"
        mkdir "$store"
        buildah() { command buildah --root "$store/root" --runroot "$store/run" --storage-driver vfs "$@" >&2; }
        container=$(command buildah --root "$store/root" --runroot "$store/run" --storage-driver vfs from scratch)
        buildah copy --quiet "$container" "$content" /
        buildah config --cmd "" --entrypoint "$(printf '"%s",' "$@" | sed 's/^/[/; s/,$/]/')" "$container"
        buildah commit --quiet --timestamp 0 "$container" "$name"
        # Not compressed: it goes no further than this machine.
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
# One at a time, by the lock: what a run left that was killed goes with the next.
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
