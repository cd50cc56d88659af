#!/bin/bash
# The secure processor on a microcontroller: two Cortex-M33 with TrustZone, emulated by QEMU,
# served by the same server and agent as Linux devices, over raw Ethernet. Personalization, two
# downloads, an image that looks at secure memory, a rollback, a copy, power cuts. Ends with a
# table; exits non-zero if anything differed.
set -uo pipefail
cd "$(dirname "$0")/.."
export PAWL_SOURCE=${PAWL_SOURCE:-$PWD}
export PAWL_BIN=${PAWL_BIN:-$PWD/build/bin}
firmware=${PAWL_FIRMWARE:-$PWD/build-cortex-m33}
source scripts/world.sh
source scripts/demo_show.sh

boards=(board-1 board-2)
address=0x28200000

die() {
    echo "demo: $*" >&2
    tail -n 5 server.log ./*/processor.log 2>/dev/null >&2
    exit 1
}

class_of() { # the exit code of a command as the name of its result class
    local names=([0]=ok [3]="nothing to do" [11]=unsupported [12]=untrusted [14]=not-entitled
        [15]=rollback [16]=corrupt [17]=io [20]=state) code=0
    "$@" >attempt.log 2>&1 || code=$?
    echo "${names[code]:-exit $code}"
}

release() { # release VERSION SECURITY_VERSION IMAGE: packages and publishes
    "$pawl" package --quiet --image "$3" --kind raw --load-address $address \
        --entry-address $address --success ready --deadline 20 --key vendor.pem \
        --vendor example.com --class sensor --name greeter --version "$1" --security-version "$2" \
        --content-key "$1.key" --out "$1.pawl" >/dev/null || die "cannot package $1"
    "$pawl" publish --quiet --content-key "$1.key" "$1.pawl" >/dev/null || die "cannot publish $1"
}

assign() { "$pawl" assign --vendor example.com --class sensor "$1.pawl" >/dev/null; }

sequences() {
    local name list=()
    for name in "${boards[@]}"; do list+=("$(server_sees "$name" sequence)"); done
    echo "${list[*]}"
}

image_says() { sed -n 's/^image: \([^\r]*\).*/\1/p' "$1/processor.log" | tail -n 1; }

faults() { # the kinds of fault that images of a device ended with
    sed -n 's/.*image faulted: exception 0x[37] sfsr 0x8 .*/SecureFault/p' "$1/processor.log" | uniq
}

personalization() {
    chapter "Two boards, and a Linux device of the same class"
    "$pawl" keygen --out vendor.pem >/dev/null
    "$PAWL_BIN/pawld" init --data server >/dev/null
    "$pawl" personalize --vendor example.com --class sensor --count 3 --trust vendor.pub.pem \
        --server-cert server/server.crt --out units >/dev/null || die "cannot personalize"
    server_start || die "pawld does not start"
    "$pawl" import units/units.import >/dev/null || die "cannot import"
    local units=(units/*.pud) other
    say "A board with erased flash and fuses starts and waits. The factory gives it its unit data" \
        "over the link, once."
    m33_add board-1 "${units[0]}" || die "board-1 takes no unit data"
    m33_add board-2 "${units[1]}" || die "board-2 takes no unit data"
    device_add linux "${units[2]}"
    other=${units[2]}
    tried "other unit data, later" state \
        "$(class_of "$PAWL_BIN/pawl-agent" --processor "$(cat board-1/processor)" \
            --provision "$other")"
    show "$PAWL_BIN/pawl-agent" --processor "$(cat board-1/processor)" --status
}

downloads() {
    chapter "The first download: one package, each board under its own key"
    release 1 1 "$firmware/bin/greeter.bin"
    assign 1
    agent_command board-1
    show_live "${agent[@]}" --once
    agent_run board-2 --once --quiet
    tried "first download, two boards" "1 1" "$(sequences)"
    tried "the image computed, in the non-secure world" \
        "the largest prime below 100000 is 99991" "$(image_says board-1)"
    "$pawl" entitle --quiet --content-key 1.key --sequence 0 --pud linux/device.pud \
        --out linux.ent 1.pawl >/dev/null || die "cannot entitle"
    "$pawl" entitle --quiet --content-key 1.key --sequence 0 --pud board-1/device.pud \
        --out board.ent 1.pawl >/dev/null || die "cannot entitle"
    tried "the same package on the Linux device" ok "$(class_of "$pawl" open --quiet \
        --pud linux/device.pud --sequence 0 --entitlements linux.ent --out opened 1.pawl)"
    tried "... is the same image" same "$(cmp -s opened "$firmware/bin/greeter.bin" && echo same)"
    tried "a board's entitlement on the Linux device" not-entitled \
        "$(class_of "$pawl" open --quiet --pud linux/device.pud --sequence 0 \
            --entitlements board.ent --out /dev/null 1.pawl)"

    chapter "The second download, and one that looks at secure memory"
    release 2 2 "$firmware/bin/greeter.bin"
    assign 2
    local name
    for name in "${boards[@]}"; do agent_run "$name" --once --quiet; done
    tried "second download, two boards" "2 2" "$(sequences)"
    release 3-curious 2 "$firmware/bin/curious.bin"
    "$pawl" assign --device "$(cat board-1/id)" 3-curious.pawl >/dev/null
    agent_run board-1 --once --quiet
    tried "it ends in a" SecureFault "$(faults board-1)"
    tried "the number stays" 2 "$(server_sees board-1 sequence)"
    tried "the older image runs again" "the largest prime below 100000 is 99991" \
        "$(wait_for 5 image_is_back; image_says board-1)"
    release 0-old 1 "$firmware/bin/greeter.bin"
    "$pawl" assign --device "$(cat board-2/id)" 0-old.pawl >/dev/null
    tried "an older security version" rollback "$(class_of agent_run board-2 --once)"
}

image_is_back() { [[ "$(image_says board-1)" = *prime* ]]; }

power_cuts() {
    chapter "Power cuts, at any time"
    cat "$firmware/bin/greeter.bin" <(head -c 1900000 /dev/urandom) >large.bin
    release 4 2 large.bin
    "$pawl" assign --device "$(cat board-2/id)" 4.pawl >/dev/null
    say "The board loses its power again and again while it takes 1.9 MB and commits them."
    local cuts=0 resumed
    : >board-2/agent.log
    while [ $cuts -lt 5 ]; do
        "$PAWL_BIN/pawl-agent" --server "$server_url" --once --min-poll 0 \
            --processor "$(cat board-2/processor)" >>board-2/agent.log 2>&1 &
        pids[cut-agent]=$!
        sleep "0.$((2 + RANDOM % 3))"
        m33_stop board-2
        process_stop cut-agent
        cuts=$((cuts + 1))
        m33_start board-2 || die "board-2 does not start any more"
    done
    agent_run board-2 --once --min-poll 0 >>board-2/agent.log 2>&1
    resumed=$(grep -c "resuming the download" board-2/agent.log)
    tried "downloads that went on where power was cut" some "$([ "$resumed" -gt 0 ] && echo some)"
    "$pawl" device retry "$(cat board-2/id)" >/dev/null 2>&1 # if a cut fell into the trial
    agent_run board-2 --once --quiet --min-poll 0
    tried "after $cuts cuts, number and server" "3 3" \
        "$(agent_run board-2 --status --json | jq -r .sequence) $(server_sees board-2 sequence)"
}

copies() {
    chapter "A copy of a board"
    say "Flash and fuses of board-1 are copied, bit by bit. The board takes its next download," \
        "and then the copy asks."
    m33_stop board-1
    mkdir -p copy
    cp board-1/nvm.bin copy/nvm.bin
    cp board-1/id copy/id
    m33_start board-1 || die "board-1 does not start"
    release 5 2 "$firmware/bin/greeter.bin"
    "$pawl" assign --device "$(cat board-1/id)" 5.pawl >/dev/null
    agent_run board-1 --once --quiet
    tried "the board's next download" 3 "$(server_sees board-1 sequence)"
    m33_start copy || die "the copy does not start"
    agent_run copy --once --quiet >/dev/null 2>&1
    tried "the copy, at the server" quarantined "$(server_sees copy state)"
    tried "the number of the copy stays" 2 \
        "$(agent_run copy --status --json | jq -r .sequence)"
}

world_open
echo "Pawl on a Cortex-M33 with TrustZone. Scratch directory: $world"
personalization
downloads
power_cuts
copies
if table_print; then
    echo "Everything happened as expected, in $SECONDS seconds."
else
    die "$differed of ${#rows[@]} differ"
fi
