#!/bin/bash
# What `make test` samples, for as long as one likes: kill -9 of all programs, and of TPMs, during
# downloads, a scanner that tries every operation of the API with what is wrong, our bytes against
# the second implementation, fleets in the protocol simulator, each time with another seed; all
# power cuts of a scenario; cuts and glitches of the microcontroller. The first failure ends it and
# says which seed.
#
# usage: soak.sh SECONDS
set -uo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?usage: soak.sh SECONDS}
SECONDS=0 # make hands its own variable of that name down, and bash would count on from there
export PAWL_SOURCE=$PWD PAWL_BUILD=$PWD/build PAWL_BIN=$PWD/build/bin PAWL_TOOLS=$PWD/build/tools
export PAWL_SANITIZED=0
passed=0
round=0

run() {
    echo "soak: $*"
    "$@" || {
        echo "soak: failed after $passed runs: $*" >&2
        exit 1
    }
    passed=$((passed + 1))
}

while [ $SECONDS -lt "$seconds" ]; do
    seed=$((RANDOM + 1))
    run tests/e2e/kill_campaign.sh 5 8 "$seed"
    run tests/e2e/kill_soak.sh 120 "$seed"
    run tests/e2e/campaign_kill.py 100 5000 "$seed"
    run env PAWL_HOSTILE_SEED="$seed" PAWL_HOSTILE_REQUESTS=20000 tests/e2e/server_hostile.py
    run tests/vectors/independent.py "$seed" 200
    run tests/e2e/server_scan.py 1 "$seed"
    run "$PAWL_TOOLS/sim_protocol" $((seed * 1000)) 200
    run "$PAWL_TOOLS/sim_power_cut" $((round % 10)) complete $((round % 19))
    run tests/vectors/independent_cli.py "$seed" 10
    run tests/cortex_m33/power_cut.py --seconds 60 --seed "$seed"
    run tests/cortex_m33/glitch.py --seconds 60 --seed "$seed"
    round=$((round + 1))
done
[ "$passed" -gt 0 ] || { echo "soak: no run was made" >&2; exit 1; }
echo "soak: $passed runs in $SECONDS s, all passed"
