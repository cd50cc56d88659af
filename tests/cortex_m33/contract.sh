#!/bin/bash
# The crypto contract holds on the Cortex-M33 as it does on Linux: tests/unit/test_crypto_contract.c
# runs in QEMU with each adapter for devices.
set -uo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for firmware in build-cortex-m33 build-cortex-m33-psa; do
    qemu-system-arm -M mps2-an505 -display none -monitor none -serial "file:$work/log" \
        -kernel "$PAWL_SOURCE/$firmware/bin/contract.elf" </dev/null 2>"$work/errors" &
    qemu=$!
    until grep -qs '^pawl: contract tests' "$work/log" || [ ! -d /proc/$qemu ]; do sleep 0.05; done
    kill "$qemu"
    wait "$qemu" 2>/dev/null
    sed "s/^/$firmware: /; s/\r//" "$work/log" | tee "$work/lines"
    # All tests of the file but the one with threads, and at least as many checks as bits flipped.
    if ! grep -qE 'contract tests 0xb checks 0x[0-9a-f]{3,} failures 0x0$' "$work/lines"; then
        cat "$work/errors" >&2
        exit 1
    fi
    rm "$work/log"
done
