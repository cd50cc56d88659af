#!/bin/bash
# SPEC 13.10, I2, I4: who sits between the processor and its TPM can withhold. What it alters,
# repeats or strips of its proof is found out; a making, and a commit, that it cuts goes on.
# With the argument "user": not as root.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/processor_tpm_lib.sh"

read=14e write=137 increment=134
counter=(--counter "tpm:swtpm:path=$scratch/bus.sock")

mode() {
    echo "$*" >mode.new
    mv mode.new mode
    : >fired
}

# fired: the fault of this mode was made; and no more of it.
fired() {
    grep -q . fired || fail "the fault '$(cat mode)' did not happen"
    mode pass
}

mode pass
tpm_start
"$here/processor_tpm_proxy.py" bus.sock tpm.sock mode fired &
proxy=$!
until_true test -S bus.sock
pack a -- exit 0
pack b -- exit 0

# good: the next download, which counts; with it the log begins anew.
at=0
good() {
    local name
    [ "$failures" -lt 5 ] || exit 1 # it is lost; each download more would wait for a while
    name=$([ $((at % 2)) = 0 ] && echo a || echo b)
    at=$((at + 1))
    expect "download $at" "$(try "$name")" "^state=7 sequence=$at .*failure=0"
    : >log
}

# bad WHAT PATTERN LOGGED: a download under the present mode does not succeed, and counts nothing.
bad() {
    local name
    name=$([ $((at % 2)) = 0 ] && echo a || echo b)
    expect "$1" "$(try "$name")" "$2"
    logged "$3" || fail "$1: the log does not tell: $3"
    fired
    good
}

# A making that is cut before each of its commands, and is taken up again by the next one.
cuts=0
while :; do
    rm -rf state
    mode after $((cuts + 1))
    "$PAWL_BIN/pawl-processor" --pud unit.pud --state state --link stdio --slot-size 1M \
        "${counter[@]}" --make-counter >cut.log 2>&1 </dev/null &
    cut=$!
    until_true test -s fired -o ! -e "/proc/$cut"
    [ -s fired ] || break
    kill -9 "$cut" 2>/dev/null || true
    wait "$cut" || true
    mode pass
    [ ! -s state/flash.bin ] || break # it was done before, and has made its flash
    start_tpm --make-counter
    expect "a making that was cut before command $((cuts + 1))" "$(client status)" 'sequence=0 '
    stop
    expect "its lock" "$(tpm2_nvreadpublic "$base")" writelocked
    tpm2_clear -Q -c p
    cuts=$((cuts + 1))
done
[ "$cuts" -ge 20 ] || fail "a making has only $cuts commands: $(cat cut.log)"

rm -rf state
mode pass
: >log
start_tpm --make-counter
good

# Answers to reads of counter and cells: each part of them, and one of before. Nothing is believed.
altered='an answer that is not the TPM.s: something altered it'
for place in 15 20 -1 -20 -60; do
    mode flip $read $place
    bad "byte $place of an answer" storage "$altered"
done
mode keep $read
good
fired
for fault in repeat strip; do
    mode keep $read
    good
    mode $fault $read
    bad "$fault of an answer" storage "$altered"
done

# Commands that are altered: the TPM refuses them.
for command in $read $write $increment; do
    mode change "$command" -1
    bad "a command altered" 'storage|failure=9' 'not this device'
done

# An increment that the TPM refuses, or never sees, or is said to have been made and was not: the
# attempt fails, what was there stays.
mode answer $increment 101
bad "an increment in failure mode" "^state=4 sequence=$at .*failure=9" 'failure mode'
mode answer $increment 921
bad "an increment while locked out" "^state=4 sequence=$at .*failure=9" 'locked out'
mode answer $increment 0
bad "an increment that is feigned" "^state=4 sequence=$at .*failure=9" "$altered"

# One that was made while its answer was lost: reading finds it, and it is not made twice.
mode lose $increment
good
fired

# A TPM in failure mode, not started, or without a session.
mode answer 176 101 # TPM2_StartAuthSession
bad "failure mode" storage 'failure mode'
mode answer 176 100
bad "a TPM not started" storage 'not started'
mode answer 176 903
bad "no session" storage 'no session'
stop
mode answer $read 101
refused 18 'storage: TPM index 0x01800101: the TPM is in failure mode' "${counter[@]}"
fired
mode flip $read 20
refused 18 "storage: TPM index 0x01800101: $altered" "${counter[@]}"
fired
echo "$cuts places where a making was cut; $at downloads"
