#!/bin/bash
# I4, I9: a server and a network that misbehave in every way we know, and a device that ends up
# right all the same: it installs what it was offered as soon as things go well, asks a bounded
# number of times, and a damaged package leaves it as it was. Each fault is seen to have fired.
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
world_open

fail() {
    echo "agent_faults: $*" >&2
    [ -s agent.log ] && tail -n 20 agent.log >&2
    exit 1
}

# What is said on the agent's side of each run.
run_agent() { # PUD STATE [OPTION...]
    local pud=$1 state=$2
    shift 2
    timeout 60 "$PAWL_BIN/pawl-agent" --once --server "http://127.0.0.1:$bad_port" \
        --processor "exec:$PAWL_BIN/pawl-processor --pud $pud --state $state --link stdio" \
        --min-poll 0 --stall-timeout 2 "$@" >agent.log 2>&1
}

bad_start() { # FAULT...
    rm -f bad_port
    process_start bad bad.log "$PAWL_SOURCE/tests/support/bad_server.py" \
        --upstream "$server_url" --port-file bad_port --other other.pawl "$@"
    wait_for 20 test -s bad_port || { cat bad.log >&2; fail "the bad server does not start"; }
    bad_port=$(cat bad_port)
}

bad_count() { curl -s "http://127.0.0.1:$bad_port/counts" | jq --arg name "$1" '.[$name] // 0'; }

seal() { # IMAGE NAME OUT
    "$pawl" package --json --image "$1" --key vendor.pem --vendor example.com --class box \
        --name "$2" --version 1 --security-version 1 --args true --deadline 20 \
        --content-key "$3.key" --out "$3.pawl" | jq -r .package_id
}

# Faults that pass: FAULT[:TIMES]. Those of ranges strike from the second request on, after a cut.
passing=(
    report-status-500:3 report-status-503 report-status-404 report-html report-garbage report-long
    report-endless report-crawl report-stale report-hang-up:2 report-loop
    package-cut:3 package-short package-range:2 package-total:2 package-garbled-range:2
    package-no-range:2 package-size package-long package-crawl package-other package-html
    package-status-500:2 package-status-503 package-status-404:5 package-loop package-to-file
    package-hang-up
)
# Faults that stay, and the exit code of --once for them.
staying=(report-status-500=17 report-garbage=10 package-status-404=17 package-other=16
    package-loop=17)

world_make() {
    world_units $((${#passing[@]} + ${#staying[@]} + 1)) || fail "units and server"

    { cat "$(command -v busybox)"; head -c 1000000 /dev/urandom; } >image
    chmod +x image
    package=$(seal image busybox app)
    [ "$(seal image other other)" != "$package" ] || fail "package"
    "$pawl" publish --content-key app.key app.pawl >/dev/null || fail "publish"
    "$pawl" assign --class box --vendor example.com "$package" >/dev/null || fail "assign"
}

sequence_of() { "$pawl" device show --json "$(basename "$1" .pud)" | jq .sequence; }

# The fault passes: the device installs the package, with few requests more than there were faults.
try_passing() { # FAULT PUD
    local name=${1%:*} times=1 kind=${1%%-*} most
    [[ $1 != *:* ]] || times=${1#*:}
    bad_start "$1"
    run_agent "$2" state || fail "$1: exit code $?"
    [ "$(bad_count "$name")" = "$times" ] || fail "$1: the fault did not fire $times times"
    # A redirect loop is followed four times.
    most=$((times + 4))
    [ "$name" != package-loop ] || most=$((most + 4))
    [ "$(bad_count "$kind")" -le $most ] || fail "$1: $(bad_count "$kind") requests"
    [ "$(sequence_of "$2")" = 1 ] || fail "$1: the server does not know of the download"
    process_stop bad
    rm -r state
}

# The fault stays: the agent gives up with the right class, after few requests.
try_staying() { # FAULT=CODE PUD
    local name=${1%=*} code
    bad_start "$name:1000000"
    run_agent "$2" state --max-retries 3
    code=$?
    [ $code = "${1#*=}" ] || fail "$name: exit code $code"
    grep -q '^pawl-agent: [a-z-]*: ' agent.log || fail "$name: no error line"
    grep -q '^hint: ' agent.log || fail "$name: no hint"
    [ "$(bad_count "$name")" -ge 1 ] || fail "$name: the fault did not fire"
    [ "$(bad_count report)" -le 8 ] || fail "$name: $(bad_count report) reports"
    [ "$(bad_count package)" -le 24 ] || fail "$name: $(bad_count package) package requests"
    [ "$(sequence_of "$2")" = 0 ] || fail "$name: the device moved on"
    process_stop bad
    rm -r state
}

# I3: a flipped bit ends the attempt; the server hears why, and does not offer it again.
try_flipped() { # PUD
    bad_start package-flip
    run_agent "$1" state
    [ $? = 16 ] || fail "package-flip: not corrupt"
    [ "$(bad_count package-flip)" = 1 ] || fail "package-flip: the fault did not fire"
    run_agent "$1" state
    [ $? = 3 ] || fail "package-flip: offered again"
    known=$("$pawl" device show --json "$(basename "$1" .pud)" |
        jq -c '[.sequence, .last_failure.code]')
    [ "$known" = "[0,7]" ] || fail "package-flip: the server does not know why: $known"
    process_stop bad
    rm -r state
}

world_make
next=0
for fault in "${passing[@]}"; do try_passing "$fault" "${puds[next++]}"; done
for fault in "${staying[@]}"; do try_staying "$fault" "${puds[next++]}"; done
try_flipped "${puds[next++]}"
echo "agent_faults: $next kinds of faults"
