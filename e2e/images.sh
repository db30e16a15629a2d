#!/bin/sh
# Builds Hoopoe's two images without a Docker engine, and prints for each `NAME FOLDER DIGEST SIZE`: a static program `FROM scratch`, as
# an OCI layout in target/images. Two builds of one commit have one digest.
#
# Environment: HOOPOE_IMAGE_PROFILE (Cargo's profile; default release), HOOPOE_IMAGE_SBOM (no: leave the bills of materials out),
# HOOPOE_PROGRAMS (a folder with what e2e/build.sh compiled, which any profile but release takes).
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
profile=${HOOPOE_IMAGE_PROFILE:-release}
out=$root/target/images
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
# The moment of the commit: the same in every build of it.
moment=$(git log -1 --format=%ct 2>/dev/null || echo 0)

say() { echo "images: $*" >&2; }

"$root/e2e/install.sh" buildah binutils ca-certificates >&2

# For release in a folder of its own, remapped: no path of this machine in a program, and the same program on another machine. Any other
# profile is for tests, and takes what has been compiled already.
build=$root/target
if [ "$profile" = release ]; then
    build=$out/build
    export RUSTFLAGS="--remap-path-prefix=$root=/hoopoe --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
fi
# Static: the image has no loader and no libraries. The flag is for the program itself: the libraries in it are the same either way, and
# what only the build runs could not be static.
program() { # NAME
    cargo rustc --locked --profile "$profile" --target-dir "$build" --package "$1" --bin "$1" -- -C target-feature=+crt-static >&2
}
case $profile in dev) programs=debug ;; bench) programs=release ;; *) programs=$profile ;; esac
programs=$build/$programs
if [ "$profile" != release ] && [ -n "${HOOPOE_PROGRAMS:-}" ]; then
    programs=$HOOPOE_PROGRAMS
    program() { # NAME: it is there; a program with a loader would find none in the image
        ! readelf --program-headers "$programs/$1" | grep -q INTERP || {
            say "$programs/$1 is not linked statically; e2e/build.sh does that"
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
    say "making $name with the profile $profile (release, the first time: some minutes on two cores)"
    program "$name"
    # Symbols help nobody who has no debugger in the image, and are half of it.
    strip -o "$context/$name" "$programs/$name"
    cp /etc/ssl/certs/ca-certificates.crt "$context/"
    rm -rf "${out:?}/$name"
    build_tool build --quiet --isolation chroot --timestamp "$moment" --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
        --file "$2/Containerfile" --tag "$name" "$context" >&2
    build_tool push --quiet "$name" "oci:$out/$name" >&2
    digest=$(sed 's/.*"digest":"\([^"]*\)".*/\1/' "$out/$name/index.json")
    say "$name took $(($(date +%s) - from)) s; the program has $(du -k "$context/$name" | cut -f 1) KiB, compressed $(du -sk "$out/$name" | cut -f 1) KiB"
    echo "$name $out/$name $digest $(du -sk "$out/$name" | cut -f 1)KiB"
}

image hoopoe service
image hoopoe-operator operator

if [ "${HOOPOE_IMAGE_SBOM:-yes}" != no ]; then
    say "writing the bills of materials"
    command -v cargo-cyclonedx >/dev/null || cargo install --quiet --locked cargo-cyclonedx >&2
    for crate in service operator; do
        # It writes beside the manifest of every crate that it looks at.
        SOURCE_DATE_EPOCH=$moment cargo cyclonedx --quiet --manifest-path "$crate/Cargo.toml" --format json --spec-version 1.5 \
            --override-filename hoopoe-sbom >&2
        sed "s,$root,/hoopoe,g" "$crate/hoopoe-sbom.json" >"$out/$crate/sbom.cdx.json"
        say "$out/$crate/sbom.cdx.json lists $(grep -c '"bom-ref"' "$out/$crate/sbom.cdx.json") components"
    done
    rm -f ./*/hoopoe-sbom.json
fi
