#!/bin/bash
# Makes the fuzzers' seeds from the vectors: OUT/<kind>/<vector>, one artefact each.
#
# usage: seeds.sh VECTORS OUT
set -euo pipefail

vectors=$1
out=$2

# Writes hex as bytes.
put() {
    local file=$1 hex=$2
    mkdir -p "$(dirname "$file")"
    printf '%b' "$(sed 's/../\\x&/g' <<<"$hex")" >"$file"
}

field() {
    sed -n "s/^$1: //p" "$2"
}

# The bytes of $1 from offset $2, $3 of them, all in hex.
cut_hex() {
    printf '%s' "${1:$((2 * $2)):$((2 * $3))}"
}

byte_at() {
    printf '%d' "0x$(cut_hex "$1" "$2" 1)"
}

for file in "$vectors"/{pud,table,report,directive,package}-*.txt; do
    name=$(basename "$file" .txt)
    kind=${name%%-*}
    hex=$(field "$kind" "$file")
    case $kind in
    report | directive)
        # The payload begins behind the headers: 25 or 7 bytes, then its own head.
        put "$out/$kind/$name" "$hex"
        head=$([ "$kind" = report ] && echo 25 || echo 7)
        if [ "$(cut_hex "$hex" "$head" 1)" = 58 ]; then
            put "$out/$kind/$name-payload" \
                "$(cut_hex "$hex" $((head + 2)) "$(byte_at "$hex" $((head + 1)))")"
        fi
        ;;
    package)
        # The preamble is what is fuzzed: magic, length, then {1: h'manifest', ...}.
        put "$out/package/$name" "$(cut_hex "$hex" 0 512)"
        manifest=$(cut_hex "$hex" 16 "$(byte_at "$hex" 15)")
        put "$out/manifest/$name-signed" "$manifest"
        put "$out/manifest/$name" "$(cut_hex "$manifest" 19 "$(byte_at "$manifest" 18)")"
        ;;
    *)
        put "$out/$kind/$name" "$hex"
        ;;
    esac
done

# Filters (SPEC 16.20), one a file.
mkdir -p "$out/query"
number=0
while IFS= read -r filter; do
    printf '%s' "$filter" >"$out/query/$((number += 1))"
done <<'EOT'
id=0a1b class=gateway-a vendor=example.com
group!=lab label.site="New \"York\"" label.line=*
state=quarantined package=62b4 release!=91fe
sequence>100 seen<-30d seen>2026-01-31T12:30:05Z
seen=never failed=power failed!=*
EOT
