#!/bin/bash
# No output is ever seen in part (SPEC 17): a full disk, a limit on file sizes, a directory that
# cannot be written, an interruption and an unwritable stdout all end with an error and nothing
# left.
. "$(dirname "$0")/lib.sh"
prepare
head -c 4000000 /dev/zero >large
package[2]=large

# A file size limit stands in for a full disk: every write past it fails.
limited() { # BLOCKS CLASS ARGUMENT...
    local blocks=$1
    shift
    checks=$((checks + 1))
    status=0
    (
        ulimit -f "$blocks"
        exec "$pawl" "${@:2}"
    ) >out 2>err </dev/null || status=$?
    [ "$status" -eq "${class_code[$1]}" ] ||
        fail "limited to $blocks KiB: pawl ${*:2}: exit code $status: $(cat err)"
}
mkdir full
limited 1000 io "${package[@]}" --out full/app.pawl
empty_but full
limited 100 io open --pud "${puds[0]}" --sequence 0 --entitlements app.ent --out full/image app.pawl
limited 100 io reseal --content-key app.key --out full/new.pawl app.pawl
limited 100 io personalize --vendor v --class c --trust vendor.pub.pem --count 3000 \
    --no-pud-files --out full/units
limited 1 io entitle --content-key app.key --sequences 0..99 --pud "${puds[@]}" \
    --out full/app.ent app.pawl
empty_but full
limited 0 io keygen --out full/vendor.pem
empty_but full

# Into a directory with other files a batch comes whole or not at all.
: >full/other
limited 100 io personalize --vendor v --class c --trust vendor.pub.pem --count 3000 --out full
empty_but full other
: >full/units.import
expect state personalize --vendor v --class c --trust vendor.pub.pem --out full
empty_but full other units.import
rm full/*

# A real full disk, where this user may mount one.
if mkdir disk && mount -t tmpfs -o size=1M,mode=700 none disk 2>/dev/null; then
    expect io "${package[@]}" --out disk/app.pawl
    hinted
    expect io personalize --vendor v --class c --trust vendor.pub.pem --count 3000 --out disk/units
    expect io personalize --vendor v --class c --trust vendor.pub.pem --count 3000 --out disk
    left=$(ls -A disk)
    umount disk
    check "a full disk is left as it was, not with '$left'" test -z "$left"
fi

# A directory without permission; root has it everywhere.
if [ "$(id -u)" -ne 0 ]; then
    chmod 500 full
    expect io keygen --out full/vendor.pem
    hinted
    expect io "${package[@]}" --out full/app.pawl
    expect io personalize --vendor v --class c --trust vendor.pub.pem --out full/units
    chmod 700 full
fi
expect io "${package[@]}" --out /proc/nowhere/app.pawl

# Interrupted: the batch vanishes. The process is stopped as soon as its staging directory is there.
for signal in INT TERM; do
    "$pawl" personalize --vendor v --class c --trust vendor.pub.pem --count 300000 --out stopped \
        --quiet >out 2>err &
    child=$!
    for _ in {1..500}; do
        compgen -G 'stopped.*' >/dev/null && break
        sleep 0.01
    done
    check "it was caught at work" compgen -G 'stopped.*' >/dev/null
    kill -$signal $child
    status=0
    wait $child || status=$?
    check "interrupted is a failure, not $status" test "$status" -eq 1
    check "nothing of it is left" test -z "$(compgen -G 'stopped*')"
done
# Killed while sealing: the package has no name yet.
truncate -s 4G sparse
package[2]=sparse
"$pawl" "${package[@]}" --out killed.pawl --quiet >out 2>err &
child=$!
sleep 0.3
kill -KILL $child
wait $child 2>/dev/null || true
check "a killed package leaves nothing" test -z "$(compgen -G 'killed*')"

# What cannot be printed is no success.
status=0
"$pawl" inspect app.pawl >/dev/full 2>err || status=$?
check "stdout full: exit code $status" test "$status" -eq 17
check "and it says so" grep -q '^pawl: inspect: io: standard output' err

finish
