#!/bin/bash
# Seeds for fuzz_content: one of each kind that it takes (SPEC 20), behind the byte that chooses it.
#
# usage: content_seeds.sh DIRECTORY
set -euo pipefail

mkdir -p "$1"
{
    printf '\0#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n'
    printf '#EXT-X-PLAYLIST-TYPE:VOD\n'
    printf '#EXT-X-KEY:METHOD=AES-128,URI="key/00112233445566778899aabbccddeeff"\n'
    printf '#EXTINF:2.000000,\n000000.ts\n'
    printf '#EXT-X-KEY:METHOD=AES-128,URI="key/102132435465768798a9bacbdcedfe0f"\n'
    printf '#EXTINF:1.500000,\n000001.ts\n#EXT-X-ENDLIST\n'
} >"$1/playlist"
{
    # {1: 1, 2: "film", 3: 32 bytes, 4: 300, 5: [16, 4096]}
    printf '\1\xa5\x01\x01\x02\x64film\x03\x58\x20'
    printf '0123456789abcdef0123456789abcdef\x04\x19\x01\x2c\x05\x82\x10\x19\x10\x00'
} >"$1/header"
{
    # A COSE_Mac0 whose payload is {140: [[key id, salt, wrapped]]}
    printf '\2\xd1\x84\x43\xa1\x01\x05\xa0\x58\x40\xa1\x18\x8c\x81\x83'
    printf '\x50key id 90123456\x50salt 56789012345\x58\x18wrapped 9012345678901234'
    printf '\x58\x2001234567890123456789012345678901'
} >"$1/grants"
