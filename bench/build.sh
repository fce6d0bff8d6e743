#!/usr/bin/env bash
# Counts the crates that each published crate is built from, and measures a clean `cargo build`.
#   bench/build.sh            prints a table in Markdown
set -euo pipefail
cd "$(dirname -- "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Measures processor time in seconds, because wall-clock time means nothing on a busy machine.
TIMEFORMAT='%U %S'

row() {
    local crates seconds
    # shellcheck disable=SC2086 # the second argument is several
    crates=$(cargo tree --locked --package "$1" $2 --edges normal,build --prefix none --no-dedupe | awk '{print $1, $2}' | sort -u | wc -l)
    # shellcheck disable=SC2086
    seconds=$({ time cargo build --quiet --locked --package "$1" $2 --target-dir "$scratch/target"; } 2>&1 | awk '{printf "%.0f", $1 + $2}')
    rm -rf "$scratch/target"
    echo "| \`$1\` | $3 | $crates | $seconds s |"
}

echo '| crate | features | crates | clean build, processor time |'
echo '|---|---|---|---|'
row magic-admin '--no-default-features --features secp256k1' 'offline, libsecp256k1'
row magic-admin '--no-default-features --features k256' 'offline, k256'
for crate in magic-admin magic-admin-axum magic-admin-redis magic-admin-testkit magic-admin-cli; do
    row "$crate" '' default
done
