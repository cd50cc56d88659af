#!/bin/bash
# No secret in output, arguments or files that others can read (I8): every verb's output is searched
# for the secrets in play, as bytes, hex and base64; and a crash leaves no core.
. "$(dirname "$0")/lib.sh"
umask 000 # the worst case: files are private whatever the umask says
prepare
mode_is 600 vendor.pem
mode_is 644 vendor.pub.pem
mode_is 600 app.key
mode_is 700 units
mode_is 600 "${puds[0]}"
mode_is 600 units/units.import

unit_secret=$(xxd -p -c 1000 "${puds[0]}" | sed -nE 's/.*055820([0-9a-f]{64})06.*/\1/p')
content_key=$(xxd -p -c 1000 app.key)
signing_key=$(openssl ec -in vendor.pem -text -noout 2>/dev/null |
    sed -n '/priv:/,/pub:/p' | grep -v : -m0 || true)
signing_key=$(openssl ec -in vendor.pem -text -noout 2>/dev/null |
    awk '/priv:/{on=1;next} /pub:/{on=0} on' | tr -d ' :\n')
check "the secrets are known to this test" \
    test "${#unit_secret} ${#content_key} ${#signing_key}" = "64 64 64"

# Everything that the verbs print goes into one log.
everything=$scratch/everything
: >"$everything"
say() {
    run "$@"
    cat out err >>"$everything"
    "$pawl" "$@" --json >>"$everything" 2>&1 </dev/null || true
}
for file in vendor.pem vendor.pub.pem app.key app.pawl app.ent units/units.import "${puds[0]}"; do
    say inspect "$file"
done
say open --pud "${puds[0]}" --sequence 0 --entitlements app.ent --out opened app.pawl
say open --pud "${puds[0]}" --sequence 9 --entitlements app.ent --out bad app.pawl
say open --pud app.key --sequence 9 --entitlements app.ent --out bad app.pawl
say open --pud "${puds[0]}" --sequence 0 --entitlement app.key --out bad app.pawl
say entitle --content-key app.key --sequence 0 --pud "${puds[@]}" --out app.ent app.pawl
say entitle --content-key "${puds[0]}" --sequence 0 --pud "${puds[@]}" --out app.ent app.pawl
say reseal --content-key app.key --out new.pawl app.pawl
say "${package[@]}" --out second.pawl
say "${package[@]}" --key app.key --out third.pawl
say publish --socket /nonexistent app.pawl
say env
for secret in "$unit_secret" "$content_key" "$signing_key"; do
    check "a secret in hex is printed" bash -c '! grep -qi -- "$1" "$2"' - "$secret" "$everything"
    base64=$(xxd -r -p <<<"$secret" | base64 -w 0)
    check "a secret in base64 is printed" \
        bash -c '! grep -qF -- "${1:0:40}" "$2"' - "$base64" "$everything"
    check "a secret's bytes are printed" python3 - "$secret" "$everything" <<'PYTHON'
import sys
sys.exit(bytes.fromhex(sys.argv[1]) in open(sys.argv[2], "rb").read())
PYTHON
done
check "there was output to search" test "$(wc -c <"$everything")" -gt 5000

# A package and a table hold no key.
for file in app.pawl app.ent; do
    check "$file holds the content key" python3 - "$content_key" $file <<'PYTHON'
import sys
sys.exit(bytes.fromhex(sys.argv[1]) in open(sys.argv[2], "rb").read())
PYTHON
done

# No core dump: the process is made to crash while it holds secrets.
if [ "$PAWL_SANITIZED" = 0 ]; then
    truncate -s 8G sparse
    package[2]=sparse
    (ulimit -c unlimited && exec "$pawl" "${package[@]}" --out crashed.pawl --quiet) \
        >out 2>err </dev/null &
    child=$!
    sleep 0.3
    check "a process with secrets limits its core to nothing" \
        grep -qE '^Max core file size +0 +0 ' "/proc/$child/limits"
    kill -SEGV $child
    wait $child 2>/dev/null || true
    check "a core was left" test -z "$(compgen -G 'core*')"
fi

# Encrypted to the server: neither units nor content key can be found in what is written.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key \
    -out server.crt -days 1 -subj /CN=server 2>/dev/null
expect ok personalize --vendor example.com --class gateway-a --count 3 --trust vendor.pub.pem \
    --server-cert server.crt --out sealed
secret=$(xxd -p -c 1000 "$(ls -d sealed/*.pud | head -1)" |
    sed -nE 's/.*055820([0-9a-f]{64})06.*/\1/p')
check "units.import is encrypted" python3 - "$secret" sealed/units.import <<'PYTHON'
import sys
sys.exit(bytes.fromhex(sys.argv[1]) in open(sys.argv[2], "rb").read())
PYTHON
openssl cms -decrypt -inform DER -in sealed/units.import -inkey server.key -recip server.crt \
    -binary -out plain 2>/dev/null
check "the server's key opens it to the units" \
    test "$(xxd -p -c 100000 plain | grep -c "$secret")" -eq 1
expect ok "${package[@]:0:2}" image "${package[@]:3}" --out sealed.pawl --server-cert server.crt
mode_is 600 sealed.key
openssl cms -decrypt -inform DER -in sealed.key -inkey server.key -recip server.crt -binary \
    -out plain.key 2>/dev/null
check "the server's key opens the content key" test "$(stat -c %s plain.key)" -eq 32
chmod 600 plain.key
openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.crt -days 1 -subj /CN=rsa \
    2>/dev/null
expect ok personalize --vendor v --class c --trust vendor.pub.pem --server-cert rsa.crt --out rsa
openssl cms -decrypt -inform DER -in rsa/units.import -inkey rsa.key -recip rsa.crt -binary \
    -out plain 2>/dev/null
check "an RSA key opens it too" cmp -s plain rsa/*.pud
expect ok entitle --content-key plain.key --sequence 0 --pud "${puds[0]}" \
    --out sealed.ent sealed.pawl
expect state entitle --content-key sealed.key --sequence 0 --pud "${puds[0]}" \
    --out bad.ent sealed.pawl
hinted
expect malformed "${package[@]:0:2}" image "${package[@]:3}" --out bad.pawl --server-cert vendor.pem
absent bad.ent bad.pawl bad.key

finish
