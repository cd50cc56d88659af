#!/bin/bash
# Any bytes from the link (I9): noise, halves of frames and agents that hang cost nothing that
# lasts.
# With the argument "user": not as root.
. "$(dirname "$0")/processor_lib.sh"

start
memory() {
    sed -nE 's/^VmRSS:[[:space:]]*([0-9]+) kB/\1/p' "/proc/$processor/status"
}
# pour: stdin goes to the link as one agent's bytes; the answers are dropped.
pour() {
    timeout 20 "$PAWL_TOOLS/processor_pour" "$scratch/link" || true
}

expect "mode of the socket" "$(stat -c %a link)" '^600$'
head -c 65536 /dev/urandom | pour
before=$(memory)
for _ in 1 2 3; do head -c 4000000 /dev/urandom | pour; done
head -c 1000000 < <(yes PL) | pour
printf 'PL\x04\x01\xff\xff\xff\xff' | pour                  # a length beyond the largest frame
printf 'PL\x04\x01\x00\x10\x00\x00half a frame' | pour      # the rest never comes
printf 'PL\x63\x01\x00\x00\x00\x00\x00\x00\x00\x00' | pour  # a wrong checksum
expect "after noise" "$(client status)" 'state=0 sequence=0'
after=$(memory)
[ "$after" -lt $((before + 4096)) ] || fail "memory grew from $before to $after KiB"

# An agent that hangs in the middle of a frame: a second is turned away, and served when it left.
(printf 'PL\x04\x01\x00\x10\x00\x00'; sleep 2) | pour &
hanging=$!
sleep 0.3
refused=$(client status 2>&1 || true)
[[ $refused != *state=* ]] || fail "two agents at a time"
logged 'a second agent was turned away' || fail "no word about the second agent"
wait "$hanging"
until_true client status

# The link can be given to a group; nobody else gets in (SPEC 14).
stop
group=$(id -g)
[ "$(id -u)" != 0 ] || group=61113
start --link-group "$group"
expect "a link for a group" "$(stat -c '%a %g' link)" "^660 $group\$"

# While an agent pours noise, the image is still watched.
pack hang --deadline 1 -- hang
client download hang.pawl >answer 2>&1 &
trial=$!
until_true logged 'candidate -> trial'
wait "$trial" || true
expect "the deadline" "$(cat answer)" 'failure=66'

# Images that print more than anybody reads are slowed down, not the processor.
pack flood --success exit --deadline 60 -- flood
client download flood.pawl >answer 2>&1 &
flood=$!
until_true logged 'image: line 1000 '
logged 'candidate -> trial'
kill "$flood" 2>/dev/null || true
wait "$flood" || true
until_true client status
stop
[ "$(awk 'length($0) > 1100' log | wc -l)" = 0 ] || fail "a line of the log is too long"
