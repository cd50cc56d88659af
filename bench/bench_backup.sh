#!/bin/bash
# Backup and audit of a large server: how fast a backup of a database with many devices is made
# against copying its file, what it does to confirmations that go on meanwhile, and how fast an
# audit trail with an entry for each device is verified, against sha256sum of its export.
#
# PAWL_BENCH_DEVICES (200000) devices; PAWL_BENCH_SECONDS (5) of load.
set -euo pipefail
source "$PAWL_SOURCE/bench/lib.sh"

devices=${PAWL_BENCH_DEVICES:-200000}
server_cpu=0-$(($(nproc) - 1)) # a backup is made beside the load, by a thread of its own

# Seconds that a command takes; what it prints goes to said.
timed() {
    local start
    start=$(date +%s%N)
    "$@" >said
    awk -v t=$(($(date +%s%N) - start)) 'BEGIN { print t / 1e9 }'
}
confirmations() { # BATCH: the rate of a load
    load "$url" "$1" confirm --connections 64 --duration "$seconds"
    jq .rate load.json
}

server_start data --threads 2
batch first 5000 busy
batch second 5000 busy
batch many "$devices" quiet
release busy

alone=$(confirmations first)
confirmations second >beside &
beside=$!
sleep 1
backup=$(timed "$pawl" backup --out backup.db)
wait "$beside"
copy=$(timed sh -c 'cp backup.db copy.db && sync copy.db')
line backup "$backup" "s" "copying the file" "$copy"
line confirm-beside-backup "$(cat beside)" "confirmations/s" "without a backup" "$alone"

"$pawl" devices --all --ids class=quiet vendor=example.com >ids
"$pawl" device label note=bench --devices ids >said
"$pawl" audit export --out export
verify=$(timed "$pawl" audit verify --file export)
hash=$(timed sha256sum export)
entries=$(wc -l <export)
line audit-verify "$(awk -v n="$entries" -v t="$verify" 'BEGIN { print n / t }')" "entries/s" \
    "sha256sum of the export" "$(awk -v n="$entries" -v t="$hash" 'BEGIN { print n / t }')"
