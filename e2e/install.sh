#!/bin/sh
# Installs the Debian packages that the tests need, but starts no service, because the tests start their own servers.
# It does nothing if all packages are installed. Run it as root, or with sudo.
#
# Usage: e2e/install.sh [PACKAGE...]   also installs these packages, such as debootstrap
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
    say "all packages are installed"
    exit
fi

if [ "$(id -u)" = 0 ]; then
    sudo=
elif command -v sudo >/dev/null; then
    sudo=sudo
else
    say "missing packages:$missing. Only root may install them, and there is no sudo"
    exit 1
fi

# Debian's packages start their services unless this file forbids it. If the file existed before, it is restored.
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
    say "trying again with fresh package lists"
    $sudo apt-get update
    install
}
say "done"
