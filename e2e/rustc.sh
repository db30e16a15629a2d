#!/usr/bin/env bash
# Compiles the workspace's own crates in `e2e/build.sh` (Cargo's RUSTC_WORKSPACE_WRAPPER) with Clippy's compiler, which lints and compiles in one
# pass: no crate is read twice, and no dependency is checked that is compiled anyway. The two programs are linked statically, as in the
# images, so what tests start and what pods run is one file.
#
# Cargo calls it so: e2e/rustc.sh RUSTC ARGUMENT...   By bash: other shells drop variables like CARGO_BIN_EXE_hoopoe-operator.
set -euo pipefail

name= program=
# Cargo passes `--crate-name NAME` and `--crate-type TYPE`.
previous=
for argument; do
    case $previous in
        --crate-name) name=$argument ;;
        --crate-type) program=$argument ;;
    esac
    previous=$argument
done
case $name/$program in
    hoopoe/bin | hoopoe_operator/bin) exec clippy-driver "$@" -C target-feature=+crt-static ;;
    *) exec clippy-driver "$@" ;;
esac
