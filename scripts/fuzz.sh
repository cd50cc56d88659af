#!/bin/bash
# Runs one libFuzzer target for PAWL_FUZZ_SECONDS (10). What it finds worth keeping stays in
# build-fuzz/corpus; a crash leaves its input in build-fuzz/crashes and fails.
#
# usage: fuzz.sh TARGET [SEEDS]
set -euo pipefail

target=$1
seeds=${2:-}
name=$(basename "$target")
corpus=$PAWL_BUILD/corpus/$name
crashes=$PAWL_BUILD/crashes
mkdir -p "$corpus" "$crashes"

exec "$target" -max_total_time="${PAWL_FUZZ_SECONDS:-10}" -timeout=10 -rss_limit_mb=1024 \
    -print_final_stats=1 -verbosity=0 -artifact_prefix="$crashes/$name-" \
    "$corpus" ${seeds:+"$seeds"}
