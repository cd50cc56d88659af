#!/bin/bash
# DESIGN, "The house": dependencies between folders run one way. Prints every include that does not,
# then proves on planted ones that it would have seen them.
set -euo pipefail

# Folder, the folders whose headers it may include beside its own and pawl/, and the libraries.
rules="
include/pawl    -                            -
src/core        -                            -
src/crypto      core                         openssl,bearssl,psa,mbedtls,pthread
src/processor   core                         -
port/common     core,processor               -
src/host        core                         ini
src/headend     core,host                    openssl,pthread,p11-kit
src/push        core,host                    mosquitto,pthread
src/store       core,host,headend            sqlite3,pthread
src/server      core,host,headend,store,push openssl,pthread,microhttpd,gnutls,jansson,seccomp
src/agent       core,host,push               curl,microhttpd,pthread
src/cli         core,host,headend            openssl,pthread,curl,jansson
port/linux      core,processor,host          seccomp,tss2
port/cortex-m33 core,processor,common        bearssl,psa
port/mps2-an385 core,common                  -
port/template   core,common                  -
"
libraries="mosquitto|openssl|bearssl|p11-kit|gnutls|ini|pthread|sqlite3|microhttpd|jansson|curl"
libraries+="|seccomp|tss2|psa|mbedtls"
freestanding=" include/pawl src/core src/processor port/common port/cortex-m33"
freestanding+=" port/mps2-an385 port/template "
freestanding_headers="stddef|stdint|stdbool|stdalign|limits|string|arm_cmse|bearssl|psa/crypto"

# Prints "file: include" for each include in tree $1 that the rules do not allow.
violations() {
    local tree=$1 folder uses links prefixes denied
    while read -r folder uses links; do
        [ -n "$folder" ] && [ -d "$tree/$folder" ] || continue
        prefixes="pawl|$(basename "$folder")"
        [ "$uses" = - ] || prefixes+="|${uses//,/|}"
        # Quoted: a header of an allowed folder, or one that lies beside the file.
        grep -rnoE --include='*.[ch]' '^ *# *include *"[^"]+"' "$tree/$folder" |
            grep -vE "\"(($prefixes)/[^\"]*|[^/\"]+)\"\$" || true
        denied=$(tr '|' '\n' <<<"$libraries" | grep -vxE "${links//,/|}" | paste -sd'|')
        grep -rnoE --include='*.[ch]' "^ *# *include *<($denied)(/[^>]*)?(\.h)?>" \
            "$tree/$folder" || true
        if [[ $freestanding == *" $folder "* ]]; then
            grep -rnoE --include='*.[ch]' '^ *# *include *<[^>]+>' "$tree/$folder" |
                grep -vE "<($freestanding_headers)\.h>" || true
        fi
    done <<<"$rules"
}

# Every folder of sources must have a rule, or nobody would notice the missing one.
unruled() {
    local tree=$1 folder
    (cd "$tree" && find src port -mindepth 1 -maxdepth 1 -type d) | while read -r folder; do
        grep -q "^$folder " <<<"$rules" || echo "$folder: no rule in tests/house/includes.sh"
    done
}

# Plants $2 in a file of folder $1; it must be found when $3 is "seen", else not.
plant() {
    local folder=$1 line=$2 expected=$3 found
    rm -rf "$planted"/*
    mkdir -p "$planted/$folder"
    printf '%s\n' "$line" >"$planted/$folder/x.c"
    found=$(violations "$planted")
    if { [ "$expected" = seen ] && [ -z "$found" ]; } ||
        { [ "$expected" = allowed ] && [ -n "$found" ]; }; then
        echo "self-test: '$line' in $folder is not $expected" >&2
        status=1
    fi
}

status=0
found=$(violations "$PAWL_SOURCE"; unruled "$PAWL_SOURCE")
if [ -n "$found" ]; then
    echo "includes against the direction of DESIGN's house:" >&2
    printf '%s\n' "${found//"$PAWL_SOURCE/"/}" >&2
    status=1
fi

planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
plant src/core '#include "host/log.h"' seen
plant src/core '#include <stdio.h>' seen
plant src/core '#include <openssl/evp.h>' seen
plant src/processor '#include <bearssl.h>' seen
plant src/crypto '#include <bearssl.h>' allowed
plant src/processor '#include <psa/crypto.h>' seen
plant src/crypto '#include <psa/crypto.h>' allowed
plant src/processor '#  include "headend/package_file.h"' seen
plant src/headend '#include "store/store.h"' seen
plant src/headend '#include <sqlite3.h>' seen
plant src/agent '#include "headend/signer.h"' seen
plant port/linux '#include "server/http.h"' seen
plant include/pawl '#include "core/cbor.h"' seen
plant src/core '#include "core/cbor.h"' allowed
plant src/processor '#include <string.h>' allowed
plant src/store '#include <sqlite3.h>' allowed
plant src/server '#include <p11-kit/uri.h>' seen
plant src/headend '#include <openssl/cms.h>' allowed
plant src/headend '#include <p11-kit/uri.h>' allowed
plant port/linux '#include "sandbox.h"' allowed
plant src/agent '#include <mosquitto.h>' seen
plant src/push '#include <mosquitto.h>' allowed
plant port/common '#include <stdlib.h>' seen
plant port/common '#include <bearssl.h>' seen
plant port/cortex-m33 '#include <stdio.h>' seen
plant port/cortex-m33 '#include "common/otp.h"' allowed
plant port/cortex-m33 '#include "host/log.h"' seen
plant port/common '#include "host/log.h"' seen
plant port/common '#include "processor/flash.h"' allowed
plant src/push '#include "headend/topic.h"' seen
plant src/headend '#include <gnutls/x509.h>' seen
plant src/server '#include <gnutls/x509.h>' allowed
exit $status
