#!/bin/bash
# A disk that fills up during a download (I4, I9): the download fails with a class, the committed
# image goes on, and what fits is taken afterwards. Only root can make such a disk.
. "$(dirname "$0")/processor_lib.sh"

if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2>/dev/null; then
    echo "skipped: needs root and mounts"
    exit 0
fi

head -c 3000000 /dev/urandom >noise
pack small --success ready -- notify READY=1
pack large --image "$scratch/noise"
mkdir -m 700 state

# The disk is seen by the processor alone, so the link is elsewhere.
unshare -m sh -c 'mount -t tmpfs -o size=2m,mode=700 none state &&
    exec "$0" --pud unit.pud --state state --link "unix:$PWD/link" --slot-size 4M' \
    "$PAWL_BIN/pawl-processor" 2>>log &
processor=$!
until_true started

expect "what fits" "$(try small)" '^state=7 sequence=1 .*running=1 failure=0$'
committed=$(client status | grep -o 'package=[0-9a-f]*')
expect "what does not" "$(try large)" "sequence=1 $committed running=1 failure=9\$"
expect "what fits again" "$(try small)" 'sequence=2 .*running=1'
stop
