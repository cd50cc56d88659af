#!/bin/bash
# Runs every benchmark and writes build/bench.json: a list of {name, value, unit, against,
# reference, ratio}, where `reference` was measured in the same run.
#
# usage: run.sh OUTPUT [NAME...]      NAME: some of the benchmarks below
set -uo pipefail
cd "$(dirname "$0")/.."

output=$1
shift
export PAWL_BIN=$PWD/build/bin PAWL_TOOLS=$PWD/build/tools PAWL_SOURCE=$PWD
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
failed=0

wanted() {
    local name
    [ $# -gt 1 ] || return 0
    for name in "${@:2}"; do [ "$name" = "$1" ] && return 0; done
    return 1
}

for bench in bench/bench_*.sh build/tools/bench_*; do
    name=$(basename "$bench" .sh)
    name=${name#bench_}
    wanted "$name" "$@" || continue
    echo "bench: $name" >&2
    "$bench" | tee -a "$lines" |
        jq -r '"\(.name) \(.value) \(.unit), \(.ratio) of \(.reference) (\(.against))"' ||
        { echo "bench: $name failed" >&2; failed=1; }
done

jq -s . "$lines" >"$output"
echo "bench: written to $output" >&2
exit "$failed"
