#!/bin/bash
# SPEC 3 to 10: our device side against a server, a packager and a personalization station that
# share no code with it, in wrapped and in direct mode; I1: what is for one device opens on no
# other.
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
world_open

fail() {
    echo "agent_independent: $*" >&2
    tail -n 20 ./*/agent.log ./*/reports >&2
    exit 1
}

peer_start() { # NAME [OPTION...]
    local name=$1
    shift
    mkdir "$name"
    process_start "$name" "$name/reports" /usr/bin/python3 \
        "$PAWL_SOURCE/tests/support/independent_server.py" --out "$name/world" "$@"
    wait_for 30 test -s "$name/world/port" || fail "the peer does not start"
}

# Runs device NUMBER at a peer once; checks the exit code.
device_run() { # NAME NUMBER CODE
    local url code processor=$PAWL_BIN/pawl-processor
    url=http://127.0.0.1:$(cat "$1/world/port")
    "$PAWL_BIN/pawl-agent" --once --min-poll 0 --server "$url" --processor \
        "exec:$processor --pud $1/world/$2.pud --state $1/$2 --link stdio" >>"$1/agent.log" 2>&1
    code=$?
    [ $code = "$3" ] || fail "$1, device $2: exit code $code instead of $3"
}

# What the peer was told, a line each: device, sequence number, state, failure code, action.
told() { # NAME LINE...
    local name=$1
    shift
    [ "$(cat "$name/reports")" = "$(printf '%s\n' "$@")" ] || fail "$name was told otherwise"
}

cp "$(command -v busybox)" busybox

peer_start wrapped busybox true
device_run wrapped 0 0
device_run wrapped 0 3
device_run wrapped 1 0
told wrapped '0 0 0 0 3' '0 0 0 0 1' '0 1 7 0 0' '0 1 0 0 3' '0 1 0 0 0' \
    '1 0 0 0 3' '1 0 0 0 1' '1 1 7 0 0'

# A package that another device's key opens: nothing is written, and the server hears why (5).
peer_start direct --direct busybox true
device_run direct 0 0
device_run direct 1 14
told direct '0 0 0 0 3' '0 0 0 0 1' '0 1 7 0 0' '1 0 0 0 3' '1 0 0 0 1' '1 0 6 5 0'

# An image that fails its trial (64).
peer_start failing busybox false
device_run failing 0 1
told failing '0 0 0 0 3' '0 0 0 0 1' '0 0 4 64 0'

# A unit of one world in the other: its reports are not taken there.
cp direct/world/0.pud wrapped/world/9.pud
PAWL_MAX_RETRIES=1 device_run wrapped 9 12
echo "agent_independent: done"
