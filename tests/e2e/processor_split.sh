#!/bin/bash
# Engine and launcher as two services, each under what their units allow (systemd/): the engine is
# an ordinary user without any capability, and yet images run as a third user, in namespaces of
# their own. Nobody but the engine's user reaches the launcher.
. "$(dirname "$0")/processor_lib.sh"

if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: needs root for three users"
    exit 0
fi
engine=54321
image=54322
bounding=-all,+setuid,+setgid,+setpcap,+sys_admin,+kill,+chown
mkdir run
mkdir -m 0700 state
chmod 0755 . run
chown "$engine" . unit.pud state
launcher=

launch() {
    setpriv --no-new-privs --bounding-set "$bounding" --inh-caps -all \
        "$PAWL_BIN/pawl-processor" launcher --listen run/launcher --engine-user "$engine" \
        --run-as "$image:$image" --hide "$scratch/state" "$scratch/unit.pud" 2>>log &
    launcher=$!
    until_true test -S run/launcher
}
trap '[ -z "$launcher" ] || kill "$launcher" 2>/dev/null || true; finish' EXIT

# The engine, as processor_lib.sh's start() starts it.
cp "$PAWL_BIN/pawl-processor" engine
chmod 0755 engine
unprivileged=(setpriv --reuid "$engine" --regid "$engine" --clear-groups --no-new-privs
    --bounding-set -all --inh-caps -all)
start_engine() {
    "${unprivileged[@]}" ./engine --pud unit.pud --state state --link "unix:$scratch/link" \
        --slot-size 4M --launcher run/launcher 2>>log &
    processor=$!
    until_true started
    [ -e "/proc/$processor" ] || fail "the processor did not start"
}

pack look -- exit 0
pack who --image "$(command -v busybox)" --name busybox -- sh -c \
    "id; cat $scratch/unit.pud $scratch/state/* && echo READ"
launch
start_engine
expect "an image runs" "$(try look)" '^state=7 sequence=1 .*failure=0$'
try who >/dev/null
until_true logged "image: uid=$image gid=$image\$|image: uid=$image gid=$image[^0-9]"
! logged 'image: READ' || fail "an image read the state or the PUD"
# Memory locks are all that it keeps, and that in a namespace of its own alone.
grep -qE '^CapPrm:.000000000000(0000|4000)' "/proc/$processor/status" ||
    fail "the engine has capabilities"
[ "$(sed -n 's/^Uid:\t*\([0-9]*\).*/\1/p' "/proc/$processor/status")" = "$engine" ] ||
    fail "the engine runs as another user"

# Another user is turned away, even one who can open the socket.
chmod 0666 run/launcher
setpriv --reuid 54323 --regid 54323 --clear-groups /usr/bin/python3 - run/launcher <<'END' ||
import socket, sys
client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
client.connect(sys.argv[1])
sys.exit(0 if client.recv(1) == b"" else 1)
END
    fail "another user was not turned away"
stop
start_engine # a new engine is served by the launcher that was left
until_true logged 'a user connected who is not the engine'
expect "after a restart" "$(try look)" '^state=7 sequence='

# Without the launcher there is no engine.
kill "$launcher"
wait "$launcher" || true
launcher=
wait "$processor" && fail "the engine went on without its launcher"
processor=
logged 'the launcher is gone' || fail "no word about the launcher's end"
status=0
"${unprivileged[@]}" ./engine --pud unit.pud --state state --link "unix:$scratch/link" \
    --launcher run/launcher 2>>log || status=$?
[ "$status" = 17 ] || fail "started without a launcher: $status"

usage() {
    status=0
    "$PAWL_BIN/pawl-processor" "$@" 2>wrong || status=$?
    [ "$status" = 2 ] || fail "$* ended with $status"
}
usage launcher --listen run/x --engine-user "$engine"
usage launcher --listen run/x --engine-user "$engine" --run-as "$engine"
usage launcher --listen run/x --engine-user nobody-such --run-as "$image"
usage launcher --listen run/x --engine-user "$engine" --run-as 0
usage --pud unit.pud --state state --link unix:link --launcher run/x --run-as "$image"
