#!/usr/bin/env bash
# Fuzzes one target, from the seeds and from the inputs that earlier runs have left in target/fuzz.
#
# It works with a stable toolchain, because libFuzzer's coverage is an LLVM pass that stable can enable. Only the
# sanitizers need nightly, and they would find little in code without `unsafe`. The flags are those of
# `cargo fuzz run --sanitizer none`.
#
# Usage: fuzz/run.sh [TARGET] [libFuzzer options or one input to run again]
# Environment: FUZZ_SECONDS (how long it runs; default 60).
set -euo pipefail
cd "$(dirname "$0")"

target=${1:-notif_data}
shift || true
seconds=${FUZZ_SECONDS:-60}
out=$PWD/../target/fuzz
corpus=$out/corpus/$target artifacts=$out/artifacts/$target
mkdir -p "$corpus" "$artifacts"

host=$(rustc -vV | sed -n 's/^host: //p')
flags=(--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks)
for argument in -sanitizer-coverage-level=4 -sanitizer-coverage-inline-8bit-counters -sanitizer-coverage-pc-table \
    -sanitizer-coverage-trace-compares -simplifycfg-branch-fold-threshold=0; do
    flags+=("-Cllvm-args=$argument")
done

# `--target` keeps build scripts and macros, which run on this machine, free of the instrumentation.
RUSTFLAGS="${flags[*]}" CARGO_TARGET_DIR=$out cargo build --release --locked --target "$host" --bin "$target"

exec "$out/$host/release/$target" -artifact_prefix="$artifacts/" -dict="$target.dict" -max_len=70000 -len_control=20 \
    -timeout=5 -rss_limit_mb=1024 -max_total_time="$seconds" -print_final_stats=1 "$@" "$corpus" "seeds/$target"
