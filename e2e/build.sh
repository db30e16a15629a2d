#!/usr/bin/env bash
# Compiles and lints the whole workspace in one build: programs, tests, benches and examples. Prints a line
# `PACKAGE KIND NAME BINARY` for each test binary, where KIND is lib, bin or test. The programs end up in target/debug.
#
# It is one build because Cargo unifies the features of all packages in a build: `cargo build -p hoopoe` after
# `cargo test --workspace` would compile most dependencies a second time. The tests, the images and the demo therefore
# take their programs from this build (HOOPOE_PROGRAMS).
#
# Usage: e2e/build.sh [FILE]   also writes the warnings and errors to FILE, which is empty if there are none
set -euo pipefail
cd "$(dirname "$0")/.."

complaints=${1:-/dev/null}
artifacts=$(mktemp) said=$(mktemp)
trap 'rm -f "$artifacts" "$said"' EXIT
status=0
RUSTC_WORKSPACE_WRAPPER=$PWD/e2e/rustc.sh cargo test --workspace --all-features --all-targets --locked --no-run \
    --message-format json-render-diagnostics 2>&1 >"$artifacts" | tee "$said" >&2 || status=$?
# A warning ends at the next empty line. Cargo also repeats the warnings of crates that it does not compile again.
sed -n '/^\(warning\|error\)/,/^$/p' "$said" >"$complaints"
[ $status = 0 ] || exit $status
# Each line of the artifacts is a JSON document. Benches are compiled and linted here, but only `make bench` runs them.
folder='"manifest_path":"\([^"]*\)\/Cargo.toml"'
target='"target":{"kind":\["\(lib\|bin\|test\)"\][^}]*"name":"\([^"]*\)"'
test_binary='"profile":{[^}]*"test":true}.*"executable":"\([^"]*\)"'
sed -n "s/.*$folder,$target.*$test_binary.*/\1 \2 \3 \4/p" "$artifacts" |
    while read -r folder kind name binary; do echo "$(basename "$folder") $kind $name $binary"; done
