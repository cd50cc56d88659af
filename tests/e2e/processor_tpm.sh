#!/bin/bash
# SPEC 13.10, I2, I4: the counter in a TPM. It counts, whatever is killed and whenever the TPM is
# away; neither a lost nor a restored state directory turns it back.
# With the argument "user": not as root.
. "$(dirname "$0")/processor_tpm_lib.sh"

pack a -- exit 0
pack b --success ready -- notify READY=1

# No TPM, then one that comes while the processor waits for it, without indices.
refused 2 "usage: --counter: 'tpm:swtpm:host=x' is not tpm" --counter tpm:swtpm:host=x
refused 2 'usage: --make-counter: a counter of kind file is made with the state' --make-counter
(refused 18 'storage: TPM index 0x01800101: the TPM does not answer' --state other \
    --counter "tpm:device:$scratch/missing.tpm"
    expect "why" "$output" "missing.tpm: No such file"
    [ "$failures" = 0 ]) &
waiting=$!
"$PAWL_BIN/pawl-processor" --pud unit.pud --state late --link stdio --slot-size 1M "${counter[@]}" \
    >late.log 2>&1 </dev/null &
late=$!
until_true test -d late # it is about to look for the TPM
tpm_start
wait "$late" && fail "a device began at 0 unasked"
expect "a TPM that comes late" "$(cat late.log)" 'storage: TPM index 0x01800101: missing: never'
expect "a TPM that comes late" "$(cat late.log)" 'hint: --make-counter makes those of a new device'
wait "$waiting" || fail "a start without a TPM"
[ ! -s late/flash.bin ] || fail "a refused start made flash"

# Made once; a second time changes nothing.
make_tpm
start_tpm --make-counter
expect "new" "$(client status)" '^state=0 sequence=0 package=none '
expect "first" "$(try a)" '^state=7 sequence=1 '
stop
start_tpm --make-counter
expect "made again" "$(client status)" ' sequence=1 '

# kill -9 of processor and TPM by turns, at any moment from the first check to after the commit.
cut=0
for ((round = 1; round <= ${PAWL_KILL_DOWNLOADS:-8}; round++)); do
    name=$([ $((round % 2)) = 1 ] && echo b || echo a)
    victim=$([ $((round / 2 % 2)) = 0 ] && echo "$processor" || echo "$tpm")
    client --kill "$victim" --kill-delay $((RANDOM * 2 % 60000)) download "$name.pawl" \
        >answer 2>&1 || true
    grep -qx killed=install answer || fail "the kill did not happen: $(cat answer)"
    cut=$((cut + 1))
    if [ "$victim" = "$tpm" ]; then
        wait "$tpm" || true
        tpm_start
    else
        wait "$processor" || true
        start_tpm 2>/dev/null
    fi
    client contact >/dev/null 2>&1 || true # settles what was in doubt
    case $(sequence) in
    "$round") expect "again" "$(try "$name")" "^state=7 sequence=$((round + 1)) .*failure=" ;;
    $((round + 1))) ;;
    *) fail "sequence $(sequence) in round $round" ;;
    esac
done
now=$(sequence)
[ "$now" = $((round)) ] || fail "at $now after $((round - 1)) more downloads"

# Sessions that whoever was killed has left in the TPM, until it has no more: there is room again.
for ((i = 0; i < 4; i++)); do
    # TPM2_StartAuthSession, an HMAC session
    left=$(echo 80010000002b000001764000000740000007001000112233445566778899aabbccddeeff \
        0000000010000b | xxd -r -p | tpm2_send | xxd -p -c 99)
done
expect "no more sessions" "$left" '^80010000000a00000903$'
expect "with sessions left behind" "$(try "$([ $((round % 2)) = 1 ] && echo b || echo a)")" \
    "^state=7 sequence=$((now + 1)) "

# The TPM is away while an image runs: it goes on running, nothing is taken, and then all is well.
stop
: >log
start_tpm
expect "an image runs" "$(try a; try b; try a; try b)" 'state=7 .*running=1'
now=$(sequence)
tpm_stop KILL
expect "without the TPM" "$(try a)" 'storage'
expect "without the TPM" "$(client status)" "sequence=$now .*running=1"
logged 'error: storage: TPM indices 0x01800100\.\.\.: the TPM does not answer' ||
    fail "the log does not tell that the TPM is away"
[ "$(grep -c 'the TPM does not answer' log)" = 1 ] || fail "the log tells it more than once"
tpm_start
expect "with it again" "$(try a)" "^state=7 sequence=$((now + 1)) "
logged 'the TPM is in use again' || fail "the log does not tell that the TPM is back"
now=$(sequence)

# One that hangs costs a bounded time.
kill -STOP "$tpm"
begin=$SECONDS
expect "a TPM that hangs" "$(try b)" 'storage'
[ $((SECONDS - begin)) -lt 25 ] || fail "a TPM that hangs took $((SECONDS - begin)) s"
kill -CONT "$tpm"
until_true client contact
expect "it goes on" "$(try b)" "^state=7 sequence=$((now + 1)) "
now=$(sequence)

# I2: flash of before the last commit is put back. Its software does not run; the next one does.
stop
cp -a state older
start_tpm
expect "one more" "$(try a)" "sequence=$((now + 1)) "
stop
rm -r state
mv older state
: >log
start_tpm
expect "restored flash" "$(client status)" "sequence=$((now + 1)) package=none running=0"
logged 'running guest' && fail "software of restored flash ran"
expect "after it" "$(try b)" "^state=7 sequence=$((now + 2)) "
stop

# I2: an empty state directory, also with --make-counter, begins where the TPM is.
rm -r state
start_tpm --make-counter
expect "an empty state" "$(client status)" "sequence=$((now + 2)) package=none "
expect "after it" "$(try a)" "^state=7 sequence=$((now + 3)) "

relay=$(pgrep -P "$processor" | while read -r pid; do
    [ "$(cat "/proc/$pid/comm")" = pawl-tpm-relay ] && echo "$pid"
done)

# The relay has no secret, no privilege, and no file but its two sockets.
expect "the relay" "$(cat "/proc/$relay/status")" '^CapEff:.0+$'
expect "the relay" "$(cat "/proc/$relay/status")" '^NoNewPrivs:.1$'
expect "the relay" "$(cat "/proc/$relay/status")" '^Seccomp:.2$'
if [ "$(id -u)" = 0 ]; then
    opened=$(ls -l "/proc/$relay/fd" | sed -nE 's/.* ([0-9]+) -> .*/\1/p' | sort -n | xargs)
    expect "the relay's files" "$opened" '^0 1 2 3( 4)?$'
fi
if [ "$(id -u)" = 0 ] && [ "$PAWL_SANITIZED" = 0 ]; then
    PYTHONPATH=$PAWL_SOURCE/tests/support python3 - "$processor" "$relay" unit.pud \
        "$(authorization)" <<'EOF' || fail "the relay holds a secret"
import re, sys
from memory_scan import Secrets
processor, relay, pud, authorization = sys.argv[1:]
secret = re.search(rb"\x05\x58\x20(.{32})", open(pud, "rb").read(), re.S).group(1)
secrets = Secrets({"unit secret": secret, "authorization": bytes.fromhex(authorization)})
assert "unit secret" in {name for name, _ in secrets.in_process(processor)}
assert not secrets.in_process(relay)
EOF
fi

# Without its relay the processor ends, so that whoever started it starts it again.
kill -9 "$relay"
status=0
wait "$processor" || status=$?
processor=
[ "$status" = 17 ] || fail "without its relay the processor ended with $status"
logged 'the counter.s relay is gone' || fail "the log does not tell that the relay is gone"
start_tpm
until_true test -S link
expect "afterwards" "$(client status)" "sequence=$((now + 3)) "
stop
echo "$((now + 3)) downloads, $cut of them cut by kill -9 of processor or TPM"
