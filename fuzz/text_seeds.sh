#!/bin/bash
# Makes the seeds of fuzz_text: OUT/NUMBER, a byte that chooses the reader, a text.
#
# usage: text_seeds.sh OUT
set -euo pipefail

out=$1
mkdir -p "$out"
number=0

# seed READER TEXT
seed() {
    printf "\\x$(printf %02x "$1")%b" "$2" >"$out/$number"
    number=$((number + 1))
}

seed 0 'bytes=0-9'
seed 0 'bytes=-18446744073709551615'
seed 1 'bytes 0-9/10'
seed 1 'bytes 5-9/*'
seed 2 'application/cose; cose-type="cose-mac0"'
seed 2 'application/json; charset=utf-8'
seed 3 '/v1/packages/00'
seed 3 'https://cdn.example.com/p?x=1'
seed 4 '127.0.0.1:80'
seed 4 '[::1]:80'
seed 5 'class=gateway-a vendor=example.com label.site=berlin state!=quarantined seen<-7d'
seed 5 'group="a b" package=* failed>3 sequence<10'
seed 6 '22:30'
seed 6 '+01:00'
seed 7 'label.key_1'
seed 7 '64M'
seed 8 'GET /v1/devices/0011/group'
seed 8 'DELETE /v1/assignments/1'
seed 9 'event=a n=17 q="x \\"y\\"" rest'
seed 9 'two words=3'
seed 10 '[pawld]\nlisten = :8480\n; comment\nthreads=2\n'
