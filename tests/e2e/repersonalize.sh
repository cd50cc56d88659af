#!/bin/bash
# SPEC 3.6: a factory gives a device a new identity. The counter stays; nothing of the old identity
# runs or opens; the server takes the new one from whatever number the counter stands at, and
# counts no download that was not made; who kept a copy of the old one gets nothing (I1, I2, I5).
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
world_open

fail() {
    echo "repersonalize: $*" >&2
    tail -n 5 ./*/agent.log ./*/processor.log >&2
    exit 1
}

unit_make() { # DIRECTORY KEY
    "$pawl" personalize --vendor example.com --class box --trust "$2.pub.pem" \
        --server-cert server/server.crt --out "$1" >/dev/null || fail "personalize $1"
    "$pawl" import "$1/units.import" >/dev/null || fail "import $1"
}

release() { # VERSION KEY OPTION...
    local version=$1 key=$2
    shift 2
    package=$("$pawl" package --json --image image --args true --key "$key.pem" \
        --vendor example.com --class box --name busybox --version "$version" \
        --security-version 1 --content-key "$version.key" --out "$version.pawl" "$@" |
        jq -r .package_id)
    [ ${#package} = 64 ] || fail "package $version"
}

offer() { # DEVICE
    "$pawl" publish --content-key "$version.key" "$version.pawl" >/dev/null ||
        fail "publish $version"
    "$pawl" assign --device "$(cat "$1/id")" "$package" >/dev/null || fail "assign $version"
}

audited() { # ACTION DEVICE
    "$pawl" audit --json --action "$1" --device "$(cat "$2/id")" | jq '.items | length'
}

# Counted for the newest assignment, as `pawl assign --list` tells it.
confirmed() {
    "$pawl" assign --list --json | jq --arg package "$package" \
        '[.items[] | select(.package_id == $package).confirmed] | add'
}

# A device that completed so many downloads gets a new identity.
personalize_anew() { # COUNT
    local count=$1 number code old=old$1 new=new$1
    unit_make "$old.units" first
    device_add "$old" "$old.units"/*.pud
    processor_start "$old" || fail "$old: the processor does not start"
    for ((number = 1; number <= count; number++)); do
        version=$count.$number
        release "$version" first
        offer "$old"
        agent_once "$old" 0
    done
    [ "$(server_sees "$old" sequence)" = "$count" ] || fail "$old: not $count downloads"

    # What is on its way to it when it is called back: by table, and sealed for it alone.
    version=$count.late
    release "$version" first
    cp "$version.pawl" late.pawl
    "$pawl" entitle --content-key "$version.key" --sequence "$count" \
        --pud "$old/device.pud" --out late.ent late.pawl >/dev/null || fail "entitle"
    "$pawl" package --image image --key first.pem --vendor example.com --class box --name d \
        --version 1 --security-version 1 --direct --pud "$old/device.pud" --sequence "$count" \
        --out direct.pawl 2>direct.log >/dev/null || fail "package --direct"
    processor_stop "$old"
    rm -rf clone
    cp -r "$old" clone # somebody keeps a copy of everything

    # At the factory and at the server.
    "$pawl" device decommission "$(cat "$old/id")" --reason "personalized anew" >/dev/null ||
        fail "decommission"
    unit_make "$new.units" second
    device_add "$new" "$new.units"/*.pud
    mv "$old/state" "$new/state"
    "$PAWL_BIN/pawl-processor" --pud "$new/device.pud" --state "$new/state" --link stdio \
        2>start.log </dev/null
    [ $? = 20 ] || fail "$new: starts on the state of $old"
    grep -q "state: .*this state belongs to device $(cat "$old/id")" start.log ||
        fail "$new: not a word about whose state it is"
    rm "$new/state/unit"
    processor_start "$new" || fail "$new: the processor does not start"
    grep -q "sequence $count, .*no committed package" "$new/processor.log" ||
        fail "$new: another number, or something runs"

    # Nothing is offered yet; the server learns where the counter stands, and counts nothing.
    agent_once "$new" 3
    [ "$(server_sees "$new" sequence)" = "$count" ] || fail "$new: the server does not follow"
    [ "$(server_sees "$new" state)" = active ] || fail "$new: held"
    [ "$(server_sees "$new" instance_known)" = false ] || fail "$new: an instance from nowhere"
    [ "$(audited caught-up "$new")" = $((count > 1)) ] || fail "$new: the audit of catching up"

    # The old vendor key and everything of the old identity is nothing to it.
    for late in "late.pawl --entitlements late.ent" direct.pawl; do
        # shellcheck disable=SC2086
        "$pawl" open --pud "$new/device.pud" --sequence "$count" --out opened $late 2>open.log
        [ $? = 12 ] || fail "$new opens $late: $(cat open.log)"
        # shellcheck disable=SC2086
        "$pawl" open --pud clone/device.pud --sequence "$count" --out opened $late >/dev/null ||
            fail "the test needs what the old identity opens: $late"
    done

    # The next download, by the new key, is one like any other.
    version=$count.new
    release "$version" second
    "$pawl" entitle --content-key "$version.key" --sequence "$count" \
        --pud clone/device.pud --out other.ent "$version.pawl" >/dev/null || fail "entitle"
    "$pawl" open --pud "$new/device.pud" --sequence "$count" --entitlements other.ent \
        --out opened "$version.pawl" 2>open.log
    [ $? = 14 ] || fail "an entitlement of the old identity opens for the new: $(cat open.log)"
    offer "$new"
    agent_once "$new" 0
    [ "$(server_sees "$new" sequence)" = $((count + 1)) ] || fail "$new: not confirmed"
    [ "$(server_sees "$new" package_id)" = "$package" ] || fail "$new: another package"
    [ "$(server_sees "$new" state)" = active ] || fail "$new: held after a download"
    [ "$(confirmed)" = 1 ] || fail "$new: $(confirmed) confirmations"
    agent_once "$new" 3

    # The copy of the old identity is a stranger, whose state still runs what it ran.
    number=$("$pawl" assign --json --class box --vendor example.com "$package" | jq .id)
    processor_start clone || fail "the copy does not start"
    agent_run clone --once --min-poll 0 --max-retries 0 >clone/agent.log 2>&1
    code=$?
    [ $code != 0 ] && [ $code != 3 ] || fail "the copy is answered: $code"
    "$pawl" assign --remove "$number" >/dev/null || fail "assign --remove"
    [ "$(server_sees clone sequence)" = "$count" ] || fail "the copy moved a number"
    [ "$(confirmed)" = 1 ] || fail "the copy was counted"
    processor_stop clone
    processor_stop "$new"
}

for key in first second; do "$pawl" keygen --out $key.pem >/dev/null || fail "keygen"; done
"$PAWL_BIN/pawld" init --data server >/dev/null || fail "pawld init"
server_start --poll-after 1 || fail "pawld does not start"
cp "$(command -v busybox)" image
for count in 0 1 3; do personalize_anew $count; done
