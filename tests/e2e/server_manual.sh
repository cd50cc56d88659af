#!/bin/bash
# The manual page of pawld: every option and exit code is described, mandoc has no complaint, and
# the blocks of EXAMPLES run as they stand.
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
page=$PAWL_SOURCE/man/pawld.8
world_open

fail() {
    echo "server_manual: $*" >&2
    exit 1
}

complaints=$(mandoc -T lint "$page" 2>&1 |
    grep -vE 'referenced manual not found|outdated mandoc.db')
[ -z "$complaints" ] || fail "$complaints"
mandoc -T ascii -O width=100 "$page" | col -bx >text
for option in $("$PAWL_BIN/pawld" --help | sed -nE 's/^  (-[a-z], |    )(--[a-z-]+).*/\2/p'); do
    grep -qE -- "^ +(-[a-z], )?$option( |\$)" text || fail "$option is not described"
done
for class in malformed unsupported untrusted corrupt io storage exhausted state crypto; do
    grep -qE "^ +(1[0-9]|2[01]) +\"$class\":" text || fail "no exit code of $class"
done

awk '/^\.Sh / { on = ($0 == ".Sh EXAMPLES") } /^\.Ed/ { block = 0 } on && block { print }
    /^\.Bd -literal/ { block = 1 }' "$page" | sed -e 's/\\e/\\/g' >examples
[ "$(grep -c '^pawld ' examples)" -ge 3 ] || fail "where are the examples?"
{
    echo 'set -m; trap "kill \$(jobs -p) 2>/dev/null || :" EXIT'
    cat examples
} >script
PATH=$PAWL_BIN:$PATH timeout 60 bash -euo pipefail script >said 2>&1 || fail "$(cat said)"
grep -qx ok said || fail "$(cat said)"
echo "server_manual: done"
