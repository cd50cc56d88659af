#!/bin/bash
# pawld over HTTP, the load on the other core: CPU of an idle poll against libmicrohttpd answering a
# constant of the same size to the same requests; durable confirmations a second from 64
# connections; devices imported a second over the operator socket.
#
# PAWL_BENCH_SECONDS (5) of each load, PAWL_BENCH_ROUNDS (3) interleaved rounds, medians;
# PAWL_BENCH_UNITS (200000) devices for the import.
set -euo pipefail

seconds=${PAWL_BENCH_SECONDS:-5}
rounds=${PAWL_BENCH_ROUNDS:-3}
units=${PAWL_BENCH_UNITS:-200000}
fleet_units=10000
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
on_load_cpu() { taskset -c "$load_cpu" "$@"; }
median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
line() { # name value unit against reference
    awk -v n="$1" -v v="$2" -v u="$3" -v a="$4" -v r="$5" 'BEGIN {
        printf "{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",", n, v, u
        printf "\"against\":\"%s\",\"reference\":%.6g,\"ratio\":%.4g}\n", a, r, v / r }'
}

# Microseconds of a server's processor time for each request of a load: PID URL MODE.
cost() {
    local before after
    before=$(cpu_seconds "$1")
    on_load_cpu "$PAWL_TOOLS/pawl-fleet" --server "$2" --units fleet/units.import --mode "$3" \
        --duration "$seconds" --json >load.json
    after=$(cpu_seconds "$1")
    # What made the fleet ready is not counted as requests, and is little.
    jq -r --argjson cpu "$(awk "BEGIN { print $after - $before }")" \
        '$cpu * 1e6 / .requests' load.json
}

batch() { # NAME COUNT CLASS
    "$pawl" personalize --quiet --vendor example.com --class "$3" --count "$2" --no-pud-files \
        --trust vendor.pub.pem --out "$1" "${@:4}" >/dev/null
}

# --- a server with a fleet -----------------------------------------------------------------------
"$pawl" keygen --out vendor.pem >/dev/null
"$PAWL_BIN/pawld" init --data data
taskset -c "$server_cpu" "$PAWL_BIN/pawld" --data data --listen 127.0.0.1:0 --port-file port \
    --threads 1 --log-level error 2>pawld.log &
pawld=$!
pids+=("$pawld")
for ((i = 0; i < 200; i++)); do [ -s port ] && break; sleep 0.05; done
url=http://127.0.0.1:$(cat port)
batch fleet "$fleet_units" bench
"$pawl" import --quiet fleet/units.import >/dev/null

# --- poll ----------------------------------------------------------------------------------------
seconds=1 cost "$pawld" "$url" poll >/dev/null
answer=$(jq .answer load.json)
exec 3< <(exec taskset -c "$server_cpu" "$PAWL_TOOLS/mhd_constant" 0 "$answer")
constant=$!
pids+=("$constant")
read -r constant_port <&3
for ((i = 0; i < rounds; i++)); do
    cost "$pawld" "$url" poll >>poll
    cost "$constant" "http://127.0.0.1:$constant_port" blind >>blind
done
line poll "$(median poll)" "us of CPU" "libmicrohttpd, constant of $answer bytes" "$(median blind)"

# --- confirm -------------------------------------------------------------------------------------
head -c 65536 /dev/urandom >image
"$pawl" package --quiet --image image --key vendor.pem --vendor example.com --class bench \
    --name bench --version 1 --security-version 1 --kind opaque --content-key app.key \
    --out app.pawl >/dev/null
"$pawl" publish --quiet --content-key app.key app.pawl >/dev/null
"$pawl" assign --class bench --vendor example.com \
    "$("$pawl" inspect --json app.pawl | jq -r .package_id)" >/dev/null

# One durable update a transaction: what a server without group commit could do.
singles() {
    {
        echo "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        echo "CREATE TABLE t(id INTEGER PRIMARY KEY,"
        echo "s INTEGER); INSERT INTO t VALUES (1, 0);"
        for ((i = 0; i < 2000; i++)); do echo "UPDATE t SET s = s + 1 WHERE id = 1;"; done
    } >singles.sql
    rm -f singles.db*
    local start end
    start=$(date +%s%N)
    taskset -c "$server_cpu" sqlite3 singles.db <singles.sql >/dev/null
    end=$(date +%s%N)
    awk -v t=$((end - start)) 'BEGIN { print 2000 / t * 1e9 }'
}

for ((i = 0; i < rounds; i++)); do
    # A fleet begins with devices that have installed nothing: a fresh class each time.
    class=confirm-$i
    batch "$class" "$fleet_units" "$class"
    "$pawl" import --quiet "$class/units.import" >/dev/null
    "$pawl" package --quiet --image image --key vendor.pem --vendor example.com --class "$class" \
        --name bench --version 1 --security-version 1 --kind opaque --content-key "$class.key" \
        --out "$class.pawl" >/dev/null
    "$pawl" publish --quiet --content-key "$class.key" "$class.pawl" >/dev/null
    "$pawl" assign --class "$class" --vendor example.com \
        "$("$pawl" inspect --json "$class.pawl" | jq -r .package_id)" >/dev/null
    on_load_cpu "$PAWL_TOOLS/pawl-fleet" --server "$url" --units "$class/units.import" \
        --mode confirm --connections 64 --duration "$seconds" --json | jq .rate >>confirm
    singles >>singles
done
line confirm "$(median confirm)" confirmations/s "SQLite, one durable update a transaction" \
    "$(median singles)"

# --- import --------------------------------------------------------------------------------------
batch many "$units" many --server-cert data/server.crt
start=$(date +%s%N)
"$pawl" import --quiet many/units.import >/dev/null
end=$(date +%s%N)
imported=$(awk -v n="$units" -v t=$((end - start)) 'BEGIN { print n / t * 1e9 }')
rows() {
    rm -f rows.db*
    taskset -c "$server_cpu" sqlite3 rows.db "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
        CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB);
        INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT $units)
        SELECT x, randomblob(120) FROM c;" >/dev/null
}
start=$(date +%s%N)
rows
end=$(date +%s%N)
line import "$imported" devices/s "SQLite, rows of 120 bytes in order" \
    "$(awk -v n="$units" -v t=$((end - start)) 'BEGIN { print n / t * 1e9 }')"
