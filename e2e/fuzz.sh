#!/usr/bin/env bash
# Fuzzes the parser of NotifData for FUZZ_SECONDS (default 60) with libFuzzer, on the stable toolchain. Ends with 1 on a finding,
# whose input is left in fuzz/target/findings/.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"

if ! command -v c++ >/dev/null; then # libFuzzer is C++
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends g++ libc6-dev
fi

# What `cargo fuzz` passes too, less the sanitizers, which want a nightly compiler: the parser holds no unsafe code.
flags="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1"
for flag in level=4 inline-8bit-counters pc-table trace-compares; do
    flags+=" -Cllvm-args=-sanitizer-coverage-$flag"
done
# With a target named, the flags leave build scripts and macros alone, which have no fuzzer to link with.
target=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS=$flags cargo build --quiet --release --locked --target "$target" --bin notif_data

mkdir -p target/corpus target/findings
exec "target/$target/release/notif_data" target/corpus seeds/notif_data \
    -max_total_time="${FUZZ_SECONDS:-60}" -max_len=70000 -timeout=5 -rss_limit_mb=1024 \
    -artifact_prefix=target/findings/ -print_final_stats=1 -verbosity="${FUZZ_VERBOSITY:-1}"
