#!/bin/bash
# kill -9 of the processor at any moment of downloads, trials and commits (I4): it starts again,
# what was committed runs, the download goes on where it was, and each download counts once.
# With the argument "user": not as root.
. "$(dirname "$0")/processor_lib.sh"

downloads=${PAWL_KILL_DOWNLOADS:-12}
kills=0
resumed=0

kill_processor() {
    kill -9 "$processor"
    wait "$processor" 2>/dev/null || true
}

# A static guest of some 800 KiB, in parts of a few KiB, so that there is time to be killed in.
pack a -- exit 0
pack b --success ready -- notify READY=1

for ((round = 0; round < downloads; round++)); do
    name=$([ $((round % 2)) = 0 ] && echo a || echo b)
    while :; do
        start >/dev/null 2>&1
        before=$(client status | sed -nE 's/.*sequence=([0-9]+).*/\1/p')
        [ "$before" = "$round" ] || break
        client --part 6000 download "$name.pawl" >answer 2>&1 &
        agent=$!
        # Twice at most, within the time that a whole download takes.
        if [ $((kills - 2 * round)) -lt 2 ]; then
            sleep "0.$(printf '%03d' $((RANDOM % 400)))"
            if [ -e "/proc/$agent" ]; then kills=$((kills + 1)); fi
            kill_processor
            wait "$agent" || true
        else
            wait "$agent" || true
            kill_processor
        fi
        from=$(sed -nE 's/^from=([0-9]+)$/\1/p' answer)
        if [ "${from:-0}" -gt 0 ]; then resumed=$((resumed + 1)); fi
    done
    [ "$before" = $((round + 1)) ] || fail "sequence $before after $((round + 1)) downloads"
    kill_processor
done

start
expect "at the end" "$(client status)" "sequence=$downloads package=[0-9a-f]{16} "
[ "$kills" -ge "$downloads" ] || fail "only $kills kills fell into a download"
[ "$resumed" -gt 0 ] || fail "no download was resumed"
stop
echo "$downloads downloads, $kills killed, $resumed resumed"
