#!/bin/sh
# Runs the fuzz targets for that many seconds each, all of them or those named, and prints the executions of each.
#   fuzz/run.sh SECONDS [TARGET …]
# Needs a nightly toolchain, cargo-fuzz (`cargo install cargo-fuzz`) and Python. As many targets run at a time as there
# are cores. A crash ends it with a failure; its input is in fuzz/artifacts.
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
# All at once; running them then builds nothing.
cargo +nightly fuzz build
# Leaks are not looked for: the threads of the server in `api_answers` outlive each execution, and the last ones the target.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
printf '%s\n' "$@" | xargs -P "$(nproc)" -I '{}' sh run.sh --one "$seconds" '{}'
