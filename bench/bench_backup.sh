#!/bin/bash
# Backup and audit of a large server: how fast a backup of a database with many devices is made
# against copying its file, what it does to confirmations that go on meanwhile, and how fast an
# audit trail with an entry for each device is verified, against sha256sum of its export.
#
# PAWL_BENCH_DEVICES (200000) devices; PAWL_BENCH_SECONDS (5) of load.
set -euo pipefail

devices=${PAWL_BENCH_DEVICES:-200000}
seconds=${PAWL_BENCH_SECONDS:-5}
load_cpu=$(($(nproc) > 1 ? 1 : 0))
scratch=$(mktemp -d)
pawld=
finish() {
    if [ -n "$pawld" ]; then kill "$pawld" 2>/dev/null && wait "$pawld" 2>/dev/null; fi
    rm -rf "$scratch"
}
trap finish EXIT
cd "$scratch"
pawl=$PAWL_BIN/pawl
export PAWL_CONFIG=/dev/null PAWL_SOCKET=$scratch/data/operator.sock

line() { # NAME VALUE UNIT AGAINST REFERENCE
    awk -v n="$1" -v v="$2" -v u="$3" -v a="$4" -v r="$5" 'BEGIN {
        printf "{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",", n, v, u
        printf "\"against\":\"%s\",\"reference\":%.6g,\"ratio\":%.4g}\n", a, r, v / r }'
}
# Seconds that a command takes; what it prints goes to said.
timed() {
    local start
    start=$(date +%s%N)
    "$@" >said
    awk -v t=$(($(date +%s%N) - start)) 'BEGIN { print t / 1e9 }'
}
batch() { # NAME COUNT CLASS
    "$pawl" personalize --quiet --vendor example.com --class "$3" --count "$2" --no-pud-files \
        --trust vendor.pub.pem --out "$1" >/dev/null 2>&1
    "$pawl" import --quiet "$1/units.import" >/dev/null
}
confirmations() { # BATCH: the rate of a load
    taskset -c "$load_cpu" "$PAWL_TOOLS/pawl-fleet" --server "$url" --units "$1/units.import" \
        --mode confirm --connections 64 --duration "$seconds" --json | jq .rate
}

"$pawl" keygen --out vendor.pem >/dev/null
"$PAWL_BIN/pawld" init --data data
"$PAWL_BIN/pawld" --data data --listen 127.0.0.1:0 --port-file port --log-level error 2>log &
pawld=$!
for ((i = 0; i < 400; i++)); do [ -s port ] && break; sleep 0.05; done
url=http://127.0.0.1:$(cat port)
batch first 5000 busy
batch second 5000 busy
batch many "$devices" quiet
head -c 65536 /dev/urandom >image
"$pawl" package --quiet --image image --key vendor.pem --vendor example.com --class busy \
    --name bench --version 1 --security-version 1 --kind opaque --content-key key --out r.pawl >said
"$pawl" publish --quiet --content-key key r.pawl >said
"$pawl" assign --class busy --vendor example.com "$("$pawl" inspect --json r.pawl |
    jq -r .package_id)" >said

alone=$(confirmations first)
confirmations second >beside &
load=$!
sleep 1
backup=$(timed "$pawl" backup --out backup.db)
wait "$load"
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
