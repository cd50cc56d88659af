#!/bin/bash
# Bad starts: one line `pawl-processor: CLASS: what`, the exit code of SPEC 17, nothing left behind.
# With the argument "user": not as root.
. "$(dirname "$0")/processor_lib.sh"

# refused CODE PATTERN OPTION...: the start fails in this way.
refused() {
    local code=$1 pattern=$2 output status=0
    shift 2
    output=$(timeout 20 "$PAWL_BIN/pawl-processor" "$@" 2>&1 </dev/null) || status=$?
    [ "$status" = "$code" ] || fail "$*: exit $status, not $code"
    expect "$*" "$output" "^pawl-processor: $pattern"
}
common=(--state state --link "unix:$scratch/link")

refused 2 'usage: --pud FILE is missing' "${common[@]}"
refused 2 'usage: --link: ' --pud unit.pud --state state --link tcp:1
refused 2 'usage: --link: ' --pud unit.pud --state state --link fd:99
refused 2 'usage: --counter: .fuse. is none of: file' --pud unit.pud "${common[@]}" --counter fuse
refused 2 'usage: --handler: ' --pud unit.pud "${common[@]}" --handler cat
refused 2 'usage: --run-as: there is no user' --pud unit.pud "${common[@]}" --run-as no-such-user
refused 2 'usage: --run-as: images do not run as root' --pud unit.pud "${common[@]}" --run-as 0:0
refused 2 'usage: --slot-size: ' --pud unit.pud "${common[@]}" --slot-size 1

refused 17 'io: missing.pud: No such file' --pud missing.pud "${common[@]}"
refused 17 'io: /dev/zero: not a regular file' --pud /dev/zero "${common[@]}"
head -c 100 unit.pud >cut.pud
head -c 1000 /dev/urandom >long.pud
chmod 600 cut.pud long.pud
refused 10 'malformed: cut.pud: ' --pud cut.pud "${common[@]}"
refused 10 'malformed: long.pud: too long' --pud long.pud "${common[@]}"
cp unit.pud open.pud
chmod 640 open.pud
refused 12 'untrusted: open.pud: group or others may access it' --pud open.pud "${common[@]}"
if [ "$(id -u)" = 0 ]; then
    cp unit.pud foreign.pud
    chown 61111 foreign.pud
    refused 12 'untrusted: foreign.pud: belongs to another user' --pud foreign.pud "${common[@]}"
fi
[ ! -e link ] || fail "a refused start left its socket"

mkdir -m 755 wide
refused 12 'untrusted: wide: group or others' --pud unit.pud --state wide --link stdio
refused 17 'io: none/state: No such file' --pud unit.pud --state none/state --link stdio
refused 17 'io: link none/link: No such file' --pud unit.pud --state state --slot-size 4M \
    --link unix:none/link

# A state in use, a socket in use, and one that a killed processor left.
start
refused 20 'state: state: another pawl-processor uses this state' --pud unit.pud --state state \
    --link stdio
refused 20 'state: link .*: another program listens there' --pud unit.pud --state other \
    --link "unix:$scratch/link" --slot-size 1M
kill -9 "$processor"
wait "$processor" || true
[ -S link ] || fail "the test needs a socket that was left behind"
start
pack zero -- exit 0
expect "a start over a socket left behind" "$(try zero)" 'sequence=1'
stop
[ ! -e link ] || fail "a clean stop leaves the socket"

# Spoilt states.
refused 18 'storage: flash.bin: has slots of 4194304 bytes, not 8388608' --pud unit.pud \
    "${common[@]}" --slot-size 8M
cp -r state spoilt
truncate -s 100000 spoilt/flash.bin
refused 18 'storage: flash.bin: 100000 bytes are no two slots' --pud unit.pud --state spoilt \
    --link stdio
rm -r spoilt; cp -r state spoilt; rm spoilt/counter
refused 18 'storage: counter: missing, though the device has flash' --pud unit.pud --state spoilt \
    --link stdio
rm -r spoilt; cp -r state spoilt; head -c 8192 /dev/urandom >spoilt/counter
refused 18 'storage: counter: no readable value' --pud unit.pud --state spoilt --link stdio
truncate -s 0 spoilt/flash.bin
refused 18 'storage: counter: no readable value' --pud unit.pud --state spoilt --link stdio

# A torn write of the newer entry leaves the older: the sequence number never becomes unreadable.
rm -r spoilt; cp -r state spoilt
printf 'torn' | dd of=spoilt/counter bs=1 seek=$((4096 + 10)) conv=notrunc status=none
"$PAWL_BIN/pawl-processor" --pud unit.pud --state spoilt --link stdio </dev/null 2>torn || true
expect "a torn counter entry" "$(cat torn)" 'sequence 0,'

# The state of one device is not touched by another (SPEC 13.8), not even when the unit data were
# taken for each other; and it is nothing to it (I1).
mv unit.pud first.pud
factory unit
cp state/flash.bin flash.before
refused 20 'state: state: this state belongs to device [0-9a-f]{32}, and the unit data to another' \
    --pud unit.pud --state state --link stdio
expect "it says which" "$(xxd -p -c 1000 first.pud)" "$(cat state/unit)"
cmp -s state/flash.bin flash.before || fail "a refused start wrote to the flash"
cp -r state anew
rm anew/unit
"$PAWL_BIN/pawl-processor" --pud unit.pud --state anew --link stdio </dev/null 2>anew.log
expect "personalized anew" "$(cat anew.log)" 'sequence 1, state ready, no committed package'
expect "personalized anew" "$(cat anew.log)" 'this state belongs to another device'
expect "it is the new unit's now" "$(xxd -p -c 1000 unit.pud)" "$(cat anew/unit)"
refused 20 'state: anew: this state belongs to device' --pud first.pud --state anew --link stdio
for said in '' 'no device' "$(head -c 31 state/unit)"; do # what says nothing is written anew
    printf '%s' "$said" >anew/unit
    "$PAWL_BIN/pawl-processor" --pud unit.pud --state anew --link stdio </dev/null 2>anew.log
    expect "after '$said'" "$(xxd -p -c 1000 unit.pud)" "$(cat anew/unit)"
done
mv unit.pud second.pud
mv first.pud unit.pud
start
stop
logged 'for development only' || fail "no warning about the counter in a file"

# The service manager is told (sd_notify).
told=$(timeout 20 python3 - "$PAWL_BIN/pawl-processor" "$scratch" <<'EOF'
import os, signal, socket, subprocess, sys
program, folder = sys.argv[1:]
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(folder + "/manager")
process = subprocess.Popen(
    [program, "--pud", "unit.pud", "--state", "managed", "--link", "unix:" + folder + "/link"],
    env=dict(os.environ, NOTIFY_SOCKET=folder + "/manager"), stderr=subprocess.DEVNULL)
print(manager.recv(100).decode())
process.send_signal(signal.SIGTERM)
print(manager.recv(100).decode(), process.wait())
EOF
)
expect "the service manager" "$told" '^READY=1$'
expect "the service manager" "$told" '^STOPPING=1 0$'

# A link that was one stream ends the processor when it ends, without an error.
output=$("$PAWL_TOOLS/processor_client" --pud unit.pud \
    --exec "exec $PAWL_BIN/pawl-processor --pud unit.pud --state state --link stdio" status 2>&1)
expect "stdio" "$output" 'sequence=1 package=[0-9a-f]{16} '
output=$("$PAWL_TOOLS/processor_client" --pud unit.pud --exec \
    "exec $PAWL_BIN/pawl-processor --pud unit.pud --state state --link fd:9 9<&0 0<&-" status 2>&1)
expect "fd:9" "$output" 'sequence=1 package=[0-9a-f]{16} '
