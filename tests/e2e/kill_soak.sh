#!/bin/bash
# I4, I5 for as long as one likes: kill -9 of the server, of processors with the processes that they
# are made of, of their TPMs and of agents, at random moments, while one release after another goes
# to every device. After each release all devices run it, sequence numbers agree at both ends, each
# download was counted once, and none is in quarantine. A line for each release tells how it went.
#
# usage: kill_soak.sh SECONDS [SEED [DEVICES]]      of make, or by itself after `make` and setup
set -uo pipefail
PAWL_SOURCE=${PAWL_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
PAWL_BIN=${PAWL_BIN:-$PAWL_SOURCE/build/bin}
seconds=${1:?usage: kill_soak.sh SECONDS [SEED [DEVICES]]}
seed=${2:-$((RANDOM + 1))}
devices=${3:-4}
source "$PAWL_SOURCE/scripts/world.sh"

RANDOM=$seed
SECONDS=0
release_time=600 # for one release, on a machine that does much else
again_time=60    # after which the operator lets a package be offered again that failed
echo "kill_soak: $seconds s, $devices devices, seed $seed"
world_open

fail() {
    echo "kill_soak: after $SECONDS s, seed $seed: $*" >&2
    "$pawl" devices --limit 100 >&2 || true
    tail -n 8 server.log ./*/agent.log ./*/processor.log ./*/tpm.log >&2
    exit 1
}

world_make() {
    local i=0 pud
    world_units "$devices" || fail "units and server"
    for pud in "${puds[@]}"; do
        device_add "dev$i" "$pud"
        tpm_add "dev$i" || fail "the TPM of dev$i"
        i=$((i + 1))
    done
}

# A real program with a random tail, so that a download takes long enough to be hit.
release_publish() {
    { cat "$(command -v busybox)"; head -c $((1 + RANDOM * 20)) /dev/urandom; } >image
    chmod +x image
    current=$("$pawl" package --json --image image --key vendor.pem --vendor example.com \
        --class box --name busybox --version "$1" --security-version 1 --args true \
        --deadline 120 --force --content-key app.key --out app.pawl | jq -r .package_id)
    [ ${#current} -eq 64 ] || fail "package $1"
    "$pawl" publish --content-key app.key app.pawl >/dev/null || fail "publish $1"
    "$pawl" assign --class box --vendor example.com "$current" >/dev/null || fail "assign $1"
}

# What ended is started again, as a supervisor would.
programs_revive() {
    local i tries
    for tries in 1 2 3; do
        process_alive server || server_start 2>/dev/null && break
    done
    process_alive server || fail "pawld does not come back"
    for ((i = 0; i < devices; i++)); do
        process_alive "dev$i-tpm" || tpm_start "dev$i" || fail "the TPM of dev$i does not come back"
        for tries in 1 2 3; do
            process_alive "dev$i-processor" || processor_start "dev$i" 2>/dev/null && break
        done
        process_alive "dev$i-processor" || fail "dev$i does not come back"
        process_alive "dev$i-agent" || agent_start "dev$i"
    done
}

declare -A kills=()
killed() {
    kills[$1]=$((${kills[$1]:-0} + 1))
}

# Each program is as likely a victim as any other; a processor's launcher or relay now and then.
one_kill() {
    local names=("${!pids[@]}") victim child
    victim=${names[RANDOM % ${#names[@]}]}
    process_alive "$victim" || return 0
    if [[ $victim == *-processor ]] && [ $((RANDOM % 3)) = 0 ]; then
        mapfile -t names < <(pgrep -P "${pids[$victim]}")
        [ ${#names[@]} -gt 0 ] || return 0
        child=${names[RANDOM % ${#names[@]}]}
        victim=$(cat "/proc/$child/comm" 2>/dev/null) && kill -9 "$child" 2>/dev/null &&
            killed "${victim#pawl-}"
        return 0
    fi
    process_stop "$victim" KILL
    killed "${victim#dev*-}"
}

sequences() { # what the server holds, one a line
    "$pawl" devices --json --limit 10000 | jq -r '.items[].sequence'
}

all_at() {
    [ "$(sequences | grep -cx "$1")" = "$devices" ]
}

# A package that failed, for power or a TPM was away in its trial too often, waits for an operator.
retried=0
failed_retry() {
    local i
    for ((i = 0; i < devices; i++)); do
        [ "$(server_sees "dev$i" sequence)" = "$1" ] && continue
        "$pawl" device retry "$(cat "dev$i/id")" >/dev/null 2>&1 && retried=$((retried + 1))
    done
}

release_check() {
    local i status
    status=$("$pawl" status --json)
    [ "$(jq .confirmations <<<"$status")" = $((devices * $1)) ] ||
        fail "confirmations: $(jq .confirmations <<<"$status"), expected $((devices * $1))"
    [ "$(jq .quarantined <<<"$status")" = 0 ] || fail "an honest device was quarantined"
    for ((i = 0; i < devices; i++)); do
        [ "$(server_sees "dev$i" package_id)" = "$current" ] || fail "dev$i runs another package"
        wait_for 60 device_is_at "dev$i" "$1" ||
            fail "dev$i is at $(agent_run "dev$i" --status --json | jq .sequence), not at $1"
    done
}

device_is_at() {
    [ "$(agent_run "$1" --status --json | jq .sequence)" = "$2" ]
}

# The release $1, with kills that come to an end, so that undisturbed exchanges have their turn.
release_run() {
    local hits=0 begin=$SECONDS again=$((SECONDS + again_time))
    until all_at "$1"; do
        [ $((SECONDS - begin)) -lt $release_time ] || fail "release $1 does not reach every device"
        if [ $hits -lt $((devices * 5)) ]; then
            one_kill
            hits=$((hits + 1))
        fi
        sleep "0.$((RANDOM % 25 + 5))"
        programs_revive
        if [ $SECONDS -ge $again ]; then
            failed_retry "$1"
            again=$((SECONDS + again_time))
        fi
    done
}

tell() {
    local name all=0 text=
    for name in server processor launcher tpm-relay tpm agent; do
        all=$((all + ${kills[$name]:-0}))
        text+=", $name ${kills[$name]:-0}"
    done
    echo "$1: $SECONDS s, $((devices * release)) downloads, $all kills (${text:2})," \
        "offered again by hand $retried"
}

world_make
release=0
while [ $SECONDS -lt "$seconds" ]; do
    release=$((release + 1))
    programs_revive
    release_publish "$release"
    release_run "$release"
    programs_revive
    release_check "$release"
    tell "release $release"
done
[ -n "${kills[*]}" ] || fail "no kill hit anything"
tell "kill_soak: no brick, no divergence"
