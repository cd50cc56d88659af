#!/bin/bash
# SPEC 3.6, 13.10: a device with its counter in a TPM is personalized anew. The old identity's
# indices open to the new one no more than its records, so new ones are made, and it counts from 0.
. "$(dirname "$0")/processor_tpm_lib.sh"

pack a -- exit 0
pack b -- exit 0
tpm_start
make_tpm
start_tpm
expect "the old identity" "$(try a; try b)" '^state=7 sequence=2 '
stop

mv unit.pud old.pud
factory unit
refused 20 'state: state: this state belongs to device' "${counter[@]}"
cp -a state kept
rm state/unit
refused 18 'storage: ' "${counter[@]}"
refused 18 'storage: ' "${counter[@]}" --make-counter
rm -r state
refused 18 'storage: ' "${counter[@]}"
refused 18 'storage: ' "${counter[@]}" --make-counter # those of the old identity are in the way

# Other indices, as where the old ones are the platform's and stay.
counter=(--counter "tpm:swtpm:path=$scratch/tpm.sock,index=0x01800200")
make_tpm
start_tpm
expect "the new identity" "$(client status)" 'sequence=0 package=none running=0'
expect "its first download" "$(try a)" '^state=7 sequence=1 '
stop

# The same ones, once the owner removed them. Until then the old identity was whole.
mv unit.pud new.pud
cp old.pud unit.pud
mv state state.new
cp -a kept state
counter=(--counter "tpm:swtpm:path=$scratch/tpm.sock")
start_tpm
expect "the old identity, elsewhere" "$(client status)" 'sequence=2 package=[0-9a-f]{16} '
stop
for number in 0 1 2 3; do
    tpm2_nvundefine -Q -C o "$(printf '0x%08x' $((first + number)))"
done
refused 18 'storage: ' "${counter[@]}"
rm -r state
rm unit.pud
factory unit
make_tpm
start_tpm
expect "another new identity" "$(client status)" 'sequence=0 package=none running=0'
expect "its downloads" "$(try a; try b; try a)" '^state=7 sequence=3 '
stop
