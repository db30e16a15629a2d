#!/bin/sh
# Builds Hoopoe's two images without a Docker engine, and prints `NAME FOLDER DIGEST SIZE` for each. An image holds one
# static program `FROM scratch` and is an OCI layout. Two builds of one commit give the same digest.
#
# Environment: HOOPOE_IMAGE_PROFILE (Cargo's profile; default release), HOOPOE_IMAGE_SBOM (no: leave out the bills of
# materials), HOOPOE_IMAGE_FOLDER (where the images go; default target/images), HOOPOE_PROGRAMS (the folder with the
# programs of e2e/build.sh; every profile except release uses them).
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
profile=${HOOPOE_IMAGE_PROFILE:-release}
out=${HOOPOE_IMAGE_FOLDER:-$root/target/images}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
# Use the time of the commit, so that every build of the commit has the same time in it.
moment=$(git log -1 --format=%ct 2>/dev/null || echo 0)

say() { echo "images: $*" >&2; }

"$root/e2e/install.sh" buildah binutils ca-certificates >&2

# The release profile builds in a separate folder and remaps paths, so that the program contains no path of this machine
# and is the same on other machines. All other profiles are for tests and use the programs that are compiled already.
build=$root/target
if [ "$profile" = release ]; then
    build=$root/target/images/build
    export RUSTFLAGS="--remap-path-prefix=$root=/hoopoe --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
fi
# The program is static because the image has no loader and no libraries. The flag goes only to the program itself: the
# crates in it are the same either way, and build scripts and macros cannot be static.
program() { # NAME
    cargo rustc --locked --profile "$profile" --target-dir "$build" --package "$1" --bin "$1" \
        -- -C target-feature=+crt-static >&2
}
case $profile in dev) programs=debug ;; bench) programs=release ;; *) programs=$profile ;; esac
programs=$build/$programs
if [ "$profile" != release ] && [ -n "${HOOPOE_PROGRAMS:-}" ]; then
    programs=$HOOPOE_PROGRAMS
    program() { # NAME: checks that the compiled program is static, because the image has no loader
        ! readelf --program-headers "$programs/$1" | grep -q INTERP || {
            say "$programs/$1 is not linked statically; build it with e2e/build.sh"
            exit 1
        }
    }
fi

store=$(mktemp -d)
trap 'rm -rf "$store"' EXIT
build_tool() { buildah --root "$store/root" --runroot "$store/run" --storage-driver vfs "$@"; }

image() { # NAME FOLDER_OF_ITS_CONTAINERFILE
    name=$1 context=$out/$2
    mkdir -p "$context"
    from=$(date +%s)
    say "making $name with the profile $profile (release, the first time: a few minutes on two cores)"
    program "$name"
    # Remove the symbols: they are half of the program, and the image has no debugger that could use them.
    strip -o "$context/$name" "$programs/$name"
    cp /etc/ssl/certs/ca-certificates.crt "$context/"
    rm -rf "${out:?}/$name"
    build_tool build --quiet --isolation chroot --timestamp "$moment" \
        --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
        --file "$2/Containerfile" --tag "$name" "$context" >&2
    build_tool push --quiet "$name" "oci:$out/$name" >&2
    digest=$(sed 's/.*"digest":"\([^"]*\)".*/\1/' "$out/$name/index.json")
    compressed=$(du -sk "$out/$name" | cut -f 1)
    say "$name took $(($(date +%s) - from)) s; the program has $(du -k "$context/$name" | cut -f 1) KiB," \
        "compressed $compressed KiB"
    echo "$name $out/$name $digest ${compressed}KiB"
}

image hoopoe service
image hoopoe-operator operator

if [ "${HOOPOE_IMAGE_SBOM:-yes}" != no ]; then
    say "writing the bills of materials"
    command -v cargo-cyclonedx >/dev/null || cargo install --quiet --locked cargo-cyclonedx >&2
    for crate in service operator; do
        # cargo-cyclonedx writes a file next to the manifest of every crate that it reads.
        SOURCE_DATE_EPOCH=$moment cargo cyclonedx --quiet --manifest-path "$crate/Cargo.toml" \
            --format json --spec-version 1.5 --override-filename hoopoe-sbom >&2
        sed "s,$root,/hoopoe,g" "$crate/hoopoe-sbom.json" >"$out/$crate/sbom.cdx.json"
        say "$out/$crate/sbom.cdx.json lists $(grep -c '"bom-ref"' "$out/$crate/sbom.cdx.json") components"
    done
    rm -f ./*/hoopoe-sbom.json
fi
