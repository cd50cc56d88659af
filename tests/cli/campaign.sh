#!/bin/bash
# pawl campaign against a real pawld (SPEC 18): plans, lists, orders, and what people are shown.
. "$(dirname "$0")/lib.sh"
prepare
start_server
export PAWL_SOCKET=$socket
"$pawl" import --group lab units/units.import >/dev/null
"$pawl" publish app.pawl >/dev/null
id=$("$pawl" inspect --json app.pawl | jq -r .package_id)

# Usage.
expect ok campaign --json # without an action: list
expect usage campaign destroy 1
expect usage campaign create --name x --group lab
expect usage campaign create app.pawl --group lab
expect usage campaign create app.pawl --name x
expect usage campaign create app.pawl --name x --group lab --class gateway-a
expect usage campaign create app.pawl --name x --group lab --approval --start
expect usage campaign create app.pawl --name x --group lab --skip-unknown
expect usage campaign create app.pawl --name x --group lab --reason r
expect usage campaign status
expect usage campaign status x
expect usage campaign list 1
expect usage campaign start 1 --percent 5
expect usage campaign status 1 --reason r
expect usage campaign watch 1 --interval 0

# Plans that are wrong, here or at the server: nothing is made.
for plan in "--stage 50" "--stage 60 50" "--stage x" "--stage 100:success=x" \
    "--stage 100:colour=1" \
    "--stage 100:success" "--stage 100:deadline=5w" "--stage 100:then=stop" "--stage 100:soak=-1" \
    "--stage 101" "--percent 0" "--percent x" "--percent 101" "--success 101" \
    "--deadline 366d" "--window 22:00" "--window 22:00-22:00" "--window 25:00-26:00" \
    "--window 22:00-05:00Paris" "--rate 1000001"; do
    read -ra words <<<"$plan"
    expect malformed campaign create app.pawl --name x --group lab "${words[@]}"
done
expect malformed campaign create app.pawl --name x --group lab --stage 5:soak=x 95
hinted
expect malformed campaign create app.pawl --name $'a\nb' --group lab
expect state campaign create "$(printf '0%.0s' {1..64})" --name x --group lab
expect malformed campaign create image --name x --group lab
expect ok campaign list --json
check "nothing was made" jq -e '.items == []' out
expect state campaign status 77
hinted
expect state campaign start 77

# A plan in full.
expect ok campaign create app.pawl --name "spring release" --class gateway-a --percent 50 \
    --stage 10:success=95:error=2.5:minimum=20:deadline=2h:soak=30m:then=pause 90 --success 80 \
    --error 5 --deadline 1d --window 22:00-05:00+01:00 --rate 600 --approval --json
check "the plan" jq -e --arg id "$id" '.name == "spring release" and .package_id == $id
    and .percent == 50 and .rate == 600 and .state == "waiting_for_approval" and .approval
    and .window.from == "22:00" and .window.until == "05:00" and .window.zone == "+01:00"
    and (.stages | map({share, success, error, minimum, deadline, soak, action})) == [
        {share: 10, success: 95, error: 2.5, minimum: 20, deadline: 7200, soak: 1800,
         action: "pause"},
        {share: 90, success: 80, error: 5, minimum: 0, deadline: 86400, soak: 0,
         action: "nextgroup"}]' out
number=$(jq .id out)
expect state campaign start "$number"
expect untrusted campaign approve "$number"
expect ok campaign abort "$number" --reason "only a try"
check "it says why" grep -q "Stopped: only a try" out
expect ok campaign delete "$number"
expect state campaign status "$number"

# Defaults, and what people see.
expect ok campaign create "$id" --name one --group lab --start
check "its name" grep -qx "campaign [0-9]* one" out
check "the bar" grep -qE '^stage 1  running   \.{24}   0 % 0 of (about )?2$' out
check "at most 80 columns" awk 'length($0) > 80 { exit 1 }' out
number=$(sed -nE 's/^campaign ([0-9]+) .*/\1/p' out)
expect ok campaign pause "$number"
check "paused" grep -qx "state    paused" out
expect state campaign pause "$number"
expect ok campaign resume "$number" --json
check "it runs" jq -e '.state == "running"' out
expect state campaign retry "$number"
expect state campaign next "$number"
expect state campaign delete "$number"
run campaign list
check "a table" grep -qE "^$number +one +running +0 +0 +2$" out

# A list, from a file and from standard input.
for pud in "${puds[@]}"; do basename "$pud" .pud; done >devices
expect ok campaign create app.pawl --name list --devices devices --json
check "two on the list" jq -e '.target.list == 2 and .state == "ready"' out
status=0
"$pawl" campaign create app.pawl --name stdin --devices - --json <devices >out 2>err || status=$?
check "from standard input: $status" test "$status" -eq 0
check "two of them" jq -e '.target.list == 2' out
cp devices more
printf '0%.0s' {1..32} >>more
expect state campaign create app.pawl --name more --devices more
expect ok campaign list --json
check "what was refused is gone" jq -e '[.items[].name] | index("more") == null' out
expect ok campaign create app.pawl --name more --devices more --skip-unknown --json
check "the others are taken" jq -e '.target.list == 2' out
check "with a warning" grep -q "^pawl: campaign: warning: 1 of the devices" err
echo nonsense >>devices
expect malformed campaign create app.pawl --name more --devices devices
expect io campaign create app.pawl --name more --devices missing
expect malformed campaign create app.pawl --name more --devices /dev/null

# watch: two devices take the package while it looks.
"$pawl" campaign watch "$number" --json --interval 1 >watched.json 2>watched.err &
children+=($!)
json_watcher=$!
"$pawl" campaign watch "$number" >watched.lines 2>&1 &
children+=($!)
lines_watcher=$!
for attempt in {1..100}; do [ -s watched.json ] && [ -s watched.lines ] && break; sleep 0.1; done
"$PAWL_TOOLS/pawl-fleet" --server "http://127.0.0.1:$(cat port)" --units units/units.import \
    --mode full --state state >fleet.out 2>&1
check "the devices took it: $(cat fleet.out)" test $? -eq 0
wait "$json_watcher"
check "watch ends well: $? $(cat watched.err)" test $? -eq 0
wait "$lines_watcher"
check "JSON lines" jq -es '(length >= 2) and .[0].finished == 0 and .[-1].finished == 2
    and .[-1].state == "finished"' watched.json
check "one a line" test "$(wc -l <watched.json)" -eq "$(jq -s length watched.json)"
check "plain lines: $(cat watched.lines)" \
    grep -qx "finished: stage 1 of 1, 2 of 2 finished, 0 failed" watched.lines
check "no escapes" bash -c '! grep -q $'"'\\033'"' watched.lines'
expect ok campaign watch "$number"
expect ok campaign abort "$number"
run campaign watch "$number"
check "what is stopped is no success: $status" test "$status" -eq 20

# On a terminal: bars, in colour unless NO_COLOR says otherwise.
script -qec "'$pawl' campaign watch $number" /dev/null >screen 2>&1 </dev/null || true
check "bars in colour" grep -q $'\033\[32m####' screen
NO_COLOR=1 script -qec "'$pawl' campaign watch $number" /dev/null >screen 2>&1 </dev/null || true
check "bars" grep -q '####' screen
check "without colour" bash -c '! grep -q $'"'\\033\\[3'"' screen'

finish
