#!/usr/bin/env bash
# Compiles and lints the whole workspace in one build: programs, tests, benches and examples. Prints for each test binary
# `PACKAGE KIND NAME BINARY`, where KIND is lib, bin or test. The programs are in target/debug afterwards.
#
# One build, since Cargo unifies the features of what it is asked for: `cargo build -p hoopoe` after `cargo test --workspace` would compile
# most dependencies a second time. What the tests, the images and the demo run is therefore taken from here (HOOPOE_PROGRAMS).
#
# Usage: e2e/build.sh [FILE]   what compilers and lints complain about goes to FILE too; it is empty where there is nothing
set -euo pipefail
cd "$(dirname "$0")/.."

complaints=${1:-/dev/null}
artifacts=$(mktemp) said=$(mktemp)
trap 'rm -f "$artifacts" "$said"' EXIT
status=0
RUSTC_WORKSPACE_WRAPPER=$PWD/e2e/rustc.sh cargo test --workspace --all-features --all-targets --locked --no-run \
    --message-format json-render-diagnostics 2>&1 >"$artifacts" | tee "$said" >&2 || status=$?
# From a warning's first line to the empty line after it. Cargo says those of crates that it does not compile again too.
sed -n '/^\(warning\|error\)/,/^$/p' "$said" >"$complaints"
[ $status = 0 ] || exit $status
# One JSON document a line. Benches are compiled and linted, and run by `make bench` alone.
sed -n 's/.*"manifest_path":"\([^"]*\)\/Cargo.toml","target":{"kind":\["\(lib\|bin\|test\)"\][^}]*"name":"\([^"]*\)".*"profile":{[^}]*"test":true}.*"executable":"\([^"]*\)".*/\1 \2 \3 \4/p' "$artifacts" |
    while read -r folder kind name binary; do echo "$(basename "$folder") $kind $name $binary"; done
