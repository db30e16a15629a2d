#!/usr/bin/env bash
# Shows Hoopoe end to end on this machine alone: builds hoopoe, starts `hoopoe dev` with the example manifests and the
# embedded parts, sends notifications over HTTP and polls the inbox. `--keep` leaves it running until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

keep=no
[ "${1:-}" = --keep ] && keep=yes

if ! command -v cc >/dev/null || ! command -v curl >/dev/null; then
    say "Installing a C compiler (Rust's linker and SQLite need one) and curl"
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gcc libc6-dev curl
fi

if [ -n "${HOOPOE_PROGRAMS:-}" ]; then # compiled by e2e/build.sh
    hoopoe=$HOOPOE_PROGRAMS/hoopoe
else
    say "Building hoopoe (three to five minutes from cold on two cores, seconds after that)"
    cargo build --locked -p hoopoe
    hoopoe=${CARGO_TARGET_DIR:-target}/debug/hoopoe
fi

data=.hoopoe
if [ "$keep" = no ]; then
    data=$(mktemp -d)
fi
port=${HOOPOE_DEMO_PORT:-8080}
admin=${HOOPOE_DEMO_ADMIN:-8081}
pid=
stop() {
    status=$?
    trap - EXIT
    [ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || :
    [ "$keep" = no ] && rm -rf "$data"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "Starting: hoopoe dev -f crds/examples"
"$hoopoe" dev -f crds/examples --data "$data" --admin "127.0.0.1:$admin" >"$data.log" 2>&1 &
pid=$!
for _ in $(seq 100); do
    if ! kill -0 "$pid" 2>/dev/null; then
        cat "$data.log" >&2
        exit 1
    fi
    curl -fsS "http://127.0.0.1:$admin/readyz" >/dev/null 2>&1 && break
    sleep 0.1
done
cat "$data.log"

export HOOPOE_PRODUCER=http://127.0.0.1:$port HOOPOE_API=http://127.0.0.1:$port
send() { "$hoopoe" send "$@"; }

say "Sending notifications to alice through POST /v1/notifications"
send --to alice --kind order.placed --title "Order 1042 placed" --body "We are packing it." --data '{"order":1042}'
send --to alice --kind order.shipped --title "Order 1042 shipped" --body "It arrives on Monday."
send --to alice --kind comment.new --title "Bob replied to you" --actor bob
send --to alice --kind order.shipped --title "Sent twice, shown once" --id demo-1
send --to alice --kind order.shipped --title "Sent twice, shown once" --id demo-1

say "Alice's inbox, through GET /v1/owners/alice/feed"
for _ in $(seq 50); do
    [ "$(curl -fsS "$HOOPOE_API/v1/owners/alice/head" | grep -o '"unread":[0-9]*')" = '"unread":4' ] && break
    sleep 0.1
done
"$hoopoe" inbox alice

say "She reads everything; the badge falls to 0"
"$hoopoe" mark alice --all --as read
curl -fsS "$HOOPOE_API/v1/owners/alice/head"
echo

say "A poll without news gets a 304 and causes no database query"
etag=$(curl -fsS -o /dev/null -D - "$HOOPOE_API/v1/owners/alice/feed" | tr -d '\r' |
    awk 'tolower($1)=="etag:"{sub(/^[^ ]+ /,"");print}')
curl -sS -o /dev/null -w 'HTTP %{http_code}\n' -H "If-None-Match: $etag" "$HOOPOE_API/v1/owners/alice/feed"

say "Try next$([ "$keep" = yes ] || echo ', after: make dev')"
cat <<TRY
  curl -X POST $HOOPOE_PRODUCER/v1/notifications -H 'content-type: application/json' \\
       -d '{"owner":"alice","kind":"order.shipped","title":"Hello"}'
  curl $HOOPOE_API/v1/owners/alice/feed
  curl $HOOPOE_API/notif/get/owner/alice
  curl http://127.0.0.1:$admin/metrics
  $hoopoe inbox alice --watch
  $hoopoe ledger --producer $HOOPOE_PRODUCER --api $HOOPOE_API --rate 200 --for 10s
TRY

if [ "$keep" = yes ]; then
    say "Hoopoe is running. Notifications survive a kill -9, because they are in $data. Ctrl-C stops Hoopoe."
    wait "$pid"
fi
