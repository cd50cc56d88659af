#!/bin/bash
# Bytes from outside (I9): whatever a file holds, `inspect` and `open` end soon, in bounded memory,
# with one of the documented exit codes, without a crash and without an output file.
. "$(dirname "$0")/lib.sh"
prepare

# Runs under limits of 20 s of processor time and, without sanitizers, 512 MiB of memory.
survives() { # WHAT ARGUMENT...
    local what=$1
    shift
    checks=$((checks + 1))
    status=0
    (
        ulimit -t 20
        [ "$PAWL_SANITIZED" = 1 ] || ulimit -v 524288
        exec "$pawl" "$@"
    ) >out 2>err </dev/null || status=$?
    case $status in
    0 | 2 | 1[0-9] | 20) ;;
    *) fail "$what: exit code $status: $(tail -n 3 err)" ;;
    esac
}

everywhere() { # WHAT FILE: all that read such a file
    survives "$1: inspect" inspect --json "$2"
    check "$1: JSON or nothing" bash -c '[ ! -s out ] || jq -e . out >/dev/null'
    survives "$1: as a package" open --pud "${puds[0]}" --sequence 0 --entitlements app.ent \
        --out bad "$2"
    survives "$1: as a table" open --pud "${puds[0]}" --sequence 0 --entitlements "$2" --out bad \
        app.pawl
    survives "$1: as unit data" open --pud "$2" --sequence 0 --out bad app.pawl
    rm -f bad
}

# Every artefact cut at every place near its begin and end, and with every bit of its first bytes
# flipped.
head -c 3000 /dev/urandom >image
"$pawl" "${package[@]}" --chunk-size 1K --out app.pawl --force >/dev/null
"$pawl" entitle --content-key app.key --sequence 0 --pud "${puds[@]}" \
    --out app.ent app.pawl >/dev/null
for file in app.pawl app.ent "${puds[0]}" vendor.pub.pem units/units.import; do
    size=$(stat -c %s "$file")
    for cut in 0 1 7 8 11 12 13 20 40 64 100 $((size / 2)) $((size - 17)) $((size - 1)); do
        [ "$cut" -ge 0 ] && [ "$cut" -lt "$size" ] || continue
        head -c "$cut" "$file" >cut
        survives "$file cut to $cut" inspect cut
    done
    cut=$((size - 1))
    head -c $cut "$file" >cut
    everywhere "$file without its last byte" cut
done
python3 - app.pawl app.ent "${puds[0]}" <<'PYTHON'
import os, random, sys
random.seed(1)
os.mkdir("mutants")
number = 0
for path in sys.argv[1:]:
    whole = open(path, "rb").read()
    for _ in range(30):
        bytes_ = bytearray(whole)
        for _ in range(random.choice((1, 1, 2, 8))):
            bytes_[random.randrange(min(len(bytes_), 400))] ^= 1 << random.randrange(8)
        open(f"mutants/{number}", "wb").write(bytes_)
        number += 1
PYTHON
for mutant in mutants/*; do everywhere "$mutant" "$mutant"; done

# Lengths that promise more than there is.
{ printf 'PAWLPKG1\xff\xff\xff\xff'; head -c 100 /dev/zero; } >huge
everywhere "a header of 4 GiB" huge
{ printf 'PAWLENT1\x00\x00\x00\x2f\xa2\x01\x58\x20'; head -c 32 /dev/zero
    printf '\x02\x1b\xff\xff\xff\xff\xff\xff\xff\xff'; } >huge
everywhere "a table of 2^64 rows" huge
{ printf '\x30\x84\x7f\xff\xff\xff'; head -c 100 /dev/zero; } >huge
everywhere "a CMS object of 2 GiB" huge
python3 -c 'import sys; sys.stdout.buffer.write(b"\x81" * 100000)' >deep
everywhere "deep nesting" deep
python3 -c 'import sys; sys.stdout.buffer.write(b"\xa7\x01" + b"\x81" * 100000)' >deep
everywhere "deep nesting in unit data" deep
truncate -s 8G sparse
everywhere "8 GiB of nothing" sparse
{ printf 'PAWLPKG1'; head -c 8000 /dev/zero; } >sparse
truncate -s 8G sparse
everywhere "8 GiB behind a magic" sparse
printf -- '-----BEGIN PUBLIC KEY-----\n' >pem
head -c 200000 /dev/zero | tr '\0' 'A' >>pem
everywhere "a PEM that does not end" pem
everywhere "a directory" .

# A name in a signed manifest cannot command the terminal.
"$pawl" "${package[@]}" --name $'\e[31mred\e[0m\n' --out escape.pawl >out
check "package prints no escape" bash -c '! grep -q $'"'\\e'"' out'
run inspect escape.pawl
check "inspect prints no escape" bash -c '! grep -q $'"'\\e'"' out'
check "but the name" grep -q '?\[31mred' out

# Names of files need not be UTF-8, and are printed all the same.
odd=$'\xff\e[31m'
run keygen --out "$odd" --json
check "a key of an odd name: $status" test "$status" -eq 0
check "and JSON about it" jq -e .key_id out
run "${package[@]}" --out "$odd.pawl" --json
check "a package of an odd name: $status" test "$status" -eq 0
check "and JSON about it" jq -e .package_id out
PAWL_VENDOR=$odd run env --json
check "an odd setting" jq -e .settings out
run inspect "$odd.missing"
check "an error prints no escape" bash -c '! grep -q $'"'\\e'"' err'

absent bad
finish
