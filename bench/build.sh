#!/bin/sh
# How many crates each published crate is built from, and how long a clean build (`cargo build`) takes.
#   bench/build.sh            a table in Markdown
set -eu
cd "$(dirname -- "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

row() {
    # shellcheck disable=SC2086 # the second argument is several
    crates=$(cargo tree --locked --package "$1" $2 --edges normal,build --prefix none --no-dedupe | awk '{print $1, $2}' | sort -u | wc -l)
    start=$(date +%s)
    # shellcheck disable=SC2086
    cargo build --quiet --locked --package "$1" $2 --target-dir "$scratch/target"
    end=$(date +%s)
    rm -rf "$scratch/target"
    echo "| \`$1\` | $3 | $crates | $((end - start)) s |"
}

echo '| crate | features | crates | clean build |'
echo '|---|---|---|---|'
row magic-admin '--no-default-features --features secp256k1' 'offline, libsecp256k1'
row magic-admin '--no-default-features --features k256' 'offline, k256'
for crate in magic-admin magic-admin-axum magic-admin-redis magic-admin-testkit magic-admin-cli; do
    row "$crate" '' default
done
