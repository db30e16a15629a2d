#!/usr/bin/env bash
# Compiles the workspace's own crates for `e2e/build.sh` (as Cargo's RUSTC_WORKSPACE_WRAPPER) with Clippy's compiler,
# which lints and compiles in one pass. So no crate is read twice, and no dependency is both checked and compiled. The
# two programs are linked statically, as in the images, so tests and pods run the same file.
#
# Usage: e2e/rustc.sh RUSTC ARGUMENT...   (by Cargo)
#
# It needs bash, because other shells drop variables such as CARGO_BIN_EXE_hoopoe-operator.
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
