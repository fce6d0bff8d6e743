#!/usr/bin/env bash
# Builds the offline part for wasm32-unknown-unknown, and runs every test vector in Node.
#
#   bash .ci/wasm.sh
#
# Needs rustup and Node.
set -euo pipefail

TARGET=wasm32-unknown-unknown
MANIFEST=tests/wasm/Cargo.toml
# The number of uses in the module `system_clock` of tests/wasm.
USES_OF_CLOCK=8

main() {
    rustup --quiet target add "$TARGET"
    local options=(--quiet --locked --manifest-path "$MANIFEST" --target "$TARGET"
        --target-dir target/wasm)

    cargo build "${options[@]}"
    node tests/wasm/run.mjs "target/wasm/$TARGET/debug/wasm.wasm" tests/vectors/did-tokens.json

    # APIs that read the system's clock must not exist, so each line that uses one must cause an error.
    local errors
    errors=$(cargo check "${options[@]}" --color never --features system-clock 2>&1 |
        grep -cE '^error\[E0(432|599)\]') || true
    [ "$errors" -eq "$USES_OF_CLOCK" ] ||
        fail "$errors of the $USES_OF_CLOCK uses of the system's clock do not compile"
}

fail() {
    echo "error: $*" >&2
    exit 1
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
main
