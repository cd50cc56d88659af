#!/bin/bash
# I4, I5, SPEC 17: the agent's life: what --once answers, a daemon that outlives its server and its
# processor, goes on with a download where it stopped, polls when it is told to, and ends at once
# wherever it is.
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
world_open

fail() {
    echo "agent_life: $*" >&2
    [ -s dev/agent.log ] && tail -n 20 dev/agent.log >&2
    [ -s dev/processor.log ] && tail -n 5 dev/processor.log >&2
    exit 1
}

# Waits for a line of the device's agent.
agent_says() { wait_for 30 grep -q "$1" dev/agent.log || fail "the agent does not say: $1"; }

# Runs the agent once and checks its exit code.
once() { # CODE [OPTION...]
    local expected=$1 code
    shift
    agent_run dev --once --min-poll 0 "$@" >dev/agent.log 2>&1
    code=$?
    [ $code = "$expected" ] || fail "--once: $code instead of $expected"
}

# A daemon with short waits, at the server or at the misbehaving one.
daemon() { # URL
    : >dev/agent.log
    process_start agent dev/agent.log "$PAWL_BIN/pawl-agent" --server "$1" \
        --processor "unix:$PWD/dev/link" --min-poll 0 --stall-timeout 3
}

# SIGTERM ends the daemon at once, with 0.
daemon_stops() { # WHERE
    local pid=${pids[agent]} code
    kill -TERM "$pid"
    wait_for 3 eval "! kill -0 $pid 2>/dev/null || grep -q '^State:.Z' /proc/$pid/status" ||
        fail "SIGTERM does not end it $1"
    wait "$pid"
    code=$?
    unset 'pids[agent]'
    [ $code = 0 ] || fail "SIGTERM $1: exit code $code"
}

bad_start() { # FAULT...
    process_stop bad
    rm -f bad_port
    process_start bad bad.log "$PAWL_SOURCE/tests/support/bad_server.py" \
        --upstream "$server_url" --port-file bad_port "$@"
    wait_for 20 test -s bad_port || { cat bad.log >&2; fail "the bad server does not start"; }
    bad_url=http://127.0.0.1:$(cat bad_port)
}

bad_count() { curl -s "$bad_url/counts" | jq --arg name "$1" '.[$name] // 0'; }

release() { # VERSION OPTION...
    local version=$1
    shift
    package=$("$pawl" package --json --image image --key vendor.pem --vendor example.com \
        --class box --name busybox --version "$version" --security-version 1 --deadline 30 \
        --content-key "$version.key" --out "$version.pawl" "$@" | jq -r .package_id)
    [ ${#package} = 64 ] || fail "package $version"
    "$pawl" publish --content-key "$version.key" "$version.pawl" >/dev/null ||
        fail "publish $version"
    "$pawl" assign --class box --vendor example.com "$package" >/dev/null || fail "assign $version"
}

sequence_is() { [ "$(server_sees dev sequence)" = "$1" ]; }

world_make() {
    world_units 1 --poll-after 3600 || fail "units and server"
    device_add dev units/*.pud
    processor_start dev || fail "pawl-processor does not start"
    { cat "$(command -v busybox)"; head -c 3000000 /dev/urandom; } >image
    chmod +x image
}

what_once_answers() {
    once 3
    release one --args true
    once 0
    grep -q "offered package ${package:0:16}" dev/agent.log || fail "the offer is not logged"
    sequence_is 1 || fail "the first download is not confirmed"
    once 3
    PAWL_SERVER=$server_url PAWL_PROCESSOR=unix:$PWD/dev/link "$PAWL_BIN/pawl-agent" --once \
        2>/dev/null
    [ $? = 3 ] || fail "settings from the environment"

    release two --args false
    once 1
    sequence_is 1 || fail "a failed trial moved the sequence number"
    [ "$(server_sees dev last_failure.code)" = 64 ] || fail "the server does not know of the trial"
    once 3

    # Success criterion 3: the agent polls while the trial runs.
    release three --args sleep 300 --success contact
    once 0
    sequence_is 2 || fail "contact is not confirmed"

    server_stop
    once 17 --max-retries 2
    grep -q '^pawl-agent: io: ' dev/agent.log && grep -q '^hint: ' dev/agent.log ||
        fail "no error and hint"
    server_start --poll-after 3600
    processor_stop dev
    once 17 --max-retries 2
    processor_start dev
    "$PAWL_BIN/pawl-agent" --once --server no-url 2>/dev/null
    [ $? = 2 ] || fail "usage"
}

how_a_daemon_lives() {
    local pid
    # It is told to poll, long before it would.
    daemon "$server_url"
    pid=${pids[agent]}
    agent_says 'next poll in 3[6-9][0-9][0-9] s'
    grep -q '^NoNewPrivs:.1' "/proc/$pid/status" || fail "new privileges are possible"
    grep -q '^Max core file size *0 ' "/proc/$pid/limits" || fail "core dumps are possible"
    release four --args true
    kill -USR1 "$pid"
    agent_says 'sequence number 3$'
    daemon_stops "while it waits"

    # Server and processor come later.
    server_stop
    processor_stop dev KILL
    daemon "$server_url"
    agent_says 'cannot reach the secure processor'
    processor_start dev
    agent_says 'warning: io: Failed to connect'
    daemon_stops "in a back-off"
    daemon "$server_url"
    agent_says 'warning: io: Failed to connect'
    server_start --poll-after 3600
    agent_says 'next poll in'
    daemon_stops "after a back-off"
}

how_a_download_goes_on() {
    # The processor dies in the middle of it.
    bad_start package-half
    release five --args true
    daemon "$bad_url"
    agent_says 'downloading: '
    processor_stop dev KILL
    processor_start dev
    agent_says 'resuming the download at'
    agent_says 'the server knows: .* sequence number 4$'
    [ "$(bad_count package)" = 2 ] || fail "$(bad_count package) requests for one interruption"
    daemon_stops "after a download"

    # The agent dies in the middle of it.
    bad_start package-half
    release six --args true
    daemon "$bad_url"
    agent_says 'downloading: '
    process_stop agent KILL
    daemon "$bad_url"
    agent_says 'resuming the download at'
    agent_says 'the server knows: .* sequence number 5$'
    daemon_stops "after a resumed download"

    # The same on a slow network: what came is with the processor, although it is not much.
    bad_start package-trickle
    release slow --args true
    daemon "$bad_url"
    agent_says 'downloading: '
    process_stop agent KILL
    daemon "$bad_url"
    agent_says 'resuming the download at [0-9.]* KiB'
    agent_says 'the server knows: .* sequence number 6$'
    daemon_stops "after a slow download"
}

where_it_can_be_stopped() {
    bad_start package-half report-crawl
    release seven --args sleep 300 --success ready
    daemon "$bad_url"
    wait_for 20 eval '[ "$(bad_count report-crawl)" = 1 ]' || fail "no report came"
    daemon_stops "while the server answers slowly"

    bad_start package-half
    daemon "$bad_url"
    agent_says 'downloading: '
    daemon_stops "in a download"

    daemon "$server_url"
    agent_says 'verifies and starts'
    daemon_stops "in a trial"
    processor_stop dev
}

# A server whose certificate is not vouched for gets no report.
how_servers_are_known() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key \
        -out tls.crt -subj /CN=test -addext subjectAltName=IP:127.0.0.1 2>/dev/null ||
        fail "no certificate"
    bad_start --tls tls.crt tls.key
    processor_start dev || fail "pawl-processor does not start"
    server_url=${bad_url/http:/https:} once 17 --max-retries 1
    grep -q 'certificate' dev/agent.log || fail "the certificate is not to blame"
    release eight --args true
    server_url=${bad_url/http:/https:} once 0 --ca tls.crt
    processor_stop dev
}

what_the_service_manager_hears() {
    /usr/bin/python3 - "$PWD/notify" >heard <<'PYTHON' &
import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
manager.settimeout(20)
print(manager.recv(64).decode(), manager.recv(64).decode())
PYTHON
    pids[manager]=$!
    wait_for 20 test -S notify || fail "no service manager"
    NOTIFY_SOCKET=$PWD/notify daemon "$server_url"
    agent_says 'cannot reach the secure processor'
    daemon_stops "without a processor"
    wait "${pids[manager]}"
    unset 'pids[manager]'
    [ "$(cat heard)" = "READY=1 STOPPING=1" ] || fail "the service manager heard: $(cat heard)"
}

world_make
what_once_answers
how_a_daemon_lives
how_a_download_goes_on
where_it_can_be_stopped
how_servers_are_known
what_the_service_manager_hears
echo "agent_life: done"
