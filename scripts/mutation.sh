#!/bin/bash
# Takes out the defences that tests/mutation lists, one by one; a test must notice each.
#
# usage: mutation.sh [TABLE...]      default all tables
set -uo pipefail
cd "$(dirname "$0")/.."

export PAWL_SOURCE=$PWD PAWL_BUILD=$PWD/build PAWL_BIN=$PWD/build/bin PAWL_TOOLS=$PWD/build/tools
export PAWL_SANITIZED=0
failed=0

[ $# -gt 0 ] || set -- tests/mutation/*.toml
for table in "$@"; do
    echo "== $(basename "$table" .toml)"
    tests/mutation/mutate.py "$table" || failed=1
done
exit $failed
