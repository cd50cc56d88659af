#!/bin/bash
# Lays out the sources with clang-format. Comments are left as they are, so that tables in them
# survive, except in files where a line is longer than 100 columns: there they are filled again.
#
# usage: format.sh [FILE...]      all sources by default
set -euo pipefail
cd "$(dirname "$0")/.."

files=("$@")
[ $# -gt 0 ] || mapfile -t files < <(find include src port tests fuzz bench examples -name '*.[ch]')

style=$(mktemp)
trap 'rm -f "$style"' EXIT
sed 's/^ReflowComments:.*/ReflowComments: true/' .clang-format >"$style"

clang-format -i "${files[@]}"
for file in "${files[@]}"; do
    if grep -qE '^.{101}' "$file"; then
        clang-format -i --style="file:$style" "$file"
        clang-format -i "$file"
    fi
done
