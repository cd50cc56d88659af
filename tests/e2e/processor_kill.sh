#!/bin/bash
# kill -9 of the processor while it takes a part of a package, and while it verifies, tries and
# commits one (I4): it starts again, the download goes on where it was, and each counts once.
# With the argument "user": not as root.
. "$(dirname "$0")/processor_lib.sh"

downloads=${PAWL_KILL_DOWNLOADS:-10}
part=6000
chunk=4096
killed_at_install=0
committed_by_install=0

# Some 800 KiB each; the one that is committed is never the one that comes next.
pack a --chunk-size "$chunk" -- exit 0
pack b --chunk-size "$chunk" --success ready -- notify READY=1
size=$(stat -c %s a.pawl)

# killed WHAT OPTION...: the client kills the processor in the middle of WHAT.
killed() {
    local what=$1
    shift
    client --part "$part" --kill "$processor" "$@" download "$name.pawl" >answer 2>&1 || true
    grep -qx "killed=$what" answer || fail "the kill at $what did not happen: $(cat answer)"
    wait "$processor" 2>/dev/null || true
    start 2>/dev/null
}

sequence() {
    client status | sed -nE 's/.*sequence=([0-9]+).*/\1/p'
}

for ((round = 0; round < downloads; round++)); do
    name=$([ $((round % 2)) = 0 ] && echo a || echo b)
    [ "$round" -gt 0 ] || start

    # Twice in the download: what was answered before is not fetched again, up to a chunk.
    first=$((chunk * 3 + RANDOM * RANDOM % (size / 2)))
    killed write --kill-at "$first" --kill-delay $((RANDOM % 300))
    second=$((first + part + RANDOM % (size / 3)))
    killed write --kill-at "$second" --kill-delay $((RANDOM % 300))
    from=$(sed -nE 's/^from=([0-9]+)$/\1/p' answer)
    [ "$from" -ge $((first - part - 2 * chunk)) ] ||
        fail "resumed at $from, though $((first - part)) bytes had been taken"
    [ "$(sequence)" = "$round" ] || fail "a download that was cut has moved the number"

    # And from the first check to after the commit.
    killed install --kill-delay $((RANDOM % 60000))
    killed_at_install=$((killed_at_install + 1))
    now=$(sequence)
    case $now in
    "$round") expect "again" "$(try "$name")" "^state=7 sequence=$((round + 1)) .*failure=" ;;
    $((round + 1))) committed_by_install=$((committed_by_install + 1)) ;;
    *) fail "sequence $now in download $round" ;;
    esac
done

stop
: >log
start
expect "at the end" "$(client status)" "sequence=$downloads package=[0-9a-f]{16} "
logged 'running guest 1$' || fail "the committed image does not run"
stop
echo "$downloads downloads, each cut twice; $killed_at_install cut at install," \
    "$committed_by_install of them after the commit"
