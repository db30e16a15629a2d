#!/bin/sh
# Installs Debian trixie with its RabbitMQ 4.0, PostgreSQL 17 and Redis 8 into a separate folder, and prints the path of
# that folder. If the folder exists already, the script only prints it. If two runs overlap, the second waits for the
# first. It needs root and the package debootstrap (e2e/install.sh debootstrap). The packages come from the mirror that
# this machine's own apt uses.
#
# Environment: XDG_CACHE_HOME (where the folder is kept), HOOPOE_DEBIAN_MIRROR (another mirror).
set -eu

packages=rabbitmq-server,postgresql,redis-server
suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# Increase this number when the way in which the folder is made changes, so that it is made again.
recipe=2

say() { echo "trixie: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

hash=$(echo "$suite $packages $(dpkg --print-architecture 2>/dev/null) $recipe" | sha256sum | cut -c1-12)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/hoopoe
folder=$cache/trixie-$hash
ready=$folder/.hoopoe-ready

if [ -e "$ready" ]; then
    echo "$folder"
    exit
fi

[ "$(id -u)" = 0 ] || fail "only root can make $folder, because it is a whole system"
PATH=$PATH:/usr/sbin:/sbin
command -v debootstrap >/dev/null || fail "debootstrap is missing; e2e/install.sh debootstrap installs it"

mkdir -p "$cache"
exec 9>"$folder.lock"
flock --nonblock 9 || {
    say "another run is making $folder; waiting"
    flock 9
}
if [ -e "$ready" ]; then
    echo "$folder"
    exit
fi

# The first mirror of Debian itself in apt's sources, in either of their two formats.
mirror_of_apt() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
        sed -n -e 's/^deb  *\(\[[^]]*\]  *\)\{0,1\}\([a-z]*:[^ ]*\) .*/\2/p' -e 's/^URIs:  *\([^ ]*\).*/\1/p' |
        grep -E '/debian/?$' | head -n 1
}
mirror=${HOOPOE_DEBIAN_MIRROR:-$(mirror_of_apt)}
[ -n "$mirror" ] || fail "apt's sources name no Debian mirror; set HOOPOE_DEBIAN_MIRROR"

# debootstrap does not read apt's proxy settings, so pass them on.
if [ -z "${http_proxy:-}" ]; then
    proxy=$(apt-config dump --format '%v' Acquire::http::Proxy 2>/dev/null || true)
    [ -z "$proxy" ] || export http_proxy="$proxy"
fi

# Remove the incomplete folder of a run that was killed. Only such a run leaves mounts in it.
unfinished=$folder.unfinished
for mount in proc sys dev/pts dev; do umount -l "$unfinished/$mount" 2>/dev/null || true; done
rm -rf --one-file-system "$unfinished"

started=$(date +%s)
log=$folder.log
say "making $folder (about a minute; log: $log)"
say "1/3 downloading and unpacking the base system"
debootstrap --variant=minbase --foreign --keyring="$keyring" --include="$packages" \
    "$suite" "$unfinished" "$mirror" >"$log" 2>&1 9>&- ||
    fail "debootstrap failed: $(tail -n 5 "$log")"
# No package may start a service, because the service would run on this machine and not only inside the folder.
mkdir -p "$unfinished/usr/sbin"
printf '#!/bin/sh\nexit 101\n' >"$unfinished/usr/sbin/policy-rc.d"
chmod 755 "$unfinished/usr/sbin/policy-rc.d"
say "2/3 configuring the system, with $packages"
# The mounts that debootstrap makes are private to it and disappear when it ends.
LC_ALL=C.UTF-8 unshare --mount --propagation private -- \
    chroot "$unfinished" /debootstrap/debootstrap --second-stage >>"$log" 2>&1 9>&- ||
    fail "debootstrap's second stage failed: $(tail -n 5 "$log" "$unfinished/debootstrap/debootstrap.log" 2>/dev/null)"
say "3/3 removing files that are not needed"
rm -rf "$unfinished"/var/cache/apt/archives/*.deb "$unfinished"/var/lib/apt/lists/*
touch "$unfinished/.hoopoe-ready"
mv "$unfinished" "$folder"
rm -f "$log"
say "done in $(($(date +%s) - started)) s, $(du -sh "$folder" | cut -f 1)"
echo "$folder"
