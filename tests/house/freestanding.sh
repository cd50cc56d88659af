#!/bin/bash
# Proves that the device library needs nothing but mem* and the crypto contract (SPEC 13):
# links it into one object and reads what stays undefined.
#
# usage: freestanding.sh libpawl-device.a COMPILER
set -euo pipefail

library=$1
compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$compiler" -ffreestanding -nostdlib -r -Wl,--whole-archive "$library" -o "$work/device.o"

allowed="memcpy memset memcmp memmove"
contract=$PAWL_SOURCE/include/pawl/crypto.h
if [ -f "$contract" ]; then
    allowed+=" $(grep -oE '\bpawl_[a-z0-9_]+ *\(' "$contract" | tr -d ' (' | sort -u | tr '\n' ' ')"
fi

status=0
for symbol in $(nm --undefined-only --format=posix "$work/device.o" | cut -d' ' -f1); do
    case " $allowed " in
    *" $symbol "*) ;;
    *)
        echo "freestanding: the device library needs '$symbol'" >&2
        status=1
        ;;
    esac
done
exit $status
