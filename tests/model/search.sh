#!/bin/bash
# Searches model/pawl.pml exhaustively in several settings (I2 to I5; SPEC 11, 13), and once more
# with each of the rules taken out: then the search must find an error. Compares the model's rows
# with the engine's table.
#
# usage: search.sh [long]     long: larger settings too, for some minutes
set -uo pipefail
model=$PAWL_SOURCE/model/pawl.pml
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failed=0

optimise=-O1 # compiling takes longer than searching; -O0 where an error is found at once

# Prints what the verifier says of the model under some definitions.
search() {
    rm -f pan* ./*.trail
    if ! spin -a "$@" "$model" >spin.log 2>&1; then
        cat spin.log >&2
        return 1
    fi
    gcc "$optimise" -w -DSAFETY -DCOLLAPSE -DMEMLIM=4096 -o pan pan.c && ./pan -m3000000 -E
}

holds() { # the search must be whole, and without an error
    local said states
    said=$(search "$@")
    states=$(sed -nE 's/^ *([0-9]+) states, stored.*/\1/p' <<<"$said")
    if grep -q 'errors: 0$' <<<"$said" && ! grep -q 'Search not completed' <<<"$said"; then
        printf 'holds  %9d states  %s\n' "$states" "$*"
    else
        printf 'FAILS  %s\n%s\n' "$*" "$said" >&2
        failed=1
    fi
}

breaks() { # WHAT FLAGS...: it must find an error, and that one
    local said what=$1
    shift
    said=$(search "$@")
    if grep -qE "^pan:1: assertion violated.*$what" <<<"$said"; then
        printf 'breaks %s\n' "$*"
    else
        printf 'NOT FOUND: %s with %s\n%s\n' "$what" "$*" "$said" >&2
        failed=1
    fi
}

rows() { sed -nE "s/^ *$1\((\w+), (\w+), (\w+), (\w+), (\w+)\).*/\1 \2 \3 \4 \5/p" "$2" | sort; }
if ! diff <(rows X "$PAWL_SOURCE/src/processor/transition.h") <(rows ROW "$model"); then
    echo "the model's rows are not the engine's" >&2
    failed=1
fi
[ "$(rows ROW "$model" | wc -l)" -gt 30 ] || { echo "no rows were compared" >&2; failed=1; }

holds -DDOWNLOADS=2 -DCUTS=1
holds -DDOWNLOADS=2 -DCUTS=3 -DALONE
holds -DDOWNLOADS=2 -DCUTS=2 -DALONE -DDIAGNOSTIC
holds -DDOWNLOADS=2 -DCUTS=1 -DALONE -DFLASH
holds -DDOWNLOADS=1 -DCUTS=0 -DALONE -DCLONE
if [ "${1:-}" = long ]; then
    holds -DDOWNLOADS=2 -DCUTS=2
    holds -DDOWNLOADS=1 -DCUTS=1 -DALONE -DCLONE
    holds -DDOWNLOADS=2 -DCUTS=0 -DALONE -DCLONE
fi

optimise=-O0
# What happens then: a record is honoured that was not committed; the committed one is gone, twice;
# one is honoured that was put back into flash; a delayed report brings an honest device into
# quarantine; a lagging replica counts twice; a download that was entitled before a commit goes on.
breaks truth -DDOWNLOADS=2 -DCUTS=1 -DALONE -DMUTATE_COUNTER_FIRST
breaks counter -DDOWNLOADS=2 -DCUTS=1 -DALONE -DMUTATE_COUNTER_BEFORE_CELL
breaks counter -DDOWNLOADS=2 -DCUTS=1 -DALONE -DMUTATE_SAME_CELL
breaks truth -DDOWNLOADS=2 -DCUTS=1 -DALONE -DFLASH -DMUTATE_NO_CELL
breaks '!\(1\)\)? ?' -DDOWNLOADS=2 -DCUTS=1 -DMUTATE_NO_CHALLENGE
breaks confirmations -DDOWNLOADS=2 -DCUTS=1 -DMUTATE_NO_COMPARE
breaks confirmations -DDOWNLOADS=2 -DCUTS=1 -DMUTATE_ANY_SEQUENCE
exit $failed
