#!/bin/bash
# SPEC 14.6, 14.7: the same firmware and agent over a serial line, with a download, and over a
# network interface, where the device is asked by its address and without.
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
world_open

fail() {
    echo "links: $*" >&2
    tail -n 5 board/agent.log board/processor.log 2>/dev/null >&2
    exit 1
}

# The board's second UART is a terminal of this machine, whose name QEMU prints.
serial_address() { sed -n 's/.*redirected to \([^ ]*\) (label line).*/\1/p' board/processor.log; }

serial_is_named() { [ -n "$(serial_address)" ]; }

serial() {
    m33_start board -chardev pty,id=line -serial chardev:line || fail "it does not start"
    wait_for 10 serial_is_named || fail "no terminal"
    echo "serial:$(serial_address)" >board/processor
    "$pawl" package --quiet --image "$PAWL_SOURCE/build-cortex-m33/bin/greeter.bin" \
        --kind raw --load-address 0x28200000 --entry-address 0x28200000 --success ready \
        --deadline 20 --key vendor.pem --vendor example.com --class box --name greeter \
        --version 1 --security-version 1 --content-key 1.key --out 1.pawl >/dev/null ||
        fail "cannot package"
    "$pawl" publish --quiet --content-key 1.key 1.pawl >/dev/null || fail "cannot publish"
    "$pawl" assign --vendor example.com --class box 1.pawl >/dev/null || fail "cannot assign"
    agent_once board 0
    [ "$(server_sees board sequence)" = 1 ] || fail "the server does not know"
    agent_run board --status >/dev/null || fail "no status"
    agent_command board
    "${agent[@]/#serial:*/serial:/dev/null}" --status 2>/dev/null && fail "/dev/null is no line"
    m33_stop board
}

# In a network namespace of its own, where QEMU's end is a tap.
# shellcheck disable=SC2016
interface() {
    local id
    id=$(cat board/id)
    unshare -rn true 2>/dev/null || { echo "links: no network namespaces here: skipped"; return; }
    [ -w /dev/net/tun ] || { echo "links: no tap devices here: skipped"; return; }
    unshare -rn bash -c '
        ip tuntap add dev pawl0 mode tap && ip link set pawl0 up || exit 77
        qemu-system-arm -M mps2-an505,memory-backend=nvm -display none -monitor none -serial null \
            -object memory-backend-file,id=nvm,mem-path=board/nvm.bin,size=16M,share=on \
            -netdev tap,id=n0,ifname=pawl0,script=no,downscript=no \
            -net nic,netdev=n0,model=lan9118 -kernel "$1" & qemu=$!
        trap "kill $qemu" EXIT
        for address in "" ",02:$2"; do
            "$PAWL_BIN/pawl-agent" --processor "eth:pawl0$address" --status --json || exit 1
        done
        timeout 1 "$PAWL_BIN/pawl-agent" --processor "eth:pawl0,02:00:00:00:00:99" --status
        [ $? = 124 ]' - "$PAWL_SOURCE/build-cortex-m33/bin/firmware.elf" \
        "$(sed -E 's/^(..)(..)(..)(..)(..).*/\1:\2:\3:\4:\5/' <<<"$id")" \
        >interface.log 2>&1
    case $? in
    0) [ "$(grep -c "\"device_id\":\"$id\"" interface.log)" = 2 ] || fail "$(cat interface.log)" ;;
    77) echo "links: no tap devices in a namespace here: skipped" ;;
    *) fail "$(cat interface.log)" ;;
    esac
}

world_units 1 || fail "no world"
m33_add board "${puds[0]}" || fail "no board"
m33_stop board
serial
interface
echo "serial line and interface"
