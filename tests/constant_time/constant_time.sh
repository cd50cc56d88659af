#!/bin/bash
# I8: under memcheck, with secrets that were never written, our code is silent; and two planted
# leaks are not.
set -uo pipefail

program=${1:-$PAWL_TOOLS/constant_time}
here=$(dirname "$0")

check() { # WHAT: 0 silent, 99 reported
    valgrind --quiet --error-exitcode=99 --track-origins=no --leak-check=no \
        --suppressions="$here/libcrypto.supp" "$program" "$1"
}

check check
[ $? -eq 0 ] || { echo "constant_time: something depends on a secret" >&2; exit 1; }
for leak in compare table; do
    check "$leak" >/dev/null 2>&1
    [ $? -eq 99 ] || { echo "constant_time: the planted leak '$leak' is not seen" >&2; exit 1; }
done
echo "no branch and no address depends on a secret; planted ones are seen"
