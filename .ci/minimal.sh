#!/usr/bin/env bash
# Compiles the published crates with the least versions that their manifests allow, in a copy of the workspace: what
# they require is what they need.
set -euo pipefail

COPY=target/minimal

main() {
    local target
    target=$(python3 .ci/packages.py target-dir)
    rm -rf "$COPY"
    mkdir -p "$COPY/tests/anvil"
    cp -r crates Cargo.toml Cargo.lock "$COPY"
    # For the manifests' dev-dependencies, until they are removed.
    cp -r tests/anvil/{Cargo.toml,src} "$COPY/tests/anvil"
    cd "$COPY"
    sed -i 's/^members = .*/members = ["crates\/*"]/; /^exclude = /d' Cargo.toml
    # What only tests need may ask for more.
    cargo hack --quiet --remove-dev-deps --workspace
    # Only what they name themselves. The rest stays as it is locked, so that little of it is built again.
    local direct
    mapfile -t direct < <(cargo tree --workspace --all-features --target all --depth 1 --no-dedupe --prefix none --format '{p}' |
        sed -nE '/\(proc-macro\)$|^magic-admin|^$/!s/^([^ ]+) v([^ ]+).*/\1@\2/p' | sort -u)
    cargo +nightly update --quiet -Z direct-minimal-versions "${direct[@]}"
    CARGO_TARGET_DIR=$target cargo check --quiet --locked --workspace --all-features
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
main
