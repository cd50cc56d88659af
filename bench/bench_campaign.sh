#!/bin/bash
# A campaign over a large fleet, against what it must reach: start, first offer, status and the
# server's memory, with DEVICES in SQLite; and how fast the stages are counted.
#
# usage: bench_campaign.sh [DEVICES]
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
export TMPDIR=${TMPDIR:-/var/tmp}
world_open

devices=${1:-1000000}
fail() {
    echo "bench_campaign: $*" >&2
    tail -n 5 server.log >&2
    exit 1
}

line() { # NAME VALUE UNIT LIMIT: a figure, and what it must stay below
    jq -nc --arg name "$1" --argjson value "$2" --arg unit "$3" --argjson limit "$4" \
        '{$name, $value, $unit, against: "the limit", reference: $limit, ratio: ($value / $limit)}'
}

operate() { # METHOD PATH: seconds of a request on the operator socket, its answer in `answer`
    curl -sS --unix-socket "$PAWL_SOCKET" -o answer -w '%{time_total}' -X "$1" "http://pawld$2"
}

median_ms() { # METHOD PATH: of 21 requests
    for _ in {1..21}; do
        operate "$1" "$2"
        echo
    done | sort -g | sed -n 11p | awk '{ print $1 * 1000 }'
}

server_memory() { # MiB, the most it ever had
    awk '/^VmHWM/ { print $2 / 1024 }' "/proc/${pids[server]}/status"
}

"$pawl" keygen --out vendor.pem >/dev/null || fail "keygen"
"$PAWL_BIN/pawld" init --data server >/dev/null 2>&1 || fail "pawld init"
"$pawl" personalize --quiet --vendor example.com --class box --trust vendor.pub.pem \
    --count "$devices" --no-pud-files --out units >/dev/null 2>&1 || fail "personalize"
head -c 50000 /dev/urandom >image
"$pawl" package --image image --kind opaque --key vendor.pem --vendor example.com --class box \
    --name box --version 1 --security-version 1 --content-key box.key --out box.pawl >/dev/null ||
    fail "package"
server_start || fail "pawld does not start"
"$pawl" import --quiet units/units.import >/dev/null || fail "import"
rm -rf units
"$pawl" publish --content-key box.key box.pawl >/dev/null || fail "publish"
server_stop TERM # what the import needed is not what a campaign needs
server_start || fail "pawld does not start again"

number=$("$pawl" campaign create box.pawl --name bench --class box --vendor example.com \
    --stage 1 9 90 --json | jq .id)
started=$(operate POST "/v1/campaigns/$number/start")
began=$(date +%s%N)
[ "$(jq -r '.stages[0].state' answer)" = running ] || fail "it was not started: $(cat answer)"
line campaign-start "$(awk -v s="$started" 'BEGIN { print s * 1000 }')" ms 1000
line campaign-status-counting "$(median_ms GET "/v1/campaigns/$number")" ms 50
until [ "$("$pawl" campaign status "$number" --json | jq .counted)" = true ]; do sleep 0.1; done
seconds=$(awk -v ns=$(($(date +%s%N) - began)) 'BEGIN { print ns / 1e9 }')
echo "bench_campaign: counted $devices devices in $seconds s" >&2
line campaign-status "$(median_ms GET "/v1/campaigns/$number")" ms 50
line campaign-list "$(median_ms GET /v1/campaigns)" ms 50
line campaign-memory "$(server_memory)" MiB 100
total=$("$pawl" campaign status "$number" --json | jq .total)
[ "$total" = "$devices" ] || fail "counted $total of $devices"
