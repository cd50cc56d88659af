#!/bin/bash
# I1, I2, SPEC 7: direct mode through real programs. A package that was sealed under one device's
# own key, without content key and entitlement, runs there and nowhere else, and only once.
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
world_open

fail() {
    echo "direct: $*" >&2
    tail -n 5 server.log ./*/processor.log >&2
    exit 1
}

world_units 2 || fail "units and server"
device_add own "${puds[0]}"
device_add other "${puds[1]}"
processor_start own || fail "the processor does not start"
processor_start other || fail "the other processor does not start"

"$pawl" package --quiet --image "$(command -v busybox)" --key vendor.pem --vendor example.com \
    --class box --name busybox --version 1 --security-version 1 --direct --pud own/device.pud \
    --sequence 0 --out direct.pawl -- echo "for one device" >/dev/null || fail "package"
[ ! -e direct.key ] || fail "a direct package has a content key"
"$pawl" publish --json direct.pawl >published.json || fail "publish"
[ "$(jq -r .state published.json)" = ready ] || fail "a direct package waits for a key"

"$pawl" assign --vendor example.com --class box direct.pawl >/dev/null 2>assign.err
[ $? -eq 11 ] || fail "a direct package was assigned to a class"

# The device that it was not made for: refused, and nothing written for it.
"$pawl" assign --device "$(cat other/id)" direct.pawl >/dev/null || fail "assign to the other"
agent_run other --once >other.log 2>&1
[ $? -eq 14 ] || fail "the other device did not answer not-entitled: $(tail -n 1 other.log)"
[ "$(agent_run other --status --json | jq .sequence)" = 0 ] || fail "the other device moved"

"$pawl" assign --device "$(cat own/id)" direct.pawl >/dev/null || fail "assign"
agent_run own --once >own.log 2>&1 || fail "its own device: $(tail -n 1 own.log)"
grep -q 'image: for one device' own/processor.log || fail "it did not run"
[ "$(agent_run own --status --json | jq .sequence)" = 1 ] || fail "it did not commit"
[ "$(server_sees own sequence)" = 1 ] || fail "the server does not know"

# Offered again at sequence number 1: its key was for 0.
"$pawl" device retry "$(cat own/id)" >/dev/null 2>&1
agent_run own --once >again.log 2>&1
[ "$(agent_run own --status --json | jq .sequence)" = 1 ] || fail "it ran twice"
exit 0
