#!/bin/bash
# I4, I5: kill -9 of server, processors and agents at random moments during many downloads. At the
# end every device runs the newest image, sequence numbers agree, nothing was counted twice or lost.
#
# usage: kill_campaign.sh [DEVICES [RELEASES [SEED]]]      default 4 devices, 5 releases
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"

devices=${1:-4}
releases=${2:-5}
seed=${3:-$((RANDOM + 1))}
RANDOM=$seed
echo "kill_campaign: $devices devices, $releases releases, seed $seed"
world_open

fail() {
    echo "kill_campaign: $*" >&2
    tail -n 5 server.log ./*/agent.log ./*/processor.log >&2
    exit 1
}

world_make() {
    world_units "$devices" || fail "units and server"
    local i=0 pud
    for pud in "${puds[@]}"; do
        device_add "dev$i" "$pud"
        i=$((i + 1))
    done
}

# A real program with a random tail, so that a download takes long enough to be hit.
release_publish() {
    local id
    { cat "$(command -v busybox)"; head -c $((2000000 + RANDOM * 200)) /dev/urandom; } >image
    chmod +x image
    id=$("$pawl" package --json --image image --key vendor.pem --vendor example.com --class box \
        --name busybox --version "$1" --security-version 1 --args true --deadline 20 --force \
        --content-key app.key --out app.pawl | jq -r .package_id)
    [ ${#id} -eq 64 ] || fail "package $1"
    "$pawl" publish --content-key app.key app.pawl >/dev/null || fail "publish $1"
    "$pawl" assign --class box --vendor example.com "$id" >/dev/null || fail "assign $1"
    current=$id
}

programs_revive() {
    local i
    process_alive server || server_start || fail "pawld does not come back"
    for ((i = 0; i < devices; i++)); do
        process_alive "dev$i-processor" || processor_start "dev$i" ||
            fail "dev$i does not come back"
        process_alive "dev$i-agent" || agent_start "dev$i"
    done
}

kills=0
one_kill() {
    local names=("${!pids[@]}")
    local victim=${names[RANDOM % ${#names[@]}]}
    process_alive "$victim" && kills=$((kills + 1))
    process_stop "$victim" KILL
}

all_at() { # every device's sequence number at the server is $1
    [ "$("$pawl" devices --json --limit 10000 |
        jq --argjson s "$1" '[.items[] | select(.sequence == $s)] | length')" = "$devices" ]
}

world_make
for ((r = 1; r <= releases; r++)); do
    programs_revive
    release_publish "$r"
    deadline=$((SECONDS + 120))
    hits=0
    until all_at "$r"; do
        [ $SECONDS -lt $deadline ] || fail "release $r does not reach every device"
        # Kills come to an end, so that "two undisturbed exchanges" have their turn.
        if [ $hits -lt $((devices * 4)) ]; then
            one_kill
            hits=$((hits + 1))
        fi
        sleep "0.$((RANDOM % 30 + 10))"
        programs_revive
    done
done

[ "$kills" -gt 0 ] || fail "no kill hit anything"
status=$("$pawl" status --json)
expected=$((devices * releases))
[ "$(jq .confirmations <<<"$status")" = "$expected" ] ||
    fail "confirmations: $(jq .confirmations <<<"$status"), expected $expected"
[ "$(jq .quarantined <<<"$status")" = 0 ] || fail "an honest device was quarantined"
for ((i = 0; i < devices; i++)); do
    [ "$(server_sees "dev$i" package_id)" = "$current" ] || fail "dev$i runs another package"
    device_sequence=$(agent_run "dev$i" --status --json | jq .sequence)
    [ "$device_sequence" = "$releases" ] || fail "dev$i is at $device_sequence"
done
echo "kill_campaign: $expected downloads, $kills kills, all agree"
