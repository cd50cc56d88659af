#!/bin/bash
# Builds and runs every test: the firmware, which tests of the release build start in QEMU; the
# release build; the build under ASan and UBSan; and the fuzzers for PAWL_FUZZ_SECONDS (10) each.
# The last line is the sum, "N passed, N failed"; none run is a failure.
set -uo pipefail
cd "$(dirname "$0")/.."

jobs=${JOBS:-$(nproc)}
passed=0
failed=0
summary=()

# Builds the firmware of a preset; a failure counts as one of a test.
build_firmware() {
    local log
    log=$(mktemp)
    echo "== $1"
    if ! { cmake --preset "$1" && cmake --build "build-$1" -j "$jobs"; } >"$log" 2>&1; then
        cat "$log"
        echo "$1: the build failed" >&2
        failed=$((failed + 1))
    fi
    rm -f "$log"
}

# Builds TARGETS... of a preset, runs its tests and adds them to the sums.
run() {
    local preset=$1 dir=$2 log total=0 bad=0 start=$SECONDS
    shift 2
    log=$(mktemp)
    echo "== $preset"
    if cmake --preset "$preset" >"$log" 2>&1 &&
        cmake --build "$dir" -j "$jobs" --target "$@" >"$log" 2>&1; then
        ctest --test-dir "$dir" -j "$jobs" --output-on-failure --no-tests=error | tee "$log"
        read -r bad total < \
            <(sed -nE 's/.* ([0-9]+) tests? failed out of ([0-9]+)$/\1 \2/p' "$log")
        [ "${total:-0}" -gt 0 ] || { bad=1 total=1; }
    else
        cat "$log"
        echo "$preset: the build failed" >&2
        bad=1 total=1
    fi
    rm -f "$log"
    passed=$((passed + total - bad))
    failed=$((failed + bad))
    summary+=("$(printf '%-10s %4d passed %4d failed %5d s' "$preset" $((total - bad)) "$bad" \
        $((SECONDS - start)))")
}

build_firmware cortex-m33
build_firmware cortex-m33-psa
build_firmware mps2-an385
run release build all tests
run debug build-debug all tests
run fuzz build-fuzz fuzzers

printf '\n'
printf '%s\n' "${summary[@]}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
