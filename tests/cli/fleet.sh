#!/bin/bash
# What operators do with many devices, from the command line (SPEC 16.20 to 16.29).
. "$(dirname "$0")/lib.sh"
prepare
start_server
export PAWL_SOCKET=$socket
"$pawl" personalize --vendor example.com --class gateway-a --count 2500 --trust vendor.pub.pem \
    --server-cert "$server_data/server.crt" --no-pud-files --out many >/dev/null
expect ok import --group field --json many/units.import
expect ok import --group lab units/units.import
first=$(basename "${puds[0]}" .pud)
second=$(basename "${puds[1]}" .pud)

# Import with a report: every refused unit, beyond the hundred that are shown.
run import --report refused many/units.import
check "nothing to do: $status" test "$status" -eq 3
check "all 2500 are in the report" test "$(wc -l <refused)" -eq 2500
check "each is an object" \
    jq -es 'map(select(.device_id and .class == "state")) | length == 2500' refused
mode_is 600 refused
cat many/units.import <(head -c 10 /dev/zero) >broken
rm refused
run import --report refused broken
check "a broken stream is an error: $status" test "$status" -ge 10
absent refused
expect io import --report /nowhere/refused units/units.import

# Filters: taught by --help, errors that point at their place.
run devices --help
for example in 'label.site=berlin' "'seen<-30d'" 'state=quarantined' 'failed=power' '--ids'; do
    check "--help teaches $example" grep -qF -- "$example" out
done
expect malformed devices group=lab colour=red
check "it names the place" grep -q 'character 11: .colour. is no field' err
check "and points at it" grep -q '^hint: .*group=lab ==>colour=red' err
expect malformed devices class=gateway-a
expect ok devices --vendor example.com class=gateway-a --limit 3 --json
check "the vendor may be an option" jq -e '.items | length == 3' out
expect ok devices group=lab --json
check "two in the lab" jq -e '.items | length == 2' out
expect ok devices 'seen=never' 'group!=lab' --all --json
check "2500 elsewhere" jq -e '(.items | length) == 2500 and .next == null' out
expect ok devices --ids --all
check "ids alone" test "$(grep -cE '^[0-9a-f]{32}$' out)" -eq 2502
check "each once" test "$(sort -u out | wc -l)" -eq 2502
run devices --ids --json
check "ids or JSON: $status" test "$status" -eq 2

# Labels and groups of one device.
expect ok device label "$first" site='New York'
run device label "$first" site='New York'
check "so already: $status" test "$status" -eq 3
expect ok devices 'label.site="New York"' --json
check "found by its label" jq -e --arg id "$first" '.items[0].device_id == $id' out
run devices 'label.site="New York"'
check "labels are shown" grep -q 'site=New York' out
expect ok device label "$first" site=
expect usage device label "$first" site
expect usage device label "$first"
expect malformed device label "$first" ' a=b'
expect ok device group "$first" kitchen --reason 'it stands there'

# Many, from a file and from standard input.
"$pawl" devices --ids --all group=field >list
{ cat list; echo '# a comment'; echo; echo nonsense; printf 'f%.0s' {1..32}; echo; } >mixed
status=0
"$pawl" device group pilots --devices mixed --dry-run --json >out 2>err || status=$?
check "refused ones are a failure: $status" test "$status" -eq 1
check "as if" jq -e '.dry_run and .changed == 2500 and .refused_count == 2' out
expect ok devices group=pilots --json
check "and nothing happened" jq -e '.items | length == 0' out
run device group pilots --devices mixed --report refused
check "two are refused: $status" test "$status" -eq 1
hinted
check "in the report with their lines" jq -es \
    'map(.line) == [2503, 2504] and map(.class) == ["malformed", "state"]' refused
run device group pilots --devices list
check "again: nothing to do: $status" test "$status" -eq 3
status=0
head -n 1200 list | "$pawl" device label wave=1 --devices - --json >out 2>err || status=$?
check "from standard input" jq -e '.changed == 1200 and .refused_count == 0' out
check "which is done: $status" test "$status" -eq 0
expect ok devices label.wave=1 group=pilots --all --json
check "1200 have it" jq -e '.items | length == 1200' out
expect usage device group --devices list
expect usage device release --devices list
expect usage device label wave=2 --devices list extra
expect usage device group "$first" lab --dry-run
expect usage device show "$first" --devices list
expect io device retry --devices missing
head -c 500 /dev/zero | tr '\0' 'a' >long
expect malformed device retry --devices long
echo "$second" >one
run device retry --devices one
check "no failed attempt: $status" test "$status" -eq 1
check "and says why" grep -q 'no failed attempt' out

# Groups.
expect ok group list --json
check "counted" jq -e '[.items[] | select(.name == "pilots")][0].devices == 2500' out
expect ok group rename pilots 'new pilots & more'
expect ok devices 'group="new pilots & more"' --json --limit 1
check "its devices went along" jq -e '.items | length == 1' out
expect state group delete 'new pilots & more'
expect state group rename nobody somebody
expect ok group delete field
expect usage group rename one
expect usage group dance

# Why, history, quarantine, decommission.
expect ok device why "$first"
check "why in words" grep -q 'has never been seen' out
check "in lines for a terminal" awk 'length($0) > 80 { exit 1 }' out
expect ok device why "$first" --json
check "and in a word" jq -e '.reason == "none" and (.text | length > 50)' out
expect ok device history "$first" --json
check "no attempts" jq -e '.items == []' out
expect ok quarantine list --json
check "none is held" jq -e '.items == []' out
run quarantine --help
check "release is explained" grep -q 'Its next report then becomes its record' out
expect usage quarantine release "$first"
expect usage device decommission "$first"
expect ok device decommission "$first" --reason 'burnt down'
run device decommission "$first" --reason 'burnt down'
check "once: $status" test "$status" -eq 3
expect state device group "$first" lab
expect ok devices state=decommissioned --json
check "listed by state" jq -e --arg id "$first" '.items[0].device_id == $id' out
expect ok status --json
check "and counted" jq -e '.decommissioned == 1 and .devices == 2501' out
run import units/units.import
check "it never comes back: $status" test "$status" -eq 3

finish
