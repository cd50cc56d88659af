#!/bin/bash
# pawld over HTTP, the load on the other core: processor time of an idle poll, of devices that
# reported lately and of ones that did not (poll-cold), against libmicrohttpd answering the same
# requests with a constant of the same size; durable confirmations a second from 64 connections;
# devices imported a second over the operator socket, into a server without devices and into one
# that has as many already (import-more).
#
# PAWL_BENCH_SECONDS (5) of each load, PAWL_BENCH_ROUNDS (3) interleaved rounds, medians;
# PAWL_BENCH_UNITS (200000) devices for the import.
set -euo pipefail

seconds=${PAWL_BENCH_SECONDS:-5}
rounds=${PAWL_BENCH_ROUNDS:-3}
units=${PAWL_BENCH_UNITS:-200000}
fleet_units=10000
cold_units=100000 # far more than pawld remembers
server_cpu=0
load_cpu=$(($(nproc) > 1 ? 1 : 0))
scratch=$(mktemp -d)
pids=()
finish() {
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
    rm -rf "$scratch"
}
trap finish EXIT
cd "$scratch"
pawl=$PAWL_BIN/pawl
export PAWL_CONFIG=/dev/null PAWL_SOCKET=$scratch/data/operator.sock

# Seconds of processor time that a process has used.
cpu_seconds() {
    awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / hz }' "/proc/$1/stat"
}
median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
line() { # NAME VALUE UNIT AGAINST REFERENCE
    awk -v n="$1" -v v="$2" -v u="$3" -v a="$4" -v r="$5" 'BEGIN {
        printf "{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",", n, v, u
        printf "\"against\":\"%s\",\"reference\":%.6g,\"ratio\":%.4g}\n", a, r, v / r }'
}
per_second() { # COUNT START END
    awk -v n="$1" -v t=$(($3 - $2)) 'BEGIN { print n / t * 1e9 }'
}

# Devices of a class, known to the server; their units in NAME/units.import.
batch() { # NAME COUNT CLASS
    "$pawl" personalize --quiet --vendor example.com --class "$3" --count "$2" --no-pud-files \
        --trust vendor.pub.pem --out "$1" >/dev/null 2>&1
    "$pawl" import --quiet "$1/units.import" >/dev/null
}

load() { # URL UNITS MODE
    taskset -c "$load_cpu" "$PAWL_TOOLS/pawl-fleet" --server "$1" --units "$2/units.import" \
        --mode "$3" --connections 64 --duration "$seconds" --json >load.json
}

# Microseconds of a server's processor time for each request of a load. To begin, a device that
# polls is given a challenge, in two requests that are not among those counted.
cost() { # PID URL UNITS MODE
    local before ready=2
    [ "$4" != blind ] || ready=0
    before=$(cpu_seconds "$1")
    load "$2" "$3" "$4"
    jq -r --argjson before "$before" --argjson after "$(cpu_seconds "$1")" \
        --argjson ready "$ready" \
        '($after - $before) * 1e6 / (.requests + $ready * .devices)' load.json
}

# One durable update a transaction: what a server without group commit could do.
singles() {
    local start count=1000
    {
        echo "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        echo "CREATE TABLE t(id INTEGER PRIMARY KEY, s INTEGER); INSERT INTO t VALUES (1, 0);"
        for ((i = 0; i < count; i++)); do echo "UPDATE t SET s = s + 1 WHERE id = 1;"; done
    } >singles.sql
    rm -f singles.db*
    start=$(date +%s%N)
    taskset -c "$server_cpu" sqlite3 singles.db <singles.sql >/dev/null
    per_second "$count" "$start" "$(date +%s%N)"
}

# A release for a class, published and assigned.
release() { # CLASS
    "$pawl" package --quiet --image image --key vendor.pem --vendor example.com --class "$1" \
        --name bench --version 1 --security-version 1 --kind opaque --content-key "$1.key" \
        --out "$1.pawl" >/dev/null
    "$pawl" publish --quiet --content-key "$1.key" "$1.pawl" >/dev/null
    "$pawl" assign --class "$1" --vendor example.com \
        "$("$pawl" inspect --json "$1.pawl" | jq -r .package_id)" >/dev/null
}

"$pawl" keygen --out vendor.pem >/dev/null
"$PAWL_BIN/pawld" init --data data
taskset -c "$server_cpu" "$PAWL_BIN/pawld" --data data --listen 127.0.0.1:0 --port-file port \
    --threads 1 --log-level error 2>pawld.log &
pawld=$!
pids+=("$pawld")
for ((i = 0; i < 400; i++)); do [ -s port ] && break; sleep 0.05; done
url=http://127.0.0.1:$(cat port)
batch fleet "$fleet_units" bench
batch cold "$cold_units" bench
head -c 65536 /dev/urandom >image

# Polls.
seconds=1 load "$url" fleet poll
answer=$(jq .answer load.json)
exec 3< <(exec taskset -c "$server_cpu" "$PAWL_TOOLS/mhd_constant" 0 "$answer")
constant=$!
pids+=("$constant")
read -r constant_port <&3
for ((i = 0; i < rounds; i++)); do
    cost "$pawld" "$url" fleet poll >>poll
    cost "$constant" "http://127.0.0.1:$constant_port" fleet blind >>blind
    cost "$pawld" "$url" cold poll >>poll-cold
done
for what in poll poll-cold; do
    line "$what" "$(median "$what")" "us of CPU" "libmicrohttpd, constant of $answer bytes" \
        "$(median blind)"
done

# Confirmations: a fleet begins with devices that installed nothing, so each round has its own.
for ((i = 0; i < rounds; i++)); do
    batch "confirm-$i" "$fleet_units" "confirm-$i"
    release "confirm-$i"
    load "$url" "confirm-$i" confirm
    jq .rate load.json >>confirm
    singles >>singles
done
line confirm "$(median confirm)" confirmations/s "SQLite, one durable update a transaction" \
    "$(median singles)"

# Import, on all cores: into a server that has no device, and again into the same.
"$PAWL_BIN/pawld" init --data imports
"$PAWL_BIN/pawld" --data imports --listen 127.0.0.1:0 --port-file imports.port \
    --log-level error 2>imports.log &
pids+=("$!")
for ((i = 0; i < 400; i++)); do [ -s imports.port ] && break; sleep 0.05; done
export PAWL_SOCKET=$scratch/imports/operator.sock
for what in import import-more; do
    "$pawl" personalize --quiet --vendor example.com --class many --count "$units" \
        --no-pud-files --trust vendor.pub.pem --server-cert imports/server.crt --out "$what" \
        >/dev/null
    sync # or the import waits for what was just written
    start=$(date +%s%N)
    "$pawl" import --quiet "$what/units.import" >/dev/null
    per_second "$units" "$start" "$(date +%s%N)" >"$what.rate"
done
start=$(date +%s%N)
sqlite3 rows.db "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB);
    INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT $units)
    SELECT x, randomblob(120) FROM c;" >/dev/null
rows=$(per_second "$units" "$start" "$(date +%s%N)")
for what in import import-more; do
    line "$what" "$(cat "$what.rate")" devices/s "SQLite, rows of 120 bytes in order" "$rows"
done
