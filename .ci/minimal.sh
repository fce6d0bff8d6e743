#!/usr/bin/env bash
# Compiles the published crates with the minimum versions that their manifests allow, in a copy of the workspace. This
# proves that those versions are sufficient.
set -euo pipefail

COPY=target/minimal

main() {
    local target
    target=$(python3 .ci/packages.py target-dir)
    rm -rf "$COPY"
    mkdir -p "$COPY/tests/anvil"
    cp -r crates Cargo.toml Cargo.lock "$COPY"
    # Cargo needs this to read the dev-dependencies, until they are removed.
    cp -r tests/anvil/{Cargo.toml,src} "$COPY/tests/anvil"
    cd "$COPY"
    sed -i 's/^members = .*/members = ["crates\/*"]/; /^exclude = /d' Cargo.toml
    # Dependencies that only tests need may require more.
    cargo hack --quiet --remove-dev-deps --workspace
    # Only downgrade direct dependencies. Everything else keeps its locked version, so that little has to be rebuilt.
    local direct
    mapfile -t direct < <(cargo tree --workspace --all-features --target all --depth 1 --no-dedupe --prefix none --format '{p}' |
        sed -nE '/\(proc-macro\)$|^magic-admin|^$/!s/^([^ ]+) v([^ ]+).*/\1@\2/p' | sort -u)
    cargo +nightly update --quiet -Z direct-minimal-versions "${direct[@]}"
    CARGO_TARGET_DIR=$target cargo check --quiet --locked --workspace --all-features
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
main
