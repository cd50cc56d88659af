#!/bin/bash
# What the processor leaves itself (I8), and what an image that tries cannot do: I1-I3 rest on it.
# With the argument "user": not as root.
. "$(dirname "$0")/processor_lib.sh"

# Where the system gives no namespaces, the processor says so at start, and less can be held.
if ! namespaces; then
    echo "skipped: this system gives no namespaces"
    exit 0
fi

# What is open when it starts is none of its business.
exec 9<unit.pud
start
exec 9<&-
status=$(cat "/proc/$processor/status")
uid=$(id -u)
field() {
    sed -nE "s/^$1:[[:space:]]*//p" <<<"$status"
}

# Secrets leave by no core dump and no debugger. A sanitized build gives up less.
[ "$(sed -nE 's/^Max core file size +([^ ]+).*/\1/p' "/proc/$processor/limits")" = 0 ] ||
    fail "core dumps are not ruled out"
[ "$(field NoNewPrivs)" = 1 ] || fail "NoNewPrivs is not set"
[ "$(field Seccomp)" = 2 ] || fail "no system call filter"
if [ "$PAWL_SANITIZED" = 0 ]; then
    [ "$(stat -c %u "/proc/$processor/environ")" = 0 ] || fail "the processor is dumpable"
    [ "$uid" = 0 ] || ! cat "/proc/$processor/maps" 2>/dev/null || fail "its user can look into it"
fi
# Only CAP_IPC_LOCK, bit 14, stays, to hold images in memory.
[ $((0x$(field CapEff) & ~0x4000)) = 0 ] || fail "capabilities: $(field CapEff)"
[ $((0x$(field CapPrm) & ~0x4000)) = 0 ] || fail "capabilities: $(field CapPrm)"
if [ "$uid" = 0 ]; then
    [ "$(readlink "/proc/$processor/ns/net")" != "$(readlink /proc/self/ns/net)" ] ||
        fail "the processor shares our network"
    # All of it where CAP_IPC_LOCK allows, not the secrets alone.
    if [ "$PAWL_SANITIZED" = 0 ] && [ $((0x$(field CapEff) & 0x4000)) != 0 ]; then
        [ "$(field VmLck | cut -d' ' -f1)" -gt 5000 ] || fail "its memory is not locked"
    fi
    # Neither the PUD, nor anything that it was started with, is open.
    held=$(find "/proc/$processor/fd" -type l -printf '%l\n' | sort)
    known="^/dev/null$|^$scratch(/state|/state/[a-z.]+|/log|)\$|^(socket|anon_inode):"
    strangers=$(grep -vE "$known" <<<"$held" || true)
    [ -z "$strangers" ] || fail "open in the processor: $strangers"
    grep -q unit.pud <<<"$held" && fail "the PUD is still open"
fi

# The attempts are worth something: without a sandbox root succeeds with nearly all of them.
# In a mount namespace, because some succeed; in a shell of its own, because it is killed.
hostile=(hostile "$processor" "$uid" "$scratch/unit.pud" "$scratch/state/flash.bin"
    "$scratch/state/counter" "$scratch/state/cells")
if [ "$uid" = 0 ] && [ "$PAWL_SANITIZED" = 0 ]; then
    must_break=(socket-{inet,inet6,netlink,packet,raw,raw6,stream,seqpacket}
        {ptrace,memory,kill,descriptor,memory-write}-processor proc-{mem,mem-parent,fd-parent}
        enter-namespace own-image-{unreadable,mode} no-new-privs seccomp no-capabilities
        no-return-to-root environment unshare unshare-network clone-namespace mount chroot
        add-key core-limit process-limit raise-limit device-node priority
        perf set-clock open-by-handle userfaultfd io-uring type-into-terminal
        {file,memory,descriptor,fork}-bomb "file $scratch/unit.pud" "write $scratch/state/counter")
    unshare -m sh -c '"$@" >"$0"; :' "$scratch/outside" "$PAWL_TOOLS/guest-static" "${hostile[@]}" \
        9>/dev/null || true
    until_true grep -qE ' fork-bomb$' outside
    echo "without a sandbox $(grep -c '^BROKEN ' outside) attempts succeed; these do not:" \
        $(sed -n 's/^held //p' outside)
    for name in "${must_break[@]}"; do
        grep -q "^BROKEN $name\$" outside || fail "outside of a sandbox $name proves nothing"
    done
fi

# The same numbers would mean other processes and files in the image's own namespaces; the paths
# exist there unless they are hidden.
pack hostile -- "${hostile[@]}"
expect "the hostile image ran" "$(try hostile)" '^state=7 sequence=1'
checks=$(grep -c 'image: held ' log || true)
[ "$checks" -ge 70 ] || fail "only $checks checks were made"
if logged 'image: BROKEN'; then
    fail "$(grep -o 'BROKEN.*' log)"
fi

# What was checked is what runs: nothing changes the image any more (I3).
if [ "$uid" = 0 ]; then
    pack sealed --success ready -- notify READY=1 "$scratch"
    expect "a running image" "$(try sealed)" '^state=7 sequence=2 .*running=1'
    # And it is not swapped: the engine holds it in memory.
    locked=$(sed -nE 's/^VmLck:[[:space:]]*([0-9]+) kB/\1/p' "/proc/$processor/status")
    if [ "$PAWL_SANITIZED" = 0 ] && [ $((0x$(field CapEff) & 0x4000)) != 0 ]; then
        [ "$locked" -ge $(($(field VmLck | cut -d' ' -f1) + 600)) ] || fail "it is not locked"
    fi
    image=$(pgrep -xf "guest notify READY=1 $scratch" | tail -n 1)
    "$PAWL_TOOLS/guest-static" seals "/proc/$image/exe" || fail "the image is not sealed"
fi

# An image's name, version and output cannot forge the log.
pack forger --name $'x\nforged' -- exit 0
try forger >/dev/null
if logged '^forged'; then fail "a name with a newline made a line of its own"; fi
stop
