#!/bin/bash
# What the benchmarks of pawld share; to be sourced. A scratch directory in which they work, servers
# on one core and the load on another, and lines of JSON for run.sh.
#
#   server_start NAME ARGS...     pawld on data directory NAME/, made first; sets pawld and url; on
#                                 the server's core, or on those of server_cpus
#   constant_start SIZE ARGS...   the constant server; sets constant and constant_url
#   batch NAME COUNT CLASS        devices that the server knows; their units in NAME/units.import
#   release CLASS                 something to install for them
#   load URL NAME MODE ARGS...    pawl-fleet's figures in load.json
#   cost PID URL NAME MODE        microseconds of a server's processor time for a request
#   median FILE, line NAME VALUE UNIT AGAINST REFERENCE

seconds=${PAWL_BENCH_SECONDS:-5}
rounds=${PAWL_BENCH_ROUNDS:-3}
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
export PAWL_CONFIG=/dev/null
"$pawl" keygen --out vendor.pem >/dev/null

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

load() { # URL UNITS MODE ARGS...
    taskset -c "$load_cpu" "$PAWL_TOOLS/pawl-fleet" --server "$1" --units "$2/units.import" \
        --mode "$3" --json "${@:4}" >load.json
}

# Microseconds of a server's processor time for each request of a load. To begin, a device that
# polls is given a challenge, in two requests that are not among those counted.
cost() { # PID URL UNITS MODE ARGS...
    local before ready=2
    [ "$4" != blind ] || ready=0
    before=$(cpu_seconds "$1")
    load "$2" "$3" "$4" --connections 64 --duration "$seconds" "${@:5}"
    jq -r --argjson before "$before" --argjson after "$(cpu_seconds "$1")" \
        --argjson ready "$ready" \
        '($after - $before) * 1e6 / (.requests + $ready * .devices)' load.json
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

server_start() { # NAME ARGS...
    "$PAWL_BIN/pawld" init --data "$1"
    taskset -c "${server_cpus:-$server_cpu}" "$PAWL_BIN/pawld" --data "$1" --listen 127.0.0.1:0 \
        --port-file "$1.port" --threads 1 --log-level error "${@:2}" 2>"$1.log" &
    pawld=$!
    pids+=("$pawld")
    for ((i = 0; i < 400; i++)); do [ -s "$1.port" ] && break; sleep 0.05; done
    [[ " $* " == *" --tls-cert "* ]] && url=https || url=http
    url+=://127.0.0.1:$(cat "$1.port")
    export PAWL_SOCKET=$scratch/$1/operator.sock
    [ -e image ] || head -c 65536 /dev/urandom >image
}

constant_start() { # SIZE [CERTIFICATE KEY]
    local port
    exec 3< <(exec taskset -c "$server_cpu" "$PAWL_TOOLS/mhd_constant" 0 "$@")
    constant=$!
    pids+=("$constant")
    read -r port <&3
    [ $# -gt 1 ] && constant_url=https || constant_url=http
    constant_url+=://127.0.0.1:$port
}
