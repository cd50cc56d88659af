#!/bin/bash
# A push to 10,000 subscribers: from the operator's call to the last delivery, beside a bare
# publication at the same broker in the same run.
set -euo pipefail
source "$PAWL_SOURCE/scripts/world.sh"

count=${PAWL_BENCH_SUBSCRIBERS:-10000}
source_dir=$PAWL_SOURCE
world_open >&2
fail() { echo "bench_push: $*" >&2; exit 1; }

ulimit -n $((2 * count + 1000)) 2>/dev/null || ulimit -n "$(ulimit -Hn)"
broker=$(PATH=$PATH:/usr/sbin command -v mosquitto) || fail "no mosquitto"
password=$(head -c 18 /dev/urandom | base64)
mosquitto_passwd -b -c passwd pawld "$password" 2>/dev/null
(umask 077 && echo "$password" >password)
cp "$source_dir/examples/push/pawl.acl" .
port=$(python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
{
    echo "per_listener_settings true"
    [ "$(id -u)" -ne 0 ] || echo "user root"
    echo "listener $port 127.0.0.1"
    echo "max_connections -1"
    echo "allow_anonymous true"
    echo "acl_file $PWD/pawl.acl"
    echo "password_file $PWD/passwd"
    echo "max_packet_size 4096"
    echo "max_inflight_messages 4"
    echo "max_queued_messages 16"
} >mosquitto.conf
process_start broker broker.log "$broker" -c "$PWD/mosquitto.conf"
wait_for 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" || fail "mosquitto: $(tail -n 3 broker.log)"

"$PAWL_BIN/pawld" init --data server
server_start --push-broker "mqtt://127.0.0.1:$port" --push-user pawld \
    --push-password-file password || fail "pawld does not start"
wait_for 20 grep -q 'push: connected' server.log || fail "pawld does not connect"
read -r push bare < <("$PAWL_TOOLS/push_subscribers" "$port" "$count" 9 server/operator.sock \
    '{"target": {"class": "a", "vendor": "example.com"}}' pawld "$password")
[ -n "$push" ] || fail "no measurement"
jq -cn --argjson push "$push" --argjson bare "$bare" --arg count "$count" \
    '{name: ("push to " + $count + " subscribers"), value: $push, unit: "ms",
      against: "a bare publication", reference: $bare, ratio: ($push / $bare * 100 | round / 100)}'
