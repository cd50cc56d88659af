#!/bin/bash
# The verbs of vendor and factory, with their success and each of their failure classes (SPEC 17;
# I1-I3): a failure leaves no output file.
. "$(dirname "$0")/lib.sh"

# keygen
expect ok keygen --out vendor.pem
mode_is 600 vendor.pem
check "OpenSSL reads the key" openssl ec -in vendor.pem -noout -check 2>/dev/null
check "OpenSSL reads the public key" openssl pkey -pubin -in vendor.pub.pem -noout
cp vendor.pem before
expect state keygen --out vendor.pem
hinted
check "an existing key is untouched" cmp -s vendor.pem before
rm vendor.pem
expect state keygen --out vendor.pem # its public half is in the way
absent vendor.pem
expect ok keygen --out vendor.pem --force
expect io keygen --out missing/vendor.pem
absent missing
expect ok keygen --out other.key --json
check "JSON names both files" jq -e '.private_key == "other.key" and
    .public_key == "other.key.pub.pem" and (.key_id | length) == 16' out

# personalize
personalize=(personalize --vendor example.com --class gateway-a --trust vendor.pub.pem)
expect ok "${personalize[@]}" --count 3 --out units
mode_is 700 units
mapfile -t puds < <(ls units/*.pud)
check "three units" test ${#puds[@]} -eq 3
mode_is 600 "${puds[0]}"
mode_is 600 units/units.import
check "units.import is the units one after the other" \
    test "$(cat units/*.pud | wc -c)" -eq "$(stat -c %s units/units.import)"
for pud in "${puds[@]}"; do
    id=$(basename "$pud" .pud)
    expect ok inspect --json "$pud"
    check "a file is named by its device" jq -e --arg id "$id" '.device_id == $id' out
    check "identifiers are those of the vector" jq -e \
        '.vendor_id == "cfbff0d193755685968c48ce8b15ae17" and
        .class_id == "9c5f18876f8f53a4ba118ae931bcfca1" and .chain_length == 1024' out
done
expect state "${personalize[@]}" --out units
hinted
expect ok "${personalize[@]}" --count 2 --out . # into a directory that has other files
check "both units are here" test "$(find . -maxdepth 1 -name '*.pud' | wc -l)" -eq 2
rm ./*.pud units.import
expect ok "${personalize[@]}" --chain-length 7 --maximum 5 --trust other.key --out short --json
short=$(ls short/*.pud)
expect ok inspect --json "$short"
check "chain length, maximum and two keys" jq -e \
    '.chain_length == 7 and .maximum_sequence == 5 and (.trusted_keys | length) == 2' out
expect malformed "${personalize[@]}" --trust vendor.pem --out twice
expect malformed personalize --vendor v --class c --trust /etc/passwd --out bad
expect io personalize --vendor v --class c --trust missing.pem --out bad
expect io "${personalize[@]}" --out missing/units
expect usage "${personalize[@]}" --count 0 --out bad
expect usage "${personalize[@]}" --chain-length 65536 --out bad
expect usage "${personalize[@]}" --trust a b c d --out bad
expect ok "${personalize[@]}" --count 5000 --no-pud-files --out many
empty_but many units.import
absent twice bad missing

# package
head -c 300000 /dev/urandom >image
package=(package --key vendor.pem --vendor example.com --class gateway-a --name app --version 1.0
    --security-version 3 --kind opaque)
expect ok "${package[@]}" --image image --out app.pawl
mode_is 600 app.key
check "the content key has 32 bytes" test "$(stat -c %s app.key)" -eq 32
cp app.key before
expect state "${package[@]}" --image image --out app.pawl
check "an existing content key is untouched" cmp -s app.key before
expect ok "${package[@]}" --image image --out named.pawl --content-key elsewhere
absent named.key
for size in 1K 4096 1M; do
    expect ok "${package[@]}" --image image --chunk-size $size --out chunk-$size.pawl
done
for size in 512 2M 1000 65535; do
    expect usage "${package[@]}" --image image --chunk-size $size --out bad.pawl
done
: >empty
expect malformed "${package[@]}" --image empty --out bad.pawl
expect io "${package[@]}" --image missing --out bad.pawl
expect unsupported "${package[@]}" --image /dev/zero --out bad.pawl
expect unsupported "${package[@]}" --image . --out bad.pawl
expect io "${package[@]}" --image image --out missing/bad.pawl
expect io "${package[@]}" --image image --out bad.pawl --content-key missing/bad.key
expect malformed "${package[@]}" --image image --key vendor.pub.pem --out bad.pawl
expect malformed "${package[@]}" --image image --name $'\xff' --out bad.pawl
expect exhausted "${package[@]}" --image image --name "$(printf 'x%.0s' {1..4096})" --out bad.pawl
openssl genrsa -out rsa.pem 2048 2>/dev/null
expect unsupported "${package[@]}" --image image --key rsa.pem --out bad.pawl
expect usage "${package[@]}" --image image --kind other --out bad.pawl
expect usage "${package[@]}" --image image --success never --out bad.pawl
expect usage "${package[@]}" --image image --args x --out bad.pawl
expect usage "${package[@]}" --image image --kind raw --out bad.pawl
expect usage "${package[@]}" --image image --kind raw --load-address -1 --entry-address 0 \
    --out bad.pawl
expect usage "${package[@]}" --image image --direct --out bad.pawl
expect usage "${package[@]}" --image image --sequence 3 --out bad.pawl
expect usage package --image image --out bad.pawl
absent bad.pawl bad.key missing
expect ok "${package[@]}" --image image --kind raw --load-address 0x20000000 \
    --entry-address 0x20000100 --success ready --deadline 7 --created 1700000000 --out raw.pawl
expect ok inspect --json raw.pawl
check "the manifest says what was given" jq -e '.kind == "raw" and .load_address == 536870912 and
    .entry_address == 536871168 and .success == "ready" and .deadline == 7 and
    .created == 1700000000 and .security_version == 3 and .image_size == 300000' out
check "the image digest is fs-verity's" test "$(jq -r .image_digest out)" = \
    "$(fsverity digest --compact image)"
expect ok "${package[@]}" --image image --kind exec --args one --args='--two three' \
    --args four --out arguments.pawl -- --five
expect ok inspect --json arguments.pawl
check "arguments in their order" jq -e '.arguments == ["one", "--two three", "four", "--five"]' out
"$pawl" "${package[@]}" --image "$pawl" --kind exec --out dynamic.pawl >/dev/null 2>err
check "a dynamic executable is told" grep -q 'dynamically linked' err
SOURCE_DATE_EPOCH=1600000000 expect ok "${package[@]}" --image image --out a.pawl --json
release=$(jq -r .release_id out)
SOURCE_DATE_EPOCH=1600000000 expect ok "${package[@]}" --image image --out b.pawl --json
check "a release is reproducible" test "$(jq -r .release_id out)" = "$release"
check "packages differ all the same" test "$(cmp a.pawl b.pawl | wc -l)" -eq 1
SOURCE_DATE_EPOCH=now expect usage "${package[@]}" --image image --out bad.pawl

# entitle and open
entitle=(entitle --content-key app.key --sequence 4 --out app.ent)
expect ok "${entitle[@]}" --pud "${puds[@]:0:2}" --json app.pawl
check "a row for each" jq -e '.rows == 2' out
open=(open --pud "${puds[0]}" --sequence 4 --entitlements app.ent)
expect ok "${open[@]}" --out opened app.pawl
check "the image comes out" cmp -s image opened
mode_is 600 opened
expect ok "${open[@]}" --out /dev/null app.pawl
expect not-entitled open --pud "${puds[2]}" --sequence 4 --entitlements app.ent --out bad app.pawl
hinted
expect not-entitled open --pud "${puds[0]}" --sequence 5 --entitlements app.ent --out bad app.pawl
expect not-entitled open --pud "${puds[0]}" --sequence 3 --entitlements app.ent --out bad app.pawl
expect not-entitled open --pud "${puds[0]}" --sequence 4 --out bad app.pawl
expect not-entitled "${open[@]}" --out bad named.pawl # a table for another package
expect rollback "${open[@]}" --floor 4 --out bad app.pawl
expect ok "${open[@]}" --floor 3 --out opened app.pawl
"$pawl" personalize --vendor example.com --class gateway-b --trust vendor.pub.pem \
    --out b >/dev/null 2>&1
"$pawl" personalize --vendor example.com --class gateway-a --trust other.key --out c >/dev/null 2>&1
expect wrong-class open --pud b/*.pud --sequence 4 --entitlements app.ent --out bad app.pawl
expect untrusted open --pud c/*.pud --sequence 4 --entitlements app.ent --out bad app.pawl
expect malformed open --pud vendor.pem --sequence 4 --entitlements app.ent --out bad app.pawl
expect malformed open --pud "${puds[0]}" --sequence 4 --entitlements image --out bad app.pawl
expect malformed "${open[@]}" --out bad image
expect io "${open[@]}" --out bad missing.pawl
expect io "${open[@]}" --out missing/bad app.pawl
expect usage "${open[@]}" --entitlement 00 --out bad app.pawl
mkfifo pipe
expect usage "${open[@]}" --out pipe app.pawl
head -c -1 app.pawl >short.pawl
expect corrupt "${open[@]}" --out bad short.pawl
cp app.pawl flipped.pawl
printf '\xff' | dd of=flipped.pawl bs=1 seek=250000 conv=notrunc status=none
expect corrupt "${open[@]}" --out bad flipped.pawl
hinted
absent bad missing
: >kept
cp image kept
expect corrupt "${open[@]}" --out kept flipped.pawl
check "a failure leaves what was there" cmp -s image kept

expect corrupt entitle --content-key elsewhere --sequence 4 --pud "${puds[0]}" \
    --out bad.ent app.pawl
hinted
expect malformed entitle --content-key image --sequence 4 --pud "${puds[0]}" --out bad.ent app.pawl
expect malformed "${entitle[@]:0:5}" --pud image --out bad.ent app.pawl
expect io "${entitle[@]:0:5}" --pud "${puds[0]}" missing --out bad.ent app.pawl
expect usage entitle --content-key app.key --pud "${puds[0]}" --out bad.ent app.pawl
expect usage entitle --content-key app.key --sequence 1 --out bad.ent app.pawl
expect usage entitle --content-key app.key --sequences 5..4 --pud "${puds[0]}" \
    --out bad.ent app.pawl
expect usage entitle --content-key app.key --sequence 4 --class c --out bad.ent app.pawl
absent bad.ent

# A row for each sequence number of a device without a return path; none beyond its maximum.
expect ok entitle --content-key app.key --sequences 3..20 --pud "${puds[0]}" "$short" --json \
    --out range.ent app.pawl
check "18 rows and, below the maximum of 5, two" jq -e '.rows == 20' out
for sequence in 3 11 20; do
    expect ok open --pud "${puds[0]}" --sequence $sequence --entitlements range.ent \
        --out opened app.pawl
done
expect not-entitled open --pud "${puds[0]}" --sequence 21 --entitlements range.ent \
    --out bad app.pawl
expect ok open --pud "$short" --sequence 4 --entitlements range.ent --out opened app.pawl
expect not-entitled open --pud "$short" --sequence 5 --entitlements range.ent --out bad app.pawl
run entitle --content-key app.key --sequence 9 --pud "$short" --out bad.ent app.pawl
check "nothing to do" test "$status" -eq 3
absent bad bad.ent

# Thousands of units from one file; the table is in order and every fifth hundredth finds its row.
expect ok entitle --content-key app.key --sequence 0 --units many/units.import --json \
    --out many.ent app.pawl
check "5000 rows" jq -e '.rows == 5000' out
expect ok inspect --json many.ent
check "rows ascend" jq -e '.ascending == true and .rows == 5000' out
size=$(($(stat -c %s many/units.import) / 5000))
for i in 0 1234 4999; do
    dd if=many/units.import of=one.pud bs="$size" skip=$i count=1 status=none
    expect ok open --pud one.pud --sequence 0 --entitlements many.ent --out opened app.pawl
done
expect malformed entitle --content-key app.key --sequence 0 --units image --out bad.ent app.pawl
absent bad.ent
"$pawl" entitle --content-key app.key --sequence 0 --pud "${puds[0]}" "${puds[0]}" \
    --out double.ent \
    --json app.pawl >out
check "the same row is written once" jq -e '.rows == 1' out

# direct mode: one device at one sequence number, no content key
expect ok "${package[@]}" --image image --direct --pud "${puds[0]}" --sequence 6 --out direct.pawl
absent direct.key
expect ok open --pud "${puds[0]}" --sequence 6 --out opened direct.pawl
check "the direct image comes out" cmp -s image opened
expect not-entitled open --pud "${puds[0]}" --sequence 7 --out bad direct.pawl
expect not-entitled open --pud "${puds[1]}" --sequence 6 --out bad direct.pawl
head -c 200000 direct.pawl >cut.pawl
expect corrupt open --pud "${puds[0]}" --sequence 6 --out bad cut.pawl
expect unsupported entitle --content-key app.key --sequence 6 --pud "${puds[0]}" \
    --out bad.ent direct.pawl
expect unsupported reseal --content-key app.key --out bad.pawl direct.pawl
absent bad bad.ent bad.pawl bad.key

# reseal
expect ok reseal --content-key app.key --out new.pawl --new-content-key new.secret app.pawl
mode_is 600 new.secret
expect ok inspect --json app.pawl
release=$(jq -r .release_id out)
expect ok inspect --json --trust vendor.pub.pem new.pawl
check "the release is the same and its signature good" \
    jq -e --arg id "$release" '.release_id == $id and .signature == "good"' out
expect not-entitled "${open[@]}" --out bad new.pawl
expect ok entitle --content-key new.secret --sequence 4 --pud "${puds[0]}" --out new.ent new.pawl
expect ok open --pud "${puds[0]}" --sequence 4 --entitlements new.ent --out opened new.pawl
check "the resealed image comes out" cmp -s image opened
expect state reseal --content-key app.key --out new2.pawl --new-content-key new.secret app.pawl
expect corrupt reseal --content-key new.secret --out bad.pawl app.pawl
expect corrupt reseal --content-key app.key --out bad.pawl flipped.pawl
expect ok reseal --content-key app.key --chunk-size 1M --out large.pawl app.pawl
check "the default name of the new key" test -e large.key
absent bad bad.pawl bad.key new2.pawl

# inspect
expect untrusted inspect --trust other.key app.pawl
expect ok inspect --json vendor.pub.pem
check "a public key" jq -e '.type == "public key"' out
expect malformed inspect image
hinted
expect malformed inspect empty
expect corrupt inspect short.pawl
expect io inspect missing
expect io inspect .
expect io inspect pipe

finish
