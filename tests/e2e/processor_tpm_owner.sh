#!/bin/bash
# SPEC 13.10, I2: what the TPM's owner can do to a device's indices, and others who use the TPM: the
# device refuses, or is where it was or further; it is never further back.
. "$(dirname "$0")/processor_tpm_lib.sh"

forms=(
    'authread|authwrite|no_da|nt=counter' 8
    'authread|authwrite|no_da|writedefine' 40
    'authread|authwrite|no_da' 32
    'authread|authwrite|no_da' 32
)

# define NUMBER AUTHORIZATION: as the owner, the index as a device has it.
define() {
    tpm2_nvdefine -Q -C o -g sha256 -s "${forms[$1 * 2 + 1]}" -a "${forms[$1 * 2]}" -p "$2" \
        "$(index "$1")"
}

index() {
    printf '0x%08x' $((${start:-first} + $1))
}

undefine() {
    tpm2_nvundefine -Q -C o "$(index "$1")"
}

# The TPM's own number, with the stolen authorization.
counter_value() {
    tpm2_nvread -C "$(index 0)" -P "hex:$stolen" -s 8 "$(index 0)" | xxd -p
}

# TPM and state as they are now, to come back to.
keep() {
    tpm_stop
    rm -rf kept
    mkdir kept
    cp -a tpm state kept
    tpm_start
}

restore() {
    tpm_stop KILL
    rm -rf tpm state
    cp -a kept/tpm kept/state .
    tpm_start
}

pack a -- exit 0
pack b -- exit 0
tpm_start
make_tpm
start_tpm
expect "the device" "$(try a; try b; try a)" '^state=7 sequence=3 '
stop
stolen=$(authorization)
keep

# The owner's authorization reads, writes and counts nothing.
tpm2_nvread -C o -s 8 "$(index 0)" >read 2>&1 && fail "the owner reads the counter"
tpm2_nvincrement -C o "$(index 0)" >>read 2>&1 && fail "the owner moves the counter"
printf '%32s' "" | tpm2_nvwrite -C o -i - "$(index 3)" >>read 2>&1 &&
    fail "the owner writes a cell"
[ "$(grep -c 'ErrorCode (0x00000149)' read)" = 3 ] || fail "refused otherwise: $(cat read)"

# Undefined, and defined anew with all that an owner knows: no index that opens to the device.
for number in 0 1 2 3; do
    undefine "$number"
    refused 18 'storage: TPM index 0x0180010.: missing: never made, or undefined' "${counter[@]}"
    refused 18 'storage: TPM index 0x0180010.: missing' "${counter[@]}" --make-counter
    define "$number" hex:00112233
    [ "$number" != 0 ] || tpm2_nvincrement -C "$(index 0)" -P hex:00112233 "$(index 0)"
    [ "$number" -lt 2 ] || printf '%32s' "" | tpm2_nvwrite -C "$(index "$number")" \
        -P hex:00112233 -i - "$(index "$number")"
    case $number in
    0) refused 18 'storage: TPM index 0x01800100: not this device' "${counter[@]}" ;;
    1) refused 18 'storage: TPM index 0x01800101: not this device' "${counter[@]}" ;;
    2) # not in use at 3: what is committed runs on, and nothing more can be
        start_tpm
        expect "an owner's cell" "$(try b)" '^state=4 sequence=3 .*failure=9'
        stop
        ;;
    3) # cannot be read, so nothing is known to be committed
        refused 18 'storage: the engine does not start on this state' "${counter[@]}"
        ;;
    esac
    restore
done

# With the device's authorization, stolen: an index that is no counter, with an earlier value.
undefine 0
tpm2_nvdefine -Q -C o -g sha256 -s 8 -a 'authread|authwrite|no_da' -p "hex:$stolen" "$(index 0)"
printf '\0\0\0\0\0\0\0\2' | tpm2_nvwrite -C "$(index 0)" -P "hex:$stolen" -i - "$(index 0)"
refused 18 'storage: TPM index 0x01800101: not the base of this device' "${counter[@]}"
restore

# With the device's authorization, stolen: a counter that is defined anew has only moved up.
before=$(counter_value)
undefine 0
define 0 "hex:$stolen"
refused 18 'storage: TPM index 0x01800101: not the base of this device' "${counter[@]}"
tpm2_nvincrement -C "$(index 0)" -P "hex:$stolen" "$(index 0)"
after=$(counter_value)
[[ $after > $before ]] || fail "the counter went from $before to $after when it was made anew"
start_tpm
[ "$(sequence)" -ge 3 ] || fail "a counter made anew: at $(sequence)"
expect "nothing old runs" "$(client status)" 'package=none running=0'
at=$(sequence)
expect "the next one" "$(try b)" "^state=7 sequence=$((at + 1)) "
stop

# And a base that was replaced by the thief's: without the unit's secret it does not verify.
tpm2_nvread -C "$base" -P "hex:$stolen" -s 40 "$base" >base.bin
undefine 1
define 1 "hex:$stolen"
{ printf '\0\0\0\0\0\0\0\2'; tail -c 32 base.bin; } |
    tpm2_nvwrite -C "$base" -P "hex:$stolen" -i - "$base"
refused 18 'storage: TPM index 0x01800101: not the base of this device' "${counter[@]}"
restore
printf '%40s' "" | tpm2_nvwrite -Q -C "$base" -P "hex:$stolen" -i - "$base" 2>/dev/null &&
    fail "the base is not locked"

# A counter that somebody moved while the device runs: it takes note, and goes on from there.
start_tpm
tpm2_nvincrement -C "$(index 0)" -P "hex:$stolen" "$(index 0)"
expect "a counter that jumps" "$(try b)" 'storage: download'
client contact >/dev/null 2>&1 || true
at=$(sequence)
[ "$at" = 4 ] || fail "after a jump: at $at"
expect "nothing old runs" "$(client status)" 'package=none running=0'
expect "after a jump" "$(try a)" "^state=7 sequence=$((at + 1)) "
stop
restore

# Cleared, and another TPM.
tpm2_clear -Q -c p
refused 18 'storage: TPM index 0x01800101: missing: .*the TPM was cleared' "${counter[@]}"
refused 18 'storage: TPM index 0x01800100: missing, though the device has flash' "${counter[@]}" \
    --make-counter
restore

# Another device on the same TPM: not with these indices, but with some of its own.
mv unit.pud first.pud
factory unit
mv state first.state
refused 18 'storage: TPM index 0x01800101: not this device' "${counter[@]}" --make-counter
second=(--counter "tpm:swtpm:path=$scratch/tpm.sock,index=0x01800200" --slot-size 4M)
"$PAWL_BIN/pawl-processor" --pud first.pud --state first.state --link "unix:$scratch/first.link" \
    --log-level error "${counter[@]}" 2>>log &
beside=$!
until_true test -S first.link
start "${second[@]}" --make-counter
expect "the second" "$(try a; try b)" '^state=7 sequence=2 '
expect "the first" "$("$PAWL_TOOLS/processor_client" --connect first.link --pud first.pud \
    download b.pawl 2>&1)" '^state=7 sequence=4 '
expect "the second" "$(try a)" '^state=7 sequence=3 '
kill "$beside"
wait "$beside" || fail "the first device ended with $?"
stop
refused 18 'storage: TPM index 0x01800101: not this device' "${counter[@]}"
rm -r state unit.pud
mv first.state state
mv first.pud unit.pud

# No room: a clear answer, and once there is some the making goes on where it was.
rm -r state
number=$((0x01810000))
while tpm2_nvdefine -Q -C o -s 2000 -a 'authread|authwrite' "$number" 2>/dev/null; do
    number=$((number + 1))
done
while tpm2_nvdefine -Q -C o -s 100 -a 'authread|authwrite' "$number" 2>/dev/null; do
    number=$((number + 1))
done
third=(--counter "tpm:swtpm:path=$scratch/tpm.sock,index=0x01800300")
refused 19 'exhausted: making TPM index 0x0180030.: the TPM has no room for it' "${third[@]}" \
    --make-counter
refused 18 'storage: TPM index 0x01800301: ' "${third[@]}"
until [ "$number" = $((0x01810000)) ]; do
    number=$((number - 1))
    tpm2_nvundefine -Q -C o "$number"
done
start "${third[@]}" --make-counter
expect "with room again" "$(try a)" '^state=7 sequence=1 '
stop

# An owner with an authorization: it is asked for at the making, and not later.
rm -r state
tpm2_changeauth -Q -c owner secret-of-the-owner
start=$((0x01800400))
fourth=tpm:swtpm:path=$scratch/tpm.sock,index=$start
refused 18 'storage: making TPM index 0x01800400: ' --counter "$fourth" --make-counter
printf 'secret-of-the-owner' >owner.auth
start --counter "$fourth,auth-file=owner.auth" --make-counter
expect "with the owner's authorization" "$(try a)" '^state=7 sequence=1 '
stop
start --counter "$fourth"
expect "and without" "$(try b)" '^state=7 sequence=2 '
stop

# Indices of the platform: nobody can undefine them, and a TPM that is cleared keeps them.
rm -r state
start=$((0x01400500))
fifth=(--counter "tpm:swtpm:path=$scratch/tpm.sock,index=$start,platform")
start "${fifth[@]}" --make-counter
expect "in the platform's hierarchy" "$(try a)" '^state=7 sequence=1 '
stop
tpm2_clear -Q -c p
for number in 0 1 2 3; do
    for hierarchy in 40000001 4000000c; do # TPM2_NV_UndefineSpace, with an empty password
        code=$(printf '80020000001f00000122%s%08x00000009400000090000000000' "$hierarchy" \
            "$(index "$number")" | xxd -r -p | tpm2_send | xxd -p)
        expect "$hierarchy undefines" "$code" '^80010000000a00000(149|2c2|182|282)$'
    done
done
tpm2_startauthsession -Q --policy-session -S policy
tpm2_policycommandcode -Q -S policy TPM2_CC_NV_UndefineSpaceSpecial
expect "a policy undefines" "$(tpm2_nvundefine -C p -S policy "$(index 0)" 2>&1 || true)" \
    'a policy check failed'
tpm2_flushcontext policy
start "${fifth[@]}"
expect "after the TPM was cleared" "$(try b)" '^state=7 sequence=2 '
stop
