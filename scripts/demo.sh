#!/bin/bash
# The whole story on this machine, from keys to attacks, with real programs on loopback: five
# devices of two classes, two downloads each under two keys, a failing image, what attackers try,
# a campaign over 2,000 simulated devices, content, push. Ends with a table of what was tried and
# what happened; exits non-zero if anything differed.
set -uo pipefail
cd "$(dirname "$0")/.."
export PAWL_BIN=${PAWL_BIN:-$PWD/build/bin} PAWL_TOOLS=${PAWL_TOOLS:-$PWD/build/tools}
source scripts/world.sh
source scripts/demo_show.sh
source scripts/demo_attacks.sh
source scripts/demo_campaign.sh
source scripts/demo_content.sh
source scripts/demo_push.sh
demo_source=$PWD

gateways=(gateway-1 gateway-2 gateway-3)
sensors=(sensor-1 sensor-2)
devices=("${gateways[@]}" "${sensors[@]}")
busybox=$(command -v busybox)

die() {
    echo "demo: $*" >&2
    [ ! -f server.log ] || tail -n 5 server.log >&2
    exit 1
}

# The exit code of a command as the name of its result class.
class_of() {
    "$@" >attempt.log 2>&1
    class_name $?
}
class_name() {
    local names=([0]=ok [1]=failed [2]=usage [3]="nothing to do" [10]=malformed [11]=unsupported
        [12]=untrusted [13]=wrong-class [14]=not-entitled [15]=rollback [16]=corrupt [17]=io
        [18]=storage [19]=exhausted [20]=state)
    echo "${names[$1]:-exit $1}"
}

# release CLASS VERSION SECURITY_VERSION KEY COMMAND...: busybox running one of its commands,
# packaged to CLASS-VERSION.pawl with its content key beside it.
release() {
    local class=$1 version=$2 security=$3 key=$4
    shift 4
    "$pawl" package --image "${image:-$busybox}" --key "$key" --vendor example.com \
        --class "$class" --name busybox --version "$version" \
        --security-version "$security" --deadline 10 \
        --content-key "$class-$version.key" --out "$class-$version.pawl" --quiet --json \
        -- "$@" >release.json || die "cannot package $class $version"
    package_id=$(jq -r .package_id release.json)
}

publish() { # publish CLASS-VERSION: hands package and content key to the server
    "$pawl" publish --quiet --content-key "$1.key" "$1.pawl" >/dev/null || die "cannot publish $1"
}

image_says() { # the newest line that a device's image printed
    sed -n 's/.*image: //p' "$1/processor.log" | tail -n 1
}

numbers() { # sequence numbers on both sides
    local name server device
    printf '    %-11s %8s %8s   %s\n' device "its own" server "its image said"
    for name in "$@"; do
        server=$(server_sees "$name" sequence)
        device=$(agent_run "$name" --status --json | jq -r .sequence)
        printf '    %-11s %8s %8s   %.60s\n' "$name" "$device" "$server" "$(image_says "$name")"
        [ "$server" = "$device" ] || die "$name: the two sides differ"
    done
}

keys_and_devices() {
    chapter "Keys, and five devices of two classes"
    say "The vendor makes a signing key. The server makes keys of its own. The factory gives each" \
        "device a secret; the server's copy travels encrypted to it."
    show "$pawl" keygen --out vendor.pem
    show "$PAWL_BIN/pawld" init --data server
    show "$pawl" personalize --vendor example.com --class gateway --count 3 --trust vendor.pub.pem \
        --server-cert server/server.crt --out gateways
    show "$pawl" personalize --vendor example.com --class sensor --count 2 --trust vendor.pub.pem \
        --server-cert server/server.crt --out sensors
    server_start || die "pawld does not start"
    say "pawld listens on loopback."
    show "$pawl" import gateways/units.import
    show "$pawl" import sensors/units.import
    local i=0 pud
    for pud in gateways/*.pud sensors/*.pud; do
        device_add "${devices[i]}" "$pud"
        processor_start "${devices[i]}" || die "${devices[i]} does not start"
        i=$((i + 1))
    done
    tried "private files are mode 600" 600 \
        "$(stat -c %a vendor.pem gateways/*.pud sensors/*.pud server/master.key | sort -u | xargs)"
    tried "the same batch imported again" "nothing to do" \
        "$(class_of "$pawl" import gateways/units.import)"
    proven "a device secret exists once, in its device and, encrypted, at the server."
}

first_release() {
    chapter "Release 1: signed and encrypted once, for every gateway"
    say "The image is Debian's busybox, a program this project did not write. It will run 'factor'."
    show "$pawl" package --image "$busybox" --key vendor.pem --vendor example.com --class gateway \
        --name busybox --version 1 --security-version 1 --content-key gateway-1.key \
        --out gateway-1.pawl --args factor 8792637
    show "$pawl" inspect gateway-1.pawl
    show "$pawl" publish --content-key gateway-1.key gateway-1.pawl
    show "$pawl" assign --vendor example.com --class gateway gateway-1.pawl
    release sensor 1 1 vendor.pem uname -s -m
    publish sensor-1
    show "$pawl" assign --vendor example.com --class sensor sensor-1.pawl
    tried "wrong class: a gateway's package at a sensor" wrong-class \
        "$(class_of open_at sensor-1 0 gateway-1)"
    proven "one ciphertext serves a class; another class refuses it."

    chapter "The first download: each device under its own key"
    agent_command gateway-1
    show_live "${agent[@]}" --once
    local name
    for name in "${devices[@]:1}"; do agent_run "$name" --once --quiet; done
    numbers "${devices[@]}"
    tried "first download, five devices" "1 1 1 1 1" "$(sequences)"
    proven "image decrypted, checked, run; only then did each number go from 0 to 1, on both sides."
}

sequences() {
    local name list=()
    for name in "${devices[@]}"; do list+=("$(server_sees "$name" sequence)"); done
    echo "${list[*]}"
}

# open_at DEVICE SEQUENCE PACKAGE: what that device would do at that number with PACKAGE's
# table.
open_at() {
    [ -f "$3.ent" ] || "$pawl" entitle --quiet --content-key "$3.key" --sequence 0 \
        --pud gateway-1/device.pud --out "$3.ent" "$3.pawl"
    "$pawl" open --quiet --pud "$1/device.pud" --sequence "$2" --entitlements "$3.ent" \
        --out /dev/null "$3.pawl"
}

second_release() {
    chapter "Release 2: the second download, under new keys"
    release gateway 2 2 vendor.pem factor 11115201
    publish gateway-2
    show "$pawl" assign --vendor example.com --class gateway gateway-2.pawl
    release sensor 2 2 vendor.pem echo "sensor software, release 2"
    publish sensor-2
    "$pawl" assign --vendor example.com --class sensor sensor-2.pawl >/dev/null ||
        die "cannot assign"
    local name
    for name in "${devices[@]}"; do agent_run "$name" --once --quiet; done
    numbers "${devices[@]}"
    tried "second download, five devices" "2 2 2 2 2" "$(sequences)"
    proven "K(1) is another key than K(0), from the same secret, and no message carried either."

    chapter "A release that fails leaves the older software running"
    release gateway 3-broken 2 vendor.pem false
    publish gateway-3-broken
    "$pawl" assign --device "$(cat gateway-1/id)" gateway-3-broken.pawl >/dev/null ||
        die "cannot assign"
    agent_command gateway-1
    show "${agent[@]}" --once
    tried "failing image: number stays" 2 "$(server_sees gateway-1 sequence)"
    tried "failing image: the older one runs again" "11115201: 3 3705067" \
        "$(image_says gateway-1)"
    tried "failing image: the server knows why" 64 "$(server_sees gateway-1 last_failure.code)"
    proven "success is a run, not a download: the number moved only when an image ran."
}

world_open
echo "Pawl, from nothing. Scratch directory: $world"
keys_and_devices
first_release
second_release
content_for_a_release
attacks
campaigns
content_after_a_download
push_wakes
if table_print; then
    echo "Everything happened as expected, in $SECONDS seconds."
else
    die "$differed of ${#rows[@]} differ"
fi
