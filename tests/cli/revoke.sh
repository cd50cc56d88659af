#!/bin/bash
# Releases that revoke vendor keys, and those that ask for a profile (SPEC 6.8, 6.9), as vendor and
# factory make and see them. Which devices take them is tested in test_processor_anchors.
. "$(dirname "$0")/lib.sh"

for key in first second third other more; do
    expect ok keygen --out $key.pem --json
    declare "$key=$(jq -r .key_id out)"
done
unit() { # DIRECTORY KEY...: the unit data of a device that trusts these keys, in this order
    local directory=$1 key trust=()
    shift
    for key; do trust+=("$key.pub.pem"); done
    expect ok personalize --vendor example.com --class gateway-a --trust "${trust[@]}" \
        --out "$directory"
    pud=$(ls "$directory"/*.pud)
}
package=(package --vendor example.com --class gateway-a --name app --version 1.0
    --security-version 1 --image image)
head -c 70000 /dev/urandom >image
chmod +x image

# It is in the manifest, signed, and shown.
expect ok "${package[@]}" --key second.pem --revoke first.pub.pem --out app.pawl
expect ok inspect --json --trust second.pub.pem app.pawl
check "the key that is revoked, and who says so" jq -e --arg first "$first" --arg second "$second" \
    '.revokes == [$first] and .signed_by == $second and .signature == "good"' out
expect ok inspect app.pawl
check "for people, too" grep -qx " *$first" out
expect ok "${package[@]}" --key third.pem --revoke first.pub.pem second.pub.pem \
    --revoke other.pem --out three.pawl
expect ok inspect --json three.pawl
check "three keys, a private one by its public half" jq -e --arg first "$first" \
    --arg second "$second" --arg other "$other" '.revokes == [$first, $second, $other]' out
expect ok "${package[@]}" --key first.pem --out plain.pawl
expect ok inspect --json plain.pawl
check "most releases revoke nothing" jq -e 'has("revokes") | not' out

# Sealed anew it is the same release.
expect ok inspect --json app.pawl
cp out before
expect ok reseal --content-key app.key --out again.pawl --new-content-key again.key app.pawl
expect ok inspect --json again.pawl
check "it revokes the same" jq -e --slurpfile before before '.release_id ==
    $before[0].release_id and .revokes == $before[0].revokes and
    .package_id != $before[0].package_id' out

# What no device would take is not made.
expect state "${package[@]}" --key first.pem --revoke first.pub.pem --out bad.pawl
hinted
expect state "${package[@]}" --key first.pem --revoke second.pub.pem first.pem --out bad.pawl
expect malformed "${package[@]}" --key second.pem --revoke first.pub.pem first.pem --out bad.pawl
expect malformed "${package[@]}" --key second.pem --revoke image --out bad.pawl
expect io "${package[@]}" --key second.pem --revoke missing.pem --out bad.pawl
expect usage "${package[@]}" --key more.pem --revoke first.pem second.pem third.pem other.pem \
    --out bad.pawl
absent bad.pawl bad.key

# A device takes it by the order in which it trusts keys.
opened() { # CLASS PACKAGE
    local name=${2%.pawl}
    rm -f opened "$name.ent"
    expect ok entitle --content-key "$name.key" --sequence 0 --pud "$pud" --out "$name.ent" "$2"
    expect "$1" open --pud "$pud" --sequence 0 --entitlements "$name.ent" --out opened "$2"
    if [ "$1" = ok ]; then check "$2: the image" cmp -s image opened; else absent opened; fi
}
unit forward first second third
opened ok app.pawl
opened ok three.pawl
opened ok plain.pawl
unit backward third second first
opened untrusted app.pawl
check "it says what is wrong" grep -q "comes after it" err
hinted
opened untrusted three.pawl
opened ok plain.pawl
unit stranger second
opened ok app.pawl # the key that is revoked is none of its
opened untrusted plain.pawl
check "it names the key" grep -q "it names key $first" err

# Profiles.
expect ok "${package[@]}" --key first.pem --profile network --out net.pawl
expect ok inspect --json net.pawl
check "the profile" jq -e '.profile == "network"' out
expect ok inspect net.pawl
check "for people, too" grep -qE "^ *profile:? +network" out
expect ok inspect --json plain.pawl
check "confined without one" jq -e '.profile == "confined"' out
expect ok "${package[@]}" --key first.pem --profile confined --created 1 --out said.pawl
expect ok inspect --json said.pawl
cp out before
expect ok "${package[@]}" --key first.pem --created 1 --out silent.pawl
expect ok inspect --json silent.pawl
check "which need not be said" jq -e --slurpfile before before '.release_id ==
    $before[0].release_id and .profile == "confined"' out
opened untrusted net.pawl
unit forward2 first
opened ok net.pawl
expect usage "${package[@]}" --key first.pem --profile everything --out bad.pawl
expect ok "${package[@]}" --key first.pem --profile confined --kind opaque --out opaque.pawl
expect usage "${package[@]}" --key first.pem --profile network --kind opaque --out bad.pawl
absent bad.pawl bad.key
finish
