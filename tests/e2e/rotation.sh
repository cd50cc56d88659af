#!/bin/bash
# SPEC 6.8, 13.6: a vendor key is replaced in a fleet of real programs. A release of the next key
# revokes the one in use; from its commit on a device refuses what that one signed, also after a
# restart and although the server entitles it, and the operator reads why. A device that was away
# follows later, with a release of the key after.
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
world_open

fail() {
    echo "rotation: $*" >&2
    tail -n 5 ./*/agent.log ./*/processor.log >&2
    exit 1
}

release() { # VERSION KEY OPTION...: published, and meant for all
    local version=$1 key=$2
    shift 2
    package=$("$pawl" package --json --image image --args true --key "$key.pem" \
        --vendor example.com --class box --name busybox --version "$version" \
        --security-version 1 --out "$version.pawl" "$@" | jq -r .package_id)
    [ ${#package} = 64 ] || fail "package $version"
    "$pawl" publish "$version.pawl" >/dev/null 2>"$version.log" || fail "publish $version"
    "$pawl" assign --class box --vendor example.com "$package" >/dev/null || fail "assign $version"
}

stands_at() { # DEVICE SEQUENCE: and runs the newest release if it is to
    [ "$(server_sees "$1" sequence)" = "$2" ] || fail "$1: not at $2"
}

# The device was offered the newest release, refused it for its key, and runs what it ran.
refuses() { # DEVICE
    local before why
    before=$(server_sees "$1" sequence)
    agent_once "$1" 12
    agent_once "$1" 3 # the server has heard of it, and does not offer it again
    stands_at "$1" "$before"
    [ "$(server_sees "$1" last_failure.code)" = 3 ] || fail "$1: the cause is not 'untrusted'"
    [ "$(server_sees "$1" last_failure.package_id)" = "$package" ] || fail "$1: of another package"
    why=$("$pawl" device why "$(cat "$1/id")") || fail "device why"
    grep -q 'does not trust the vendor key that signed it' <<<"${why//$'\n'/ }" ||
        fail "$1: why: $why"
    "$pawl" device history "$(cat "$1/id")" | grep -q untrusted || fail "$1: its history"
}

for key in first second third; do "$pawl" keygen --out $key.pem >/dev/null || fail "keygen"; done
"$PAWL_BIN/pawld" init --data server >/dev/null || fail "pawld init"
"$pawl" personalize --vendor example.com --class box --count 2 --server-cert server/server.crt \
    --trust first.pub.pem second.pub.pem third.pub.pem --out units >/dev/null ||
    fail "personalize"
server_start --poll-after 1 || fail "pawld does not start"
"$pawl" import units/units.import >/dev/null || fail "import"
cp "$(command -v busybox)" image
units=(units/*.pud)
for number in 0 1; do
    device_add "dev$number" "${units[number]}"
    processor_start "dev$number" || fail "the processor does not start"
done

release 1 first
agent_once dev0 0
agent_once dev1 0

# dev1 is away while the key changes.
release 2 second --revoke first.pub.pem
agent_once dev0 0
stands_at dev0 2
release 3 first
refuses dev0
processor_stop dev0 KILL
processor_start dev0 || fail "dev0 does not start again"
grep -q 'running busybox 2$' dev0/processor.log || fail "dev0 does not run release 2 again"
refuses_again=$package
"$pawl" device retry "$(cat dev0/id)" >/dev/null || fail "device retry"
refuses dev0
[ "$package" = "$refuses_again" ] || fail "the test offered another package"

# To dev1 the old key is still good: it has not heard. The key after that ends both.
agent_once dev1 0
stands_at dev1 2
release 4 third --revoke first.pub.pem second.pub.pem
agent_once dev0 0
agent_once dev1 0
release 5 first
refuses dev0
refuses dev1
release 6 second
refuses dev0
refuses dev1
release 7 third
agent_once dev0 0
agent_once dev1 0
stands_at dev0 4
stands_at dev1 4
for version in 1 2 4 7; do
    ! grep -q 'revokes its key' $version.log || fail "a warning of $version: $(cat $version.log)"
done
for version in 3 5 6; do
    grep -q 'warning: another release for its class revokes its key' $version.log ||
        fail "no warning of release $version: $(cat $version.log)"
done
check=$("$pawl" packages --json | jq -r '[.items[].signed_by] | group_by(.) | map(length) | @csv')
[ "$(tr , '\n' <<<"$check" | sort | tr '\n' ' ')" = "2 2 3 " ] || fail "who signed what: $check"
