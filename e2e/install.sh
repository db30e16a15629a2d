#!/bin/sh
# Installs what the tests need of Debian's packages, and starts none of it: the tests start their own servers.
# Does nothing where it is all there. Runs as root, or with sudo. More packages may be named: ./install.sh debootstrap
set -eu

say() { echo "install: $*" >&2; }

missing=
for package in rabbitmq-server postgresql redis-server "$@"; do
    case $(dpkg-query --show --showformat '${Status}' "$package" 2>/dev/null) in
        "install ok installed") ;;
        *) missing="$missing $package" ;;
    esac
done
if [ -z "$missing" ]; then
    say "everything is there"
    exit
fi

if [ "$(id -u)" = 0 ]; then
    sudo=
elif command -v sudo >/dev/null; then
    sudo=sudo
else
    say "not there:$missing. Only root may install them, and there is no sudo"
    exit 1
fi

# Debian's packages start their services unless this file says no. One that was there is put back.
policy=/usr/sbin/policy-rc.d
kept=$(mktemp)
had=no
# shellcheck disable=SC2317 # called by the trap
restore() {
    status=$?
    trap - EXIT
    if [ "$had" = yes ]; then
        $sudo cp -p "$kept" "$policy"
    else
        $sudo rm -f "$policy"
    fi
    rm -f "$kept"
    exit "$status"
}
if [ -e "$policy" ]; then
    had=yes
    $sudo cp -p "$policy" "$kept"
fi
trap restore EXIT
trap 'exit 1' INT TERM
printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
$sudo chmod 755 "$policy"

install() {
    # shellcheck disable=SC2086 # a list of words
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 $missing
}
say "installing$missing; no service is started"
install || {
    say "once more, with fresh lists of packages"
    $sudo apt-get update
    install
}
say "done"
