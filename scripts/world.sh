#!/bin/bash
# A small world of real programs on loopback in a scratch directory, for the demo and end-to-end
# tests. Source it; it needs PAWL_BIN. Everything it starts is ended by its own process id.
#
#   world_open              scratch directory (cd into it) and clean-up at exit
#   world_units N OPTION... a vendor key, pawld with these options, and N units of class box that it
#                           knows; sets the array `puds` to their files
#   server_start            pawld on the data in server/, on the same port as before if it ran
#   server_stop [SIGNAL]
#   device_add NAME PUD     a device's directory NAME/: its PUD, its processor's state
#   tpm_add NAME            gives it a TPM (swtpm) and has its counter made there; before it runs
#   tpm_start NAME          the TPM in the background, as it was left
#   processor_start NAME    pawl-processor in the background, its log in NAME/processor.log
#   processor_stop NAME [SIGNAL]
#   m33_add NAME PUD        a Cortex-M33 in QEMU (needs the preset cortex-m33): its memory, and the
#                           PUD that the factory then gives it
#   m33_start NAME [OPTION...]  it runs, its log in NAME/processor.log
#   m33_stop NAME           power is cut
#   agent_command NAME      sets the array `agent` to the command line of its pawl-agent
#   agent_run NAME ARGS...  runs that in the foreground
#   agent_once NAME CODE    runs it once, its log in NAME/agent.log; calls fail, which the test has,
#                           unless it exits with CODE: 0 a download that was kept, 3 nothing
#   agent_start NAME        the same as a daemon, its log in NAME/agent.log
#   agent_stop NAME [SIGNAL]
#   server_sees NAME FIELD  what the server holds of a device (sequence, state, package_id, ...)

pawl=$PAWL_BIN/pawl
server_port=0
declare -A pids=()

world_open() {
    world=$(mktemp -d "${TMPDIR:-/tmp}/pawl-world-XXXXXX")
    trap world_close EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    cd "$world" || exit 1
    export PAWL_SOCKET=$world/server/operator.sock PAWL_CONFIG= NO_COLOR=1
}

world_close() {
    local status=$? key
    for key in "${!pids[@]}"; do process_stop "$key" KILL; done
    cd /
    if [ -n "${WORLD_KEEP:-}" ]; then
        echo "kept: $world" >&2
    else
        rm -rf "$world"
    fi
    return "$status"
}

# Runs a command in the background under a name; its output goes to a log.
process_start() {
    local key=$1 log=$2
    shift 2
    "$@" >>"$log" 2>&1 </dev/null &
    pids[$key]=$!
}

process_alive() {
    [ -n "${pids[$1]:-}" ] && kill -0 "${pids[$1]}" 2>/dev/null
}

process_stop() {
    local pid=${pids[$1]:-}
    [ -n "$pid" ] || return 0
    kill "-${2:-TERM}" "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true # its status is that of the signal
    unset "pids[$1]"
}

# Waits until a command holds, at most SECONDS.
wait_for() {
    local most=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $most ] || return 1
        sleep 0.05
    done
}

server_start() {
    rm -f server/port
    process_start server server.log "$PAWL_BIN/pawld" --data server \
        --listen "127.0.0.1:$server_port" --port-file server/port --poll-after 1 "$@"
    wait_for 20 test -s server/port || { tail -3 server.log >&2; return 1; }
    server_port=$(cat server/port)
    server_url=http://127.0.0.1:$server_port
}

server_stop() { process_stop server "${1:-TERM}"; }

world_units() {
    local count=$1
    shift
    "$pawl" keygen --out vendor.pem >/dev/null && "$PAWL_BIN/pawld" init --data server >/dev/null &&
        "$pawl" personalize --vendor example.com --class box --count "$count" \
            --trust vendor.pub.pem --server-cert server/server.crt --out units >/dev/null &&
        server_start "$@" && "$pawl" import units/units.import >/dev/null || return 1
    puds=(units/*.pud)
}

device_add() {
    mkdir -p "$1"
    cp "$2" "$1/device.pud"
    basename "$2" .pud >"$1/id"
}

tpm_start() {
    rm -f "$1/tpm.sock" "$1/tpm.ctrl"
    process_start "$1-tpm" "$1/tpm.log" swtpm socket --tpm2 --tpmstate "dir=$world/$1/tpm" \
        --flags not-need-init,startup-clear --server "type=unixio,path=$world/$1/tpm.sock" \
        --ctrl "type=unixio,path=$world/$1/tpm.ctrl"
    wait_for 20 test -S "$1/tpm.sock" || { tail -3 "$1/tpm.log" >&2; return 1; }
}

# Sets the array `counter` to the options of a device's counter.
counter_of() {
    counter=()
    [ ! -d "$1/tpm" ] || counter=(--counter "tpm:swtpm:path=$world/$1/tpm.sock")
}

tpm_add() {
    mkdir "$1/tpm"
    tpm_start "$1" || return 1
    counter_of "$1"
    "$PAWL_BIN/pawl-processor" --pud "$1/device.pud" --state "$1/state" --link stdio \
        "${counter[@]}" --make-counter </dev/null >>"$1/processor.log" 2>&1
}

processor_start() {
    rm -f "$1/link"
    counter_of "$1"
    process_start "$1-processor" "$1/processor.log" "$PAWL_BIN/pawl-processor" \
        --pud "$1/device.pud" --state "$1/state" --link "unix:$1/link" "${counter[@]}"
    wait_for 20 test -S "$1/link" || { tail -3 "$1/processor.log" >&2; return 1; }
}

processor_stop() { process_stop "$1-processor" "${2:-TERM}"; }

free_port() { # a UDP port that nothing has
    python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

m33_add() {
    device_add "$1" "$2"
    head -c 16M /dev/zero | tr '\0' '\377' >"$1/nvm.bin"
    m33_start "$1" || return 1
    "$PAWL_BIN/pawl-agent" --processor "$(cat "$1/processor")" --provision "$1/device.pud"
}

m33_start() {
    local name=$1 ours theirs
    shift
    ours=$(free_port) theirs=$(free_port)
    echo "eth:udp:$ours:$theirs" >"$name/processor"
    process_start "$name-m33" "$name/processor.log" qemu-system-arm \
        -M mps2-an505,memory-backend=nvm -display none -monitor none -serial stdio \
        -object "memory-backend-file,id=nvm,mem-path=$name/nvm.bin,size=16M,share=on" \
        -netdev "dgram,id=n0,local.type=inet,local.host=127.0.0.1,local.port=$theirs,\
remote.type=inet,remote.host=127.0.0.1,remote.port=$ours" -net nic,netdev=n0,model=lan9118 \
        -kernel "${PAWL_FIRMWARE:-$PAWL_SOURCE/build-cortex-m33}/bin/firmware.elf" "$@"
    wait_for 20 grep -q pawl: "$name/processor.log" ||
        { tail -3 "$name/processor.log" >&2; return 1; }
}

m33_stop() { process_stop "$1-m33" KILL; }

agent_command() {
    local processor=unix:$1/link
    [ ! -f "$1/processor" ] || processor=$(cat "$1/processor")
    agent=("$PAWL_BIN/pawl-agent" --server "$server_url" --processor "$processor")
}

agent_run() {
    agent_command "$1"
    shift
    "${agent[@]}" "$@"
}

agent_once() {
    local code
    agent_run "$1" --once --min-poll 0 >>"$1/agent.log" 2>&1
    code=$?
    [ $code = "$2" ] || fail "$1: --once: $code instead of $2"
}

agent_start() {
    agent_command "$1"
    process_start "$1-agent" "$1/agent.log" "${agent[@]}"
}

agent_stop() { process_stop "$1-agent" "${2:-TERM}"; }

server_sees() {
    "$pawl" device show --json "$(cat "$1/id")" | jq -r ".$2"
}
