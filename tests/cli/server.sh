#!/bin/bash
# The verbs that talk to the control server, against a real pawld (SPEC 16).
. "$(dirname "$0")/lib.sh"
prepare
start_server
export PAWL_SOCKET=$socket
id=$("$pawl" inspect --json app.pawl | jq -r .package_id)

expect ok status --json
check "an empty server" jq -e '.devices == 0 and .packages == 0' out

# import, encrypted and plain; each unit once.
"$pawl" personalize --vendor example.com --class gateway-a --count 3000 --trust vendor.pub.pem \
    --server-cert "$server_data/server.crt" --no-pud-files --out sealed >/dev/null
expect ok import --group field --json sealed/units.import
check "3000 imported" jq -e '.imported == 3000 and .refused_count == 0' out
expect ok import --group lab units/units.import
run import units/units.import
check "nothing to do: $status" test "$status" -eq 3
check "and it says so" grep -q '^pawl: import: nothing: ' err
"$pawl" personalize --vendor example.com --class gateway-b --trust vendor.pub.pem --out b \
    >/dev/null 2>&1
cat units/units.import b/units.import >mixed
run import mixed
check "some refused is a failure: $status" test "$status" -eq 1
hinted
expect malformed import image
expect io import missing
expect io import .
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key \
    -out other.crt -days 1 -subj /CN=other 2>/dev/null
"$pawl" personalize --vendor v --class c --trust vendor.pub.pem --server-cert other.crt \
    --out foreign >/dev/null
expect untrusted import foreign/units.import
expect ok status --json
check "3003 devices" jq -e '.devices == 3003' out

# publish: the key that lies beside the package, another one, none.
expect corrupt publish --content-key <(head -c 32 /dev/urandom) app.pawl
hinted
expect ok publish --json app.pawl
check "ready" jq -e --arg id "$id" '.state == "ready" and .package_id == $id' out
run publish app.pawl
check "published already: $status" test "$status" -eq 3
"$pawl" "${package[@]}" --out second.pawl --content-key apart >/dev/null
expect ok publish --json second.pawl
check "a package without its key waits" jq -e '.state == "needs-key"' out
expect state assign second.pawl --group lab
expect ok publish --content-key apart second.pawl
"$pawl" "${package[@]}" --server-cert "$server_data/server.crt" --out third.pawl >/dev/null
expect ok publish --json third.pawl
check "a key encrypted to the server" jq -e '.state == "ready"' out
"$pawl" "${package[@]}" --direct --pud "${puds[0]}" --sequence 0 --out direct.pawl >/dev/null
expect ok publish --json direct.pawl
expect ok packages --name app --json
check "packages are listed" jq -e --arg id "$id" '[.items[].package_id] | index([$id])' out
expect ok packages --state needs-key --class gateway-a --vendor example.com --json
check "all are ready" jq -e '.items == []' out
expect usage packages --class gateway-a
expect malformed packages --state odd
head -c -1 app.pawl >short.pawl
cp app.key short.key
expect corrupt publish short.pawl
hinted
expect malformed publish image
expect io publish missing

# assign, by file and by id
device=$(basename "${puds[0]}" .pud)
expect ok assign app.pawl --class gateway-a --vendor example.com --json
check "3002 devices of the class" jq -e '.devices == 3002' out
expect ok assign "$id" --class 9c5f18876f8f53a4ba118ae931bcfca1
expect ok assign "$id" --class gateway-a --json # of the package's vendor
check "the same class" jq -e '.devices == 3002' out
expect state assign "$(printf '0%.0s' {1..64})" --class gateway-a
hinted
expect ok assign second.pawl --device "$device"
expect ok assign third.pawl --group lab --json
number=$(jq .id out)
expect ok device show "$device" --json
check "the device's own goes before" jq -e --arg id \
    "$("$pawl" inspect --json second.pawl | jq -r .package_id)" '.offered == $id' out
expect ok assign --list --json
check "four assignments" jq -e '.items | length >= 3' out
run assign --list
check "in a table" grep -q "group lab" out
expect ok assign --remove "$number"
expect state assign --remove "$number"
expect state assign "$(printf '0%.0s' {1..64})" --group lab

# devices
expect ok devices --json --limit 10
check "ten and more to come" jq -e '(.items | length) == 10 and .next != null' out
expect ok devices --json --limit 10 --after "$(jq .next out)"
check "ten others" jq -e '(.items | length) == 10' out
expect ok devices --group lab --json
check "two in the lab" jq -e '[.items[].device_id] | length == 2' out
expect ok devices --class gateway-b --vendor example.com --json
check "one of the other class" jq -e '.items | length == 1' out
expect ok devices --state quarantined --json
check "none in quarantine" jq -e '.items | length == 0' out
expect malformed devices --state dancing
run devices --limit 5
check "a table of six lines and a cursor" test "$(wc -l <out)" -eq 7
expect ok device group "$device" kitchen
expect ok devices --group kitchen --json
check "moved" jq -e --arg id "$device" '.items[0].device_id == $id' out
expect ok device group "$device" --none
expect state device release "$device" --reason 'nothing wrong'
expect state device show ffffffffffffffffffffffffffffffff

# entitle by the server: its own sequence numbers, sorted here
expect ok entitle --class gateway-a --vendor example.com --out vendor.ent app.pawl
expect ok entitle --class gateway-a --out app.ent --json "$id"
check "both name the same devices" cmp -s vendor.ent app.ent
check "a row for each of the class" jq -e '.rows == 3002' out
expect ok inspect --json app.ent
check "rows ascend" jq -e '.ascending == true' out
expect ok open --pud "${puds[0]}" --sequence 0 --entitlements app.ent --out opened app.pawl
check "a device opens it" cmp -s image opened
for pud in "${puds[@]}"; do basename "$pud" .pud; done >devices
echo '# a comment, and an empty line' >>devices
echo >>devices
expect ok entitle --devices devices --out two.ent --json "$id"
check "two rows" jq -e '.rows == 2' out
expect ok entitle --group field --out field.ent --json "$id"
check "3000 rows" jq -e '.rows == 3000' out
run entitle --group nobody --out none.ent "$id"
check "nobody to entitle: $status" test "$status" -eq 3
echo nonsense >>devices
expect malformed entitle --devices devices --out none.ent "$id"
hinted
expect io entitle --devices missing --out none.ent "$id"
run entitle --group lab --out none.ent "$(printf '0%.0s' {1..64})"
check "an unknown package: $status" test "$status" -ge 10
absent none.ent

# audit
expect ok audit --json --limit 1000
check "who did what" jq -e '[.items[].action] | index("assigned") != null' out
last=$(jq '.items[-1].id' out)
expect ok audit --json --after "$last"
check "nothing after the last" jq -e '.items | length == 0' out
run audit
check "one line for each" \
    grep -qE '^ *[0-9]+ +20[0-9-]+ [0-9:]+ +[0-9]+(/[a-z0-9_-]+)? +assigned' out

# Another user is not served, whatever the permissions of the socket.
if [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --clear-groups test -x "$pawl"; then
    chmod 711 "$scratch" "$server_data"
    chmod 666 "$socket"
    status=0
    setpriv --reuid 65534 --regid 65534 --clear-groups "$pawl" status >out 2>err || status=$?
    check "a stranger is refused: $status" test "$status" -ge 10
    hinted
    check "and sees nothing" test ! -s out
fi

# A server that cannot be opened ends: it does not wait for its own threads.
"$PAWL_BIN/pawld" init --data closed
status=0
timeout -k 1 30 "$PAWL_BIN/pawld" --data closed --listen 127.0.0.1:0 --push-broker nonsense \
    >out 2>err || status=$?
check "a wrong broker ends the start: $status" test "$status" -ge 2 -a "$status" -lt 100

finish
