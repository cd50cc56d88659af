#!/bin/bash
# What a Cortex-M33 does for a download, in instructions that QEMU counts: the same each time. The
# reference is the hash of as many bytes, or of a chain's step.
set -euo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT
qemu-system-arm -M mps2-an505 -icount shift=0 -display none -monitor none -serial "file:$log" \
    -kernel "$PAWL_SOURCE/build-cortex-m33/bin/counts.elf" </dev/null 2>/dev/null &
qemu=$!
for _ in {1..600}; do
    ! grep -q "pawl: done" "$log" || break
    sleep 0.1
done
kill "$qemu"
wait "$qemu" 2>/dev/null || true
grep -q "pawl: done" "$log"

count() { printf '%d' "$(sed -n "s/^pawl: $1 instructions \(0x[0-9a-f]*\).*/\1/p" "$log")"; }

hash=$(($(count hash) / 16))
print() { # NAME VALUE UNIT AGAINST REFERENCE
    jq -cn --arg name "$1" --argjson value "$2" --arg unit "$3" --arg against "$4" \
        --argjson reference "$5" '{name: $name, value: $value, unit: $unit, against: $against,
            reference: $reference, ratio: ($value / $reference * 1000 | round / 1000)}'
}
print "m33 SHA-256" "$hash" "instructions/KiB" "itself" "$hash"
print "m33 decrypt a chunk" $(($(count decrypt) / 16)) "instructions/KiB" "SHA-256" "$hash"
print "m33 verify a signature" "$(count verify)" "instructions" "SHA-256 of 1 KiB" "$hash"
print "m33 key walk, N=1024" "$(count walk)" "instructions" "SHA-256 of 1 KiB" "$hash"
