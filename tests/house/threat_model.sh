#!/bin/bash
# docs/threat-model.md names tests that exist, and names every attack that is tested.
set -uo pipefail
cd "$PAWL_SOURCE" || exit 1

document=docs/threat-model.md
tests=$(ctest --test-dir "$PAWL_BUILD" -N | sed -n 's/^ *Test *#[0-9]*: //p')
[ "$(wc -l <<<"$tests")" -gt 100 ] || { echo "no list of tests" >&2; exit 1; }

# The tests that the document in the arguments names, one a line.
named() {
    grep -ohE '`[a-z0-9]+(_[a-z0-9]+)+`' "$@" | tr -d '`' |
        grep -E '^(attack|test|e2e|sim|m33|model|cli|fuzz|mutation|house)_' | sort -u
}

missing=$(comm -23 <(named "$document") <(sort -u <<<"$tests"))
silent=$(comm -13 <(named "$document") <(grep '^attack_' <<<"$tests" | sort -u))
[ -z "$missing" ] || printf '%s names what is no test:\n%s\n' "$document" "$missing" >&2
[ -z "$silent" ] || printf '%s does not name:\n%s\n' "$document" "$silent" >&2
[ -z "$missing$silent" ] || exit 1

# It must be able to see one.
planted=$(mktemp)
trap 'rm -f "$planted"' EXIT
echo 'as `attack_that_is_not_there` shows' >"$planted"
[ "$(comm -23 <(named "$planted") <(sort -u <<<"$tests"))" = attack_that_is_not_there ] ||
    { echo "self-test failed" >&2; exit 1; }
