#!/bin/sh
# Runs the fuzz targets for that many seconds each, all of them or those named, and prints the executions of each.
#   fuzz/run.sh SECONDS [TARGET …]
# Needs a nightly toolchain and cargo-fuzz (`cargo install cargo-fuzz`). A crash ends it with a failure; its input is in fuzz/artifacts.
set -eu
cd "$(dirname -- "$0")"
seconds=${1:?"usage: fuzz/run.sh SECONDS [TARGET …]"}
shift
[ $# -gt 0 ] || set -- $(cargo +nightly fuzz list)

cargo +nightly run --quiet --example seeds
# Leaks are not looked for: the threads of the server in `api_answers` outlive each execution, and the last ones the target.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for target in "$@"; do
    mkdir -p "corpus/$target"
    if ! cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -max_len=12288 -timeout=10 -dict=words.dict \
        -print_final_stats=1 >"$log" 2>&1; then
        tail -n 60 "$log"
        exit 1
    fi
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "$target: $executions executions in $seconds s"
done
