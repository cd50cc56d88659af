#!/bin/bash
# The manual page of pawl-agent: every option and exit code is described, mandoc has no complaint,
# and the blocks of EXAMPLES run, against a real server and processor.
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
page=$PAWL_SOURCE/man/pawl-agent.8
world_open

fail() {
    echo "agent_manual: $*" >&2
    exit 1
}

complaints=$(mandoc -T lint "$page" 2>&1 |
    grep -vE 'referenced manual not found|outdated mandoc.db')
[ -z "$complaints" ] || fail "$complaints"
mandoc -T ascii -O width=100 "$page" | col -bx >text
for option in $("$PAWL_BIN/pawl-agent" --help |
    sed -nE 's/^  (-[a-z0-9], |    )(--[a-z-]+).*/\2/p'); do
    grep -qE -- "^ +(-[a-z0-9], )?$option( |\$)" text || fail "$option is not described"
done
for class in malformed unsupported untrusted wrong-class not-entitled rollback corrupt io storage \
    exhausted state crypto; do
    grep -qE "^ +(1[0-9]|2[01]) +\"$class\":" text || fail "no exit code of $class"
done

world_units 2 || fail "units and server"
device_add dev "${puds[0]}"
processor_start dev || fail "pawl-processor does not start"
cp "${puds[1]}" device.pud

awk '/^\.Sh / { on = ($0 == ".Sh EXAMPLES") } /^\.Ed/ { block = 0 } on && block { print }
    /^\.Bd -literal/ { block = 1 }' "$page" |
    sed -e 's/\\e/\\/g' -e "s|http://127.0.0.1:8080|$server_url|" \
        -e "s|/run/pawl/link|$PWD/dev/link|" >examples
[ "$(grep -c '^pawl-agent ' examples)" -ge 4 ] || fail "where are the examples?"
PATH=$PAWL_BIN:$PATH bash -xeuo pipefail examples >said 2>&1 || fail "$(cat said)"
echo "agent_manual: done"
