#!/bin/bash
# I5: 10,000 simulated devices import, poll, download and confirm against one server without an
# error; each download is counted once, nobody is quarantined, and copies of devices are.
#
# usage: fleet.sh [DEVICES]
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
world_open

devices=10000
[ "$PAWL_SANITIZED" = 0 ] || devices=1000
devices=${1:-$devices}
fail() {
    echo "fleet: $*" >&2
    tail -n 5 server.log >&2
    exit 1
}

# Runs the devices in a mode; $figures has what they did.
fleet_run() { # MODE STATE [OPTION...]
    local mode=$1 state=$2
    shift 2
    figures=$("$PAWL_TOOLS/pawl-fleet" --server "$server_url" --units units/units.import --json \
        --mode "$mode" --state "$state" "$@")
}
figure_is() { [ "$(jq ".$1" <<<"$figures")" = "$2" ] || fail "$1: $figures"; }
status_is() { [ "$("$pawl" status --json | jq ".$1")" = "$2" ] || fail "$("$pawl" status --json)"; }

publish() { # NAME
    head -c 50000 /dev/urandom >image
    package=$("$pawl" package --json --image image --kind opaque --key vendor.pem \
        --vendor example.com --class box --name "$1" --version 1 --security-version 1 \
        --content-key "$1.key" --out "$1.pawl" | jq -r .package_id)
    "$pawl" publish --content-key "$1.key" "$1.pawl" >/dev/null || fail "publish"
    "$pawl" assign --class box --vendor example.com "$package" >/dev/null || fail "assign"
}

"$pawl" keygen --out vendor.pem >/dev/null || fail "keygen"
"$PAWL_BIN/pawld" init --data server >/dev/null || fail "pawld init"
"$pawl" personalize --vendor example.com --class box --trust vendor.pub.pem --count "$devices" \
    --out units >/dev/null 2>&1 || fail "personalize"
server_start || fail "pawld does not start"
"$pawl" import units/units.import >/dev/null || fail "import"
status_is devices "$devices"

fleet_run poll state --rounds 2 || fail "poll: $figures"
figure_is polls $((2 * devices))
status_is confirmations 0

# I9. As many at the same moment as libmicrohttpd reads events in one go (http_loop.h): all are
# answered.
for connections in 128 256; do
    fleet_run poll state --rounds 1 --connections "$connections" ||
        fail "$connections connections in step: $figures"
    figure_is polls "$devices"
done

publish first
fleet_run confirm state || fail "confirm: $figures"
figure_is confirmations "$devices"
status_is confirmations "$devices"

cp state copies
publish second
fleet_run full state || fail "full: $figures"
figure_is packages "$devices"
figure_is confirmations "$devices"
fleet_run poll state || fail "poll: $figures"
figure_is polls "$devices"
status_is confirmations $((2 * devices))
status_is sequence_total $((2 * devices))
status_is quarantined 0

# The same devices as they were before the second download: each of them is a copy.
fleet_run poll copies --connections 1 2>/dev/null && fail "copies were served: $figures"
held=$(jq .errors <<<"$figures")
[ "$held" -gt 0 ] || fail "no copy was seen: $figures"
status_is quarantined "$held"
echo "fleet: $devices devices, $((2 * devices)) downloads, each counted once; $held copies held"
