#!/bin/bash
# Makes the operator fuzzer's seeds: a request of every kind for each route (fuzz_operator.c), without
# knowing which route has which number.
#
# usage: operator_seeds.sh OUT
set -euo pipefail

out=$1
mkdir -p "$out"
id=00112233445566778899aabbccddeeff
bodies=(
    ''
    "{\"package_id\": \"$id$id\", \"target\": {\"class\": \"a\", \"vendor\": \"example.com\"}}"
    "{\"package_id\": \"$id$id\", \"target\": {\"group\": \"g\"}, \"devices\": [\"$id\"]}"
    "{\"name\": \"a\", \"role\": \"viewer\", \"expires\": 4102444800, \"digest\": \"$id$id\"}"
    "{\"name\": \"b\", \"role\": \"admin\", \"subject\": \"CN=b\", \"expires\": null}"
    '{"group": "pilots"}' '{"group": null}' '{"reason": "because"}'
    '{"set": {"site": "north"}, "remove": ["old"]}'
)
number=0
for ((route = 0; route < 80; route++)); do
    for i in "${!bodies[@]}"; do
        {
            printf "\\x$(printf %x "$route")"
            printf '%s\n%s\n%s' "$id" "limit=10&after=3&state=active&Idempotency-Key=k$i" \
                "${bodies[i]}"
        } >"$out/$((number++))"
    done
done
printf '\x00\nAuthorization=Bearer pawl_%s%s\n' "$id" "$id" >"$out/$((number++))"
