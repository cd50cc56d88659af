#!/bin/bash
# What attackers, accidents and power cuts try in the demo. Sourced by demo.sh, which has set up
# five devices at sequence number 2.

# Assigns a package to one device and lets its agent take it once; prints the class it ended with.
take() { # take DEVICE PACKAGE
    "$pawl" assign --device "$(cat "$1/id")" "$2.pawl" >/dev/null || die "cannot assign $2"
    class_of agent_run "$1" --once
}

byte_flip() { # one bit of a file
    local byte
    byte=$(od -An -tu1 -j100000 -N1 "$1")
    printf '%b' "\\x$(printf %x $((byte ^ 1)))" |
        dd of="$1" bs=1 seek=100000 conv=notrunc status=none
}

open_direct() { # open_direct DEVICE SEQUENCE
    "$pawl" open --quiet --pud "$1/device.pud" --sequence "$2" --out /dev/null direct.pawl
}

entitlements_elsewhere() {
    chapter "Attack: entitlements where they do not belong"
    tried "entitled device, at its number" ok "$(class_of open_at gateway-1 0 gateway-1)"
    tried "same package and entitlement, other device" not-entitled \
        "$(class_of open_at gateway-2 0 gateway-1)"
    tried "replay: the first entitlement, now" not-entitled \
        "$(class_of open_at gateway-1 2 gateway-1)"
    "$pawl" package --quiet --image "$busybox" --key vendor.pem --vendor example.com \
        --class gateway --name busybox --version 2-direct --security-version 2 --direct \
        --pud gateway-1/device.pud --sequence 2 --out direct.pawl >/dev/null || die "cannot package"
    tried "direct mode: sealed under one device's own key" ok "$(class_of open_direct gateway-1 2)"
    tried "direct mode: at another device" not-entitled "$(class_of open_direct gateway-2 2)"
    tried "direct mode: one download later" not-entitled "$(class_of open_direct gateway-1 3)"
    proven "an entitlement is for one device and one number (I1, I2)."
}

rolling_back() {
    chapter "Attack: an older security version"
    release gateway 0-old 1 vendor.pem echo "old and vulnerable"
    publish gateway-0-old
    say "Signed by the vendor, offered by the server, entitled for the right number; the device" \
        "has run security version 2."
    tried "older security version" rollback "$(take gateway-2 gateway-0-old)"
    tried "its number stays" 2 "$(server_sees gateway-2 sequence)"
    proven "the floor is kept by the device; nobody talks it down."
}

damaging() {
    local stored
    chapter "Attack: damaged packages"
    release gateway 4 2 vendor.pem echo "release 4"
    publish gateway-4
    stored=server/packages/$package_id.pawl
    say "One bit of the server's own file is flipped behind its back."
    chmod u+w "$stored"
    byte_flip "$stored"
    tried "a flipped bit, met by the device" corrupt "$(take gateway-3 gateway-4)"
    tried "its number stays" 2 "$(server_sees gateway-3 sequence)"
    release gateway 4-flipped 2 vendor.pem echo "release 4"
    byte_flip gateway-4-flipped.pawl
    tried "a flipped bit, met by the server" corrupt "$(class_of "$pawl" publish --quiet \
        --content-key gateway-4-flipped.key gateway-4-flipped.pawl)"
    "$pawl" entitle --quiet --content-key gateway-4.key --sequence 2 --pud gateway-3/device.pud \
        --out cut.ent gateway-4.pawl >/dev/null || die "cannot entitle"
    head -c 300000 gateway-4.pawl >cut.pawl
    tried "a truncated file" corrupt "$(class_of "$pawl" open --quiet --sequence 2 \
        --pud gateway-3/device.pud --entitlements cut.ent --out cut.image cut.pawl)"
    tried "no output file is left of it" absent "$([ -e cut.image ] && echo there || echo absent)"
    byte_flip "$stored"
    "$pawl" device retry "$(cat gateway-3/id)" >/dev/null || die "cannot retry"
    tried "the undamaged one, on retry" ok "$(class_of agent_run gateway-3 --once)"
    proven "no byte of an unchecked chunk is released, and the device recovers (I3, I4)."
}

half_of_the_power() {
    chapter "Attack: half of the power"
    say "A thief has the vendor's signing key, but no server: he can entitle only devices whose" \
        "secrets he made himself."
    "$pawl" personalize --vendor example.com --class gateway --count 1 --trust vendor.pub.pem \
        --out thief >/dev/null 2>&1 || die "cannot personalize"
    release gateway 9-thief 9 vendor.pem echo "the thief's software"
    "$pawl" entitle --quiet --content-key gateway-9-thief.key --sequence 3 --pud thief/*.pud \
        --out gateway-9-thief.ent gateway-9-thief.pawl >/dev/null || die "cannot entitle"
    tried "stolen signing key, without the server" not-entitled \
        "$(class_of open_at gateway-3 3 gateway-9-thief)"
    say "A corrupt operator has the whole server, but no signing key: he signs with one of his own."
    "$pawl" keygen --out operator.pem >/dev/null || die "cannot make a key"
    release gateway 9-operator 9 operator.pem echo "the operator's software"
    publish gateway-9-operator
    tried "the server, without the signing key" untrusted "$(take gateway-3 gateway-9-operator)"
    tried "its number stays" 3 "$(server_sees gateway-3 sequence)"
    proven "neither alone makes a device run anything (I7)."
}

cloning() {
    chapter "Attack: a clone of a device's whole state"
    say "Secret, flash and counter of sensor-1 are copied. The device then takes one more release."
    processor_stop sensor-1
    cp -a sensor-1 clone
    processor_start sensor-1 || die "sensor-1 does not start"
    release sensor 3 2 vendor.pem echo "sensor software, release 3"
    publish sensor-3
    take sensor-1 sensor-3 >/dev/null
    tried "the device itself" 3 "$(server_sees sensor-1 sequence)"
    processor_start clone || die "the clone does not start"
    agent_run clone --once >clone.log 2>&1
    tried "the clone, and the number it stands at" quarantined "$(server_sees sensor-1 state)"
    processor_stop clone
    "$pawl" audit --limit 10000 | tail -n 1 | inset
    show "$pawl" device release --reason "the copy was found and destroyed" "$(cat sensor-1/id)"
    agent_run sensor-1 --once --quiet
    tried "released: the device goes on" active "$(server_sees sensor-1 state)"
    proven "a copy that reports is found, and only a person lets the device go on."
}

# Kills one of the three and starts it again, except the agent; false when it did not run.
kill_of() {
    local key=sensor-2-$1
    [ "$1" != server ] || key=server
    process_alive "$key" || return 1
    process_stop "$key" KILL
    case $1 in
    server) server_start || die "pawld does not come back" ;;
    processor) processor_start sensor-2 || die "sensor-2 does not come back" ;;
    esac
}

# The agent tells of progress: bytes are on their way.
download_moves() { tail -n 1 sensor-2/agent.log | grep -q '^downloading'; }

killing() {
    local hits=0 resumed=0 what
    chapter "Accident: kill -9 of device and server in mid-download"
    { cat "$busybox"; head -c 200M /dev/urandom; } >large
    chmod +x large
    image=large release sensor 5 2 vendor.pem echo "a large release"
    publish sensor-5
    "$pawl" assign --device "$(cat sensor-2/id)" sensor-5.pawl >/dev/null || die "cannot assign"
    for what in agent processor server; do
        rm -f sensor-2/agent.log
        agent_start sensor-2
        wait_for 20 download_moves || die "no download under way"
        kill_of "$what" && hits=$((hits + 1))
        agent_stop sensor-2
        grep -q 'resuming the download at' sensor-2/agent.log && resumed=$((resumed + 1))
        say "kill -9 of the $what at: $(grep ^downloading sensor-2/agent.log | tail -n 1)"
    done
    tried "kills that hit a running program" 3 "$hits"
    agent_command sensor-2
    show "${agent[@]}" --once
    tried "downloads that went on where they were" 2 "$resumed"
    tried "the download, in the end" 3 "$(server_sees sensor-2 sequence)"
    proven "what was taken stays taken; nothing is lost, nothing counted twice (I4, I5)."
}

attacks() {
    entitlements_elsewhere
    rolling_back
    damaging
    half_of_the_power
    cloning
    killing
}
