#!/bin/sh
# Runs all fuzz targets, or those named, for this many seconds each, and prints the number of executions of
# each.
#   fuzz/run.sh SECONDS [TARGET …]
# Needs a nightly toolchain, cargo-fuzz (`cargo install cargo-fuzz`) and Python. Runs as many targets at a
# time as there are cores. A crash is a failure; its input is in fuzz/artifacts.
set -eu
cd "$(dirname -- "$0")"

run_one() {
    seconds=$1 target=$2
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    mkdir -p "corpus/$target"
    if ! cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -max_len=12288 -timeout=10 -dict=words.dict \
        -print_final_stats=1 >"$log" 2>&1; then
        tail -n 60 "$log"
        exit 1
    fi
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "$target: $executions executions in $seconds s"
}

if [ "${1:-}" = --one ]; then
    run_one "$2" "$3"
    exit
fi
seconds=${1:?"usage: fuzz/run.sh SECONDS [TARGET …]"}
shift
[ $# -gt 0 ] || set -- $(cargo +nightly fuzz list)

python3 seeds.py
# Build all targets at once, so that running them does not build anything.
cargo +nightly fuzz build
# Leaks are not checked: threads of the server in `api_answers` outlive each execution, and the last ones
# outlive the target.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
printf '%s\n' "$@" | xargs -P "$(nproc)" -I '{}' sh run.sh --one "$seconds" '{}'
