#!/bin/bash
# docs/porting.md, followed on a second machine: a port made from the skeleton passes every check of
# the conformance program in QEMU, and the skeleton itself passes none that needs hardware.
set -uo pipefail

firmware=$PAWL_SOURCE/build-mps2-an385/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints what the program says up to its last line.
program_run() {
    local qemu end=$((SECONDS + 20))
    head -c 16M /dev/zero | tr '\0' '\377' >"$work/nvm.bin"
    qemu-system-arm -M mps2-an385,memory-backend=nvm -display none -monitor none \
        -object "memory-backend-file,id=nvm,mem-path=$work/nvm.bin,size=16M,share=on" \
        -serial "file:$work/log" -kernel "$firmware/$1.elf" </dev/null 2>/dev/null &
    qemu=$!
    until grep -qs 'passed, .* failed' "$work/log" || [ $SECONDS -gt $end ]; do sleep 0.05; done
    kill "$qemu"
    wait "$qemu"
    tr -d '\r' <"$work/log"
    rm "$work/log"
}

program_run conformance >"$work/port"
if [ "$(tail -n 1 "$work/port")" != "conformance: 15 passed, 0 failed" ]; then
    cat "$work/port"
    exit 1
fi
program_run conformance_template >"$work/template"
if [ "$(tail -n 1 "$work/template")" != "conformance: 7 passed, 8 failed" ]; then
    cat "$work/template"
    exit 1
fi
echo "the port: 15 of 15; the skeleton: 7 of 15"
