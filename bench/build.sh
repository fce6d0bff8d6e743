#!/bin/sh
# How many crates each published crate is built from, and how long a clean build takes.
#   bench/build.sh            a table in Markdown
set -eu
cd "$(dirname -- "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

echo '| crate | features | crates | clean build | release |'
echo '|---|---|---|---|---|'
row() {
    crates=$(cargo tree --locked --package "$1" $2 --edges normal,build --prefix none --no-dedupe | awk '{print $1, $2}' | sort -u | wc -l)
    printf '| `%s` | %s | %s | %s s | %s s |\n' "$1" "$3" "$crates" "$(seconds "$1" "$2" --profile=dev)" "$(seconds "$1" "$2" --release)"
}
seconds() {
    start=$(date +%s)
    cargo build --quiet --locked --package "$1" $2 "$3" --target-dir "$scratch/target"
    end=$(date +%s)
    rm -rf "$scratch/target"
    echo $((end - start))
}
row magic-admin '--no-default-features --features secp256k1' 'offline, libsecp256k1'
row magic-admin '--no-default-features --features k256' 'offline, k256'
for crate in magic-admin magic-admin-axum magic-admin-testkit magic-admin-cli magic-admin-redis; do
    row "$crate" '' default
done
