#!/bin/bash
# What becomes of an image: it succeeds and is committed (I2), or fails and the old one runs again
# (I4), by every criterion and cause of SPEC 13. With the argument "user": not as root.
. "$(dirname "$0")/processor_lib.sh"

pack zero -- exit 0
pack three -- exit 3
pack crash -- crash
pack abort -- abort
pack hang --deadline 1 -- hang
pack ready --success ready -- notify READY=1
pack silent --success ready --deadline 1 -- notify STATUS=not-yet
pack early --success ready -- exit 0
pack brief --success ready -- ready-and-exit
pack child --success ready -- child-ready
pack contact --success contact -- hang
pack once --success ready -- notify "$(printf 'READY=1\nWATCHDOG=1')"
pack stubborn --success ready -- stubborn "$scratch"
pack chatter --success ready -- chatter
pack dynamic --image "$PAWL_TOOLS/guest-dynamic" -- exit 0
pack busybox --image "$(command -v busybox)" --name busybox -- \
    sh -c 'echo "$PAWL_IMAGE_NAME" speaks'
printf '#!/bin/sh\nexit 0\n' >script
pack script --image "$scratch/script"
head -c 5000 /dev/urandom >noise
pack noise --image "$scratch/noise"

start
expect "exit zero" "$(try zero)" '^state=7 sequence=1 .*failure=0$'
expect "busybox-static" "$(try busybox)" '^state=7 sequence=2 .*failure=0$'
until_true logged 'image: busybox speaks$'
expect "a dynamic executable" "$(try dynamic)" '^state=7 sequence=3 .*failure=0$'
expect "READY=1" "$(try ready)" '^state=7 sequence=4 .*running=1 failure=0$'
committed=$(client status | grep -o 'package=[0-9a-f]*')

# Each of these leaves the one that is ready running at sequence number 4.
check() {
    expect "$1" "$(try "$1")" "sequence=4 $committed running=1 failure=$2\$"
}
check three 64
check crash 65
check abort 65
check hang 66
check silent 66
check early 64
check script 68
logged 'a script, or a dynamic executable whose loader' || fail "no clear error for a script"
check noise 68
logged 'not an executable of this machine' || fail "no clear error for noise"

# READY=1 counts although the image is gone by the time it is read, or sent it from a child.
expect "ready and gone" "$(try brief)" '^state=7 sequence=5 .*failure=0$'
expect "a child's READY=1" "$(try child)" '^state=7 sequence=6 .*failure=0$'

# An authentic directive while it runs.
expect "contact" "$(client download-contact contact.pawl)" \
    '^state=7 sequence=7 .*running=1 failure=0$'

# What is committed runs after a restart, and only what is committed.
stop
: >log
start
expect "after a restart" "$(client status)" '^state=0 sequence=7 .*running=1'
logged 'running guest 1$' || fail "the committed image was not run at start"

# Limits: an image that is too large is refused, at start too, and the device goes on (I4).
stop
start --image-max 100K
logged 'the committed image does not run: exhausted$' || fail "no word about an image too large"
expect "too large at start" "$(client status)" 'sequence=7 .*running=0'
pack tiny --image "$scratch/script"
expect "too large to take" "$(try ready)" 'sequence=7 .*failure=10$'
expect "small, and a script" "$(try tiny)" 'sequence=7 .*failure=68$'

# An image that falls silent under a watchdog has crashed; outside a trial it stays ended.
stop
start --watchdog 1
expect "before silence" "$(try once)" 'sequence=8 .*running=1'
until_true logged 'silent for longer than its watchdog allows'
until_true logged 'ended by signal 9'
expect "after silence" "$(client status)" 'sequence=8 .*running=0 failure=0$'

if ! namespaces; then
    stop
    echo "not tried: this system gives no namespaces that end with an image"
    exit
fi

# The end of an image is the end of all its processes, whether it agrees or not.
expect "stubborn" "$(try stubborn)" 'sequence=9 .*running=1'
leftovers() {
    pgrep -f "^guest stubborn $scratch" || true
}
[ "$(leftovers | wc -l)" -ge 2 ] || fail "the stubborn image left no process behind"
kept=$(leftovers)
expect "the next one" "$(try zero)" 'sequence=10'
for pid in $kept; do
    [ ! -e "/proc/$pid" ] || fail "process $pid outlived its image"
done

# Neither does one that floods its notify socket stand in the way of the next.
expect "a chatterer" "$(try chatter)" 'sequence=11 .*running=1'
expect "after a chatterer" "$(try zero)" 'sequence=12'
[ "$(grep -c 'reports that it is ready' log)" -lt 10 ] || fail "each READY=1 was passed on"

# The user of images can be chosen, by root.
if [ "$(id -u)" = 0 ]; then
    stop
    start --run-as 61111:61112
    pack id --image "$(command -v busybox)" --name busybox -- \
        sh -c 'echo "I am $(id -u):$(id -g) in $(id -G)"'
    expect "another user" "$(try id)" 'sequence=13'
    until_true logged 'image: I am 61111:61112 in 61112$'
    expect "back again" "$(try zero)" 'sequence=14'
    stop
    start
    next=15
else
    next=13
fi

# Without its launcher the processor ends, with a class, and the image with both.
expect "the last one" "$(try stubborn)" "sequence=$next .*running=1"
kept=$(leftovers)
kill -9 "$(pgrep -P "$processor")"
status=0
wait "$processor" || status=$?
processor=
[ "$status" = 17 ] || fail "without its launcher: exit $status, not 17"
logged '^pawl-processor: io: the launcher is gone' || fail "no error for the launcher's end"
for pid in $kept; do
    until_true test ! -e "/proc/$pid"
done
