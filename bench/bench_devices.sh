#!/bin/bash
# What operators ask about a large fleet, against what it must reach: a page of each kind of search
# with DEVICES in SQLite (the slowest counts), confirmations from 256 connections while they are
# there, and the server's memory.
#
# usage: bench_devices.sh [DEVICES]
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
export TMPDIR=${TMPDIR:-/var/tmp}
world_open

devices=${1:-1000000}
active=$((devices / 10)) # that report; the others never did
fail() {
    echo "bench_devices: $*" >&2
    tail -n 5 server.log >&2
    exit 1
}

line() { # NAME VALUE UNIT LIMIT AGAINST
    jq -nc --arg name "$1" --argjson value "$2" --arg unit "$3" --argjson limit "$4" \
        --arg against "${5:-the limit}" \
        '{$name, $value, $unit, $against, reference: $limit, ratio: ($value / $limit)}'
}

search() { # FILTER: the median of 15 requests for a page, in ms
    for _ in {1..15}; do
        curl -sS --unix-socket "$PAWL_SOCKET" -o answer -w '%{time_total}\n' -G \
            --data-urlencode "filter=$1" http://pawld/v1/devices || return 1
    done | sort -g | sed -n 8p | awk '{ print $1 * 1000 }'
}

server_memory() { # MiB, the most it ever had
    awk '/^VmHWM/ { print $2 / 1024 }' "/proc/${pids[server]}/status"
}

"$pawl" keygen --out vendor.pem >/dev/null || fail "keygen"
"$PAWL_BIN/pawld" init --data server >/dev/null 2>&1 || fail "pawld init"
for batch in "field $((devices - active))" "lab $active"; do
    read -r name count <<<"$batch"
    "$pawl" personalize --quiet --vendor example.com --class box --trust vendor.pub.pem \
        --count "$count" --no-pud-files --out "$name" >/dev/null 2>&1 || fail "personalize"
done
head -c 50000 /dev/urandom >image
"$pawl" package --image image --kind opaque --key vendor.pem --vendor example.com --class box \
    --name box --version 1 --security-version 1 --content-key box.key --out box.pawl >/dev/null ||
    fail "package"
package=$("$pawl" inspect --json box.pawl | jq -r .package_id)
server_start || fail "pawld does not start"
for name in field lab; do
    "$pawl" import --quiet --group "$name" "$name/units.import" >/dev/null || fail "import"
done
"$pawl" publish --content-key box.key box.pawl >/dev/null || fail "publish"
"$pawl" assign "$package" --group lab >/dev/null || fail "assign"
server_stop TERM # what the import needed is not what is measured here
server_start || fail "pawld does not start again"

"$PAWL_TOOLS/pawl-fleet" --server "$server_url" --units lab/units.import --mode confirm \
    --connections 256 --json >confirmed.json || fail "confirmations"
line confirm-256 "$(jq .rate confirmed.json)" confirmations/s 20000 "what it must reach"
"$pawl" devices --ids --all group=lab >ids || fail "listing"
head -n $((active / 2)) ids | "$pawl" device label wave=1 --devices - >/dev/null || fail "labels"
some=$("$pawl" devices --ids --limit 1 group=field)

slowest=0
while read -r name filter; do
    spent=$(search "$filter") || fail "$filter"
    jq -e .items answer >/dev/null || fail "$filter: $(cat answer)"
    echo "bench_devices: $name: $spent ms, $(jq '.items | length' answer) found" >&2
    slowest=$(awk -v a="$slowest" -v b="$spent" 'BEGIN { print (a > b ? a : b) }')
done <<EOT
all
class class=box vendor=example.com
group group=lab
label label.wave=1 state=active
id id=${some:0:7}
package package=${package:0:12}
package-and-label package=$package label.wave!=*
seen seen>-1h
stale seen<-1h
never seen=never group=lab
state state=quarantined
failed failed=*
sequence sequence>5
EOT
line device-search "$slowest" ms 100
line device-memory "$(server_memory)" MiB 100
