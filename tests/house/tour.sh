#!/bin/bash
# The README's quick tour, as it stands there, ends with one device at sequence number 1 that runs
# the package. Only the port is another one, and each background program is waited for.
set -uo pipefail

work=$(mktemp -d)
exec 3>&2
cleanup() {
    local status=$? pids
    [ $status -eq 0 ] || cat "$work/tour.log" >&3
    pids=$(jobs -p)
    # shellcheck disable=SC2086
    [ -z "$pids" ] || kill $pids 2>/dev/null
    wait
    rm -rf "$work"
}
trap cleanup EXIT

tour=$(sed -n '/^## A quick tour/,/^## /p' "$PAWL_SOURCE/README.md" | sed -n '/^```$/,/^```$/p' |
    sed -e '/^```$/d' \
        -e 's|\$PWD/build/bin|$PAWL_BIN|' \
        -e 's|--listen 127.0.0.1:8080 &|--listen 127.0.0.1:0 --port-file port \&|' \
        -e 's|127.0.0.1:8080|127.0.0.1:$(cat port)|' \
        -e '/^pawld .*&$/a await server/operator.sock' \
        -e '/^pawl-processor .*&$/a await device.sock')
for program in pawl pawld pawl-agent pawl-processor; do
    grep -q "^$program " <<<"$tour" || { echo "the tour does not use $program" >&2; exit 1; }
done

# Waits until a socket is there, at most 20 s.
await() {
    for ((i = 0; i < 400; i++)); do
        [ ! -S "$1" ] || return 0
        sleep 0.05
    done
    echo "no $1" >&2
    return 1
}

cd "$work" || exit 1
unset PAWL_SERVER PAWL_PROCESSOR PAWL_SOCKET
export PAWL_CONFIG=
exec >"$work/tour.log" 2>&1
set -e
eval "$tour"
[ "$(pawl devices --json | jq -c '[.items[].sequence] | sort')" = "[0,0,1]" ]
grep -q 'image: hello' "$work/tour.log"
