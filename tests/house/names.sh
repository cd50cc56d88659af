#!/bin/bash
# No file of the repository names a package registry or a place on somebody's machine: what is
# installed comes from packages/, and where from is the machine's own business.
set -uo pipefail
cd "$PAWL_SOURCE" || exit 1

# Brackets keep the patterns from finding themselves.
patterns='n[p]mjs\.org|py[p]i\.org|python[h]osted\.org|crates\.[i]o|[r]ubygems\.org'
patterns+='|proxy\.golang\.[o]rg|deb\.debian\.[o]rg|security\.debian\.[o]rg|[d]ocker\.io'
patterns+='|/[w]ork/|/home/[a-z]'

found=$(find . \( -name .git -o -name 'build' -o -name 'build-*' \) -prune -o -type f -print0 |
    xargs -0 grep -nIE "$patterns")
if [ -n "$found" ]; then
    echo "names that do not belong into the repository:" >&2
    printf '%s\n' "$found" >&2
    exit 1
fi

# A pattern that finds nothing at all would pass too.
printf "see deb.debian.%s" org | grep -qE "$patterns" || exit 1
