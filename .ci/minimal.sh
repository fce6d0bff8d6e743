#!/usr/bin/env bash
# Compiles the published crates with the least versions that their manifests allow, in a copy of the workspace: what
# they require is what they need.
set -euo pipefail

COPY=target/minimal

main() {
    rm -rf "$COPY"/{crates,tests,Cargo.toml,Cargo.lock}
    mkdir -p "$COPY/tests/anvil"
    cp -r crates Cargo.toml "$COPY"
    # For the manifests' dev-dependencies, until they are removed.
    cp -r tests/anvil/{Cargo.toml,src} "$COPY/tests/anvil"
    cd "$COPY"
    sed -i 's/^members = .*/members = ["crates\/*"]/; /^exclude = /d' Cargo.toml
    # What only tests need may ask for more.
    cargo hack --quiet --remove-dev-deps --workspace
    cargo +nightly update --quiet -Z direct-minimal-versions
    CARGO_TARGET_DIR=$PWD/target cargo check --quiet --locked --workspace --all-features
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
main
