#!/bin/bash
# The protocol's vectors through the command: `pawl open` gives every package, and `pawl open` and
# `pawl inspect` every table, unit and message, exactly its class (SPEC 1, 7, 8; I1-I3, I9); the
# image byte for byte on success, and no output file otherwise.
. "$(dirname "$0")/lib.sh"

field() { # FILE NAME: the value of a line "name: value"
    sed -n "s/^$2: //p" "$vectors/$1"
}

bytes() { # FILE NAME OUT: the value as bytes; false when the vector has none
    local hex
    hex=$(field "$1" "$2")
    [ -n "$hex" ] || return 1
    xxd -r -p <<<"$hex" >"$3"
}

opened=0
for path in "$vectors"/package-*.txt; do
    vector=${path##*/}
    rm -f image entitlement opened.img
    bytes "$vector" pud unit.pud
    bytes "$vector" package app.pawl
    arguments=(--pud unit.pud --sequence "$(field "$vector" sequence_uint)" --out opened.img)
    if bytes "$vector" entitlement entitlement; then
        arguments+=(--entitlement "$(field "$vector" entitlement)")
    fi
    expect "$(field "$vector" expect)" open "${arguments[@]}" app.pawl
    if [ "$(field "$vector" expect)" = ok ]; then
        bytes "$vector" image image
        check "$vector: the image" cmp -s image opened.img
        mode=$(stat -c %a opened.img)
        check "$vector: the image is private" test "${mode#?}" = 00
    else
        absent opened.img
        if [ -e entitlement ]; then # a file serves as well
            arguments[-1]=second.img
            expect "$(field "$vector" expect)" open --pud unit.pud --out second.img \
                --sequence "$(field "$vector" sequence_uint)" --entitlement entitlement app.pawl
            absent second.img
        fi
    fi
    opened=$((opened + 1))
done
check "there are package vectors" test "$opened" -ge 30

# A table is looked up for the package that it names.
bytes package-for-table.txt package app.pawl
for path in "$vectors"/table-*.txt; do
    vector=${path##*/}
    rm -f opened.img
    bytes "$vector" pud unit.pud
    bytes "$vector" table app.ent
    expect "$(field "$vector" expect)" open --pud unit.pud --entitlements app.ent \
        --sequence "$(field "$vector" sequence_uint)" --out opened.img app.pawl
    if [ "$(field "$vector" expect)" = ok ]; then
        bytes package-for-table.txt image image
        check "$vector: the image" cmp -s image opened.img
    else
        absent opened.img
    fi
done

# Unit data: refused alike by whoever reads it.
for path in "$vectors"/pud-*.txt; do
    vector=${path##*/}
    bytes "$vector" pud unit.pud
    class=$(field "$vector" expect)
    expect "$class" inspect unit.pud
    [ "$class" = ok ] || expect "$class" open --pud unit.pud --sequence 0 --out opened.img app.pawl
done

# Messages: without the unit's secret a MAC cannot be judged, all else can.
for path in "$vectors"/report-*.txt "$vectors"/directive-*.txt; do
    vector=${path##*/}
    name=${vector%%-*}
    class=$(field "$vector" expect)
    bytes "$vector" "$name" message || continue
    [ "$class" != untrusted ] || class=ok
    expect "$class" inspect message
done

finish
