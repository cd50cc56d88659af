#!/bin/bash
# pawld over HTTP, the load on the other core: processor time of an idle poll, of devices that
# reported lately and of ones that did not (poll-cold), against libmicrohttpd answering the same
# requests with a constant of the same size; durable confirmations a second from 64 and from 256
# connections; devices imported a second over the operator socket, into a server without devices
# and into one that has as many already (import-more).
#
# PAWL_BENCH_SECONDS (5) of each load, PAWL_BENCH_ROUNDS (3) interleaved rounds, medians;
# PAWL_BENCH_UNITS (200000) devices for the import.
set -euo pipefail
source "$PAWL_SOURCE/bench/lib.sh"

units=${PAWL_BENCH_UNITS:-200000}
fleet_units=10000
cold_units=100000 # far more than pawld remembers

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

server_start data
batch fleet "$fleet_units" bench
batch cold "$cold_units" bench

# Polls.
load "$url" fleet poll --connections 64 --duration 1
answer=$(jq .answer load.json)
constant_start "$answer"
for ((i = 0; i < rounds; i++)); do
    cost "$pawld" "$url" fleet poll >>poll
    cost "$constant" "$constant_url" fleet blind >>blind
    cost "$pawld" "$url" cold poll >>poll-cold
done
for what in poll poll-cold; do
    line "$what" "$(median "$what")" "us of CPU" "libmicrohttpd, constant of $answer bytes" \
        "$(median blind)"
done

# Confirmations: a fleet begins with devices that installed nothing, so each round has its own.
for ((i = 0; i < rounds; i++)); do
    for connections in 64 256; do
        fleet=confirm-$i-$connections
        batch "$fleet" "$fleet_units" "$fleet"
        release "$fleet"
        load "$url" "$fleet" confirm --connections "$connections" --duration "$seconds"
        jq .rate load.json >>"confirm-$connections"
    done
    singles >>singles
done
for connections in 64 256; do
    line "confirm-$connections" "$(median "confirm-$connections")" confirmations/s \
        "SQLite, one durable update a transaction" "$(median singles)"
done

# Import, on all cores: into a server that has no device, and again into the same.
server_cpus=0-$(($(nproc) - 1))
server_start imports --threads 2
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
