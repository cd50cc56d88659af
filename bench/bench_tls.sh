#!/bin/bash
# pawld over HTTPS, the load on the other core: processor time of an idle poll on connections that
# are kept, and memory of a connection while 10,000 are open, both beside libmicrohttpd answering
# a constant of the same size over TLS with the same certificate and priorities.
#
# PAWL_BENCH_SECONDS (5) of each load, PAWL_BENCH_ROUNDS (3) interleaved rounds, medians;
# PAWL_BENCH_OPEN (10000) connections.
set -euo pipefail
source "$PAWL_SOURCE/bench/lib.sh"

open=${PAWL_BENCH_OPEN:-10000}

# Kilobytes of memory that a process has to itself.
memory() { awk '/^RssAnon:/ { print $2 }' "/proc/$1/status"; }

# KiB for each connection of a server while $open of them are open and have been used.
held() { # PID URL MODE
    local before most=0 now loader
    before=$(memory "$1")
    load "$2" fleet "$3" --ca tls.crt --connections "$open" --rounds 1 &
    loader=$!
    while kill -0 "$loader" 2>/dev/null; do
        now=$(memory "$1")
        [ "$now" -le "$most" ] || most=$now
        sleep 0.05
    done
    wait "$loader"
    awk -v b="$before" -v m="$most" -v n="$open" 'BEGIN { print (m - b) / n }'
}

ulimit -n "$(ulimit -Hn)"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key \
    -out tls.crt -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null
chmod 600 tls.key
server_start data --tls-cert tls.crt --tls-key tls.key
batch fleet "$open" bench
load "$url" fleet poll --ca tls.crt --connections 64 --duration 1
answer=$(jq .answer load.json)
constant_start "$answer" tls.crt tls.key
for ((i = 0; i < rounds; i++)); do
    cost "$pawld" "$url" fleet poll --ca tls.crt >>poll
    cost "$constant" "$constant_url" fleet blind --ca tls.crt >>blind
done
line poll-tls "$(median poll)" "us of CPU" "libmicrohttpd, constant of $answer bytes over TLS" \
    "$(median blind)"
ours=$(held "$pawld" "$url" poll)
theirs=$(held "$constant" "$constant_url" blind)
line "connections-tls-$open" "$ours" "KiB each" "libmicrohttpd alone" "$theirs"
