#!/bin/bash
# Progress of long work: a bar on a terminal, lines in a log, nothing with --quiet or when it is
# over in a moment; no colour with NO_COLOR.
. "$(dirname "$0")/lib.sh"
prepare
head -c 20000000 /dev/zero >large
package[2]=large

# A small image is over in a moment.
expect ok "${package[@]/large/image}" --out small.pawl
check "nothing about a small image" test ! -s err

expect ok "${package[@]}" --out large.pawl
check "a line at each tenth" test "$(grep -c '^sealing: [0-9]*%' err)" -ge 1
check "and the last one" grep -q '^sealing: 100%' err
check "no bar in a log" bash -c '! grep -q $'"'[\\r\\e]'"' err'
expect ok "${package[@]}" --out quiet.pawl --quiet
check "nothing with --quiet" test ! -s err
expect ok personalize --vendor v --class c --trust vendor.pub.pem --count 20000 --no-pud-files \
    --out many
check "items are counted" grep -q '^personalizing: 100%, 20000 of 20000' err

terminal() { # COMMAND...: runs it on a terminal of its own; what that shows is in `shown`
    script -qec "$(printf '%q ' "$@")" /dev/null >shown </dev/null
}
check "on a terminal" terminal "$pawl" "${package[@]}" --out bar.pawl
check "a bar is drawn over itself" grep -q $'\r' shown
check "with its end" grep -q '100% .*####' shown
check "in colour" grep -q $'\e\[32m' shown
export NO_COLOR=1
check "on a terminal" terminal "$pawl" "${package[@]}" --out plain.pawl
check "a bar without colour" grep -q '100% ####' shown
check "no colour with NO_COLOR" bash -c '! grep -q $'"'\\e\\\\[3'"' shown'

finish
