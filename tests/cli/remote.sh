#!/bin/bash
# The operator's verbs over HTTPS: --server, tokens in files, certificates, and what is said when
# any of it is wrong (SPEC 16.10, 16.11, 16.13).
. "$(dirname "$0")/lib.sh"

# An authority with certificates of the server and of a client, and a server that uses them.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt \
    -days 2 -subj /CN=authority 2>/dev/null
issue() { # NAME USE
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" \
        -subj "/O=Example/CN=$1" 2>/dev/null
    printf '%s\n' "subjectAltName=IP:127.0.0.1" "extendedKeyUsage=$2" >extensions
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
        -extfile extensions -out "$1.crt" 2>/dev/null
    chmod 600 "$1.key"
}
issue tls serverAuth
issue alice clientAuth
start_server --tls-cert tls.crt --tls-key tls.key --client-ca ca.crt --operator-listen 127.0.0.1:0 \
    --operator-port-file operator-port
url=https://127.0.0.1:$(cat operator-port)
there=(--server "$url" --ca ca.crt)
local_=(--socket "$socket")

# Tokens are shown once, or written to a file that nobody else may read.
expect ok token create eve --role viewer --out eve.token "${local_[@]}"
check "mode 0600" test "$(stat -c %a eve.token)" = 600
check "nothing is shown" test ! -s out
check "one line of 69 characters" test "$(wc -lc <eve.token | tr -s ' ')" = " 1 70"
expect state token create other --role viewer --out eve.token "${local_[@]}"
check "the server knows no other" test "$("$pawl" token list --json "${local_[@]}" |
    jq '.items | length')" = 1
expect ok token create root --role admin --expires 30d "${local_[@]}"
check "shown" grep -qxE 'pawl_[0-9a-f]{64}' out
cp out root.token
chmod 600 root.token
expect ok token create short --role operator --expires 2126-01-31 --json "${local_[@]}"
check "as JSON" jq -e '.name == "short" and (.token | length) == 69 and .expires > 4e9' out
expect state token create eve --role admin "${local_[@]}"
check "no token is shown" test ! -s out
expect ok token list "${local_[@]}"
check "a list for people" grep -qE '^eve +viewer +token +- +good$' out
for wrong in "create" "create a" "list a" "revoke" "steal a" "create a/b --role viewer" \
    "create a --role viewer --expires yesterday" "create a --role viewer --expires 2001-01-01" \
    "create a --role viewer --subject CN=a --out a"; do
    # shellcheck disable=SC2086
    expect usage token $wrong "${local_[@]}"
done
expect malformed token create a --role king "${local_[@]}"

# Every verb goes there; a role is a role.
expect ok status "${there[@]}" --token-file eve.token --json
check "it answers" jq -e '.devices == 0' out
expect untrusted token list "${there[@]}" --token-file eve.token
check "who may is said" grep -q 'this needs one of the roles admin; yours is viewer' err
hinted
expect ok token list "${there[@]}" --token-file root.token --json
check "uses are noted" jq -e '.items[0].last_used > 0' out
expect ok audit --limit 1 "${there[@]}" --token-file eve.token

# From the environment and from the file of settings; what is nearer counts.
PAWL_SERVER=$url PAWL_CA=ca.crt PAWL_TOKEN_FILE=eve.token expect ok status
printf '%s\n' '[pawl]' "server = $url" 'ca = ca.crt' 'token-file = eve.token' >settings
PAWL_CONFIG=settings expect ok status
PAWL_CONFIG=settings PAWL_TOKEN_FILE=missing expect io status
PAWL_SERVER=https://127.0.0.1:1 expect ok status "${local_[@]}"
PAWL_SOCKET=/nowhere expect ok status "${there[@]}" --token-file eve.token
PAWL_CONFIG=settings PAWL_SOCKET=$socket expect ok token list
PAWL_CONFIG=settings expect untrusted token list

# A client certificate instead.
expect untrusted status "${there[@]}" --client-cert alice.crt --client-key alice.key
check "its subject is named" grep -q 'CN=alice,O=Example' err
expect ok token create alice --role operator --subject CN=alice,O=Example "${local_[@]}"
expect ok status "${there[@]}" --client-cert alice.crt --client-key alice.key
expect malformed status "${there[@]}" --client-cert alice.crt
expect malformed status "${there[@]}" --client-cert alice.crt --client-key alice.csr

# What is wrong is told apart: no token, a wrong one, no server, no trust, no file.
expect untrusted status "${there[@]}"
check "a token is missing" grep -q 'a token is needed' err
check "and how to give it" grep -q '^hint: .*--token-file' err
tr 0-9 1-90 <eve.token >wrong.token
chmod 600 wrong.token
expect untrusted status "${there[@]}" --token-file wrong.token
check "it is not known" grep -q 'not known here, or was revoked' err
hinted
expect io status --server https://127.0.0.1:1 --ca ca.crt --token-file eve.token
check "nothing answers" grep -q 'nothing answers at https://127.0.0.1:1' err
hinted
expect untrusted status --server "$url" --token-file eve.token
check "no TLS" grep -q 'no TLS with' err
hinted
expect untrusted status --server "$url" --ca alice.crt --token-file eve.token
expect untrusted status --server "${url/127.0.0.1/localhost}" --ca ca.crt --token-file eve.token
expect malformed status --server "$url" --ca eve.token --token-file eve.token
expect malformed status "${there[@]}" --token-file ca.crt
expect malformed status "${there[@]}" --token-file /dev/null
head -c 5000 /dev/zero >huge
expect malformed status "${there[@]}" --token-file huge
for wrong in 127.0.0.1:443 ftp://127.0.0.1 https:// "https://u:p@127.0.0.1" "$url?x" ""; do
    expect malformed status --server "$wrong" --ca ca.crt --token-file eve.token
done
expect untrusted status --server http://192.0.2.1:80 --token-file eve.token
check "never in the clear" grep -q 'in the clear' err
chmod 644 eve.token
expect untrusted status "${there[@]}" --token-file eve.token
check "others may read it" grep -q 'others may read it' err
hinted
chmod 600 eve.token

# Revoked: from the next request on.
expect ok token revoke eve --reason "left us" "${local_[@]}"
expect untrusted status "${there[@]}" --token-file eve.token
expect state token revoke eve "${local_[@]}"
check "the reason is audited" test "$("$pawl" audit --json "${local_[@]}" |
    jq -r '.items[] | select(.action == "token-revoked") | .detail.reason')" = "left us"

# No token is in a log, an error or a process's arguments.
for file in *.token; do
    check "$file is nowhere else" test -z "$(grep -rlF -- "$(cat "$file")" pawld.log err settings)"
done

finish
