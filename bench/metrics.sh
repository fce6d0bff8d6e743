#!/usr/bin/env bash
# Measures the cost of reporting metrics: builds the same program with and without the feature, and measures both in
# turn.
set -euo pipefail
cd "$(dirname -- "$0")/.."
release=$(python3 .ci/packages.py target-dir)/release

cargo build --quiet --release --locked -p bench --bin metrics
cp "$release/metrics" "$release/metrics-without"
cargo build --quiet --release --locked -p bench --bin metrics --features metrics
"$release/metrics" compare "$release/metrics-without"
