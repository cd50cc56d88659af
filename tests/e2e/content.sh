#!/bin/bash
# SPEC 20, I1, I2: content plays on a device that runs the release it was made for, and nowhere
# else. ffmpeg is the player. It ends with 0 also when it could decode only half of the frames, so
# what counts are the frames that it decoded: their number and their hashes, against those of the
# source.
set -uo pipefail
source "$PAWL_SOURCE/scripts/world.sh"
world_open

grant=$PAWL_SOURCE/tests/e2e/content_grant.py
fail() {
    echo "content: $*" >&2
    local log
    for log in server.log */agent.log play.log; do
        [ ! -s "$log" ] || { echo "== $log"; tail -n 12 "$log"; } >&2
    done
    exit 1
}

release() { # VERSION
    "$pawl" package --quiet --image "$(command -v busybox)" --key vendor.pem --vendor example.com \
        --class box --name busybox --version "$1" --security-version 1 --deadline 30 \
        --content-key "$1.key" --out "$1.pawl" --args true >/dev/null || fail "package $1"
    "$pawl" publish --quiet --content-key "$1.key" "$1.pawl" >/dev/null || fail "publish $1"
}

# Has a device take a release and confirm it.
takes() { # DEVICE VERSION
    local before
    before=$(server_sees "$1" sequence)
    "$pawl" assign --device "$(cat "$1/id")" "$2.pawl" >/dev/null || fail "assign $2"
    pokes "$1"
    wait_for 30 eval "[ \"\$(server_sees $1 sequence)\" = $((before + 1)) ]" ||
        fail "$1 does not take release $2"
}

pokes() { # DEVICE: it polls now
    kill -USR1 "${pids[$1-agent]}" || fail "the agent of $1 is gone"
}

# A device with an agent that serves players; its address in NAME/url.
starts() { # DEVICE
    processor_start "$1" || fail "the processor of $1 does not start"
    agent_starts "$1"
}

agent_starts() { # DEVICE
    : >"$1/agent.log"
    agent_command "$1"
    process_start "$1-agent" "$1/agent.log" "${agent[@]}" --min-poll 0 \
        --content-listen 127.0.0.1:0 --log-level debug
    wait_for 20 grep -q 'content at http' "$1/agent.log" || fail "$1 serves no players"
    sed -n 's/.*content at \(http[^ ]*\)/\1/p' "$1/agent.log" >"$1/url"
}

# The hash of each decoded frame, one a line.
frames() { # INPUT
    ffmpeg -nostdin -v error -i "$1" -map 0:v -f framemd5 - 2>play.log |
        sed -n '/^0,/s/.*, *//p'
}

plays() { # DEVICE CONTENT WHEN
    frames "$(cat "$1/url")$2/playlist.m3u8" >played
    cmp -s played source || fail "$1 decodes $(wc -l <played) of $(wc -l <source) frames $3"
}

refuses() { # DEVICE CONTENT WHEN
    frames "$(cat "$1/url")$2/playlist.m3u8" >played
    [ ! -s played ] || fail "$1 decodes $(wc -l <played) frames $3"
    grep -q 'Unable to open key file\|403' play.log || fail "the key is not to blame: $3"
}

world_make() {
    world_units 2 --poll-after 3600 || fail "units and server"
    local version
    for version in one two three; do release $version; done
    device_add new "${puds[0]}"
    device_add old "${puds[1]}"
    starts new
    starts old
    takes new two
    takes old one
}

content_make() {
    ffmpeg -nostdin -v error -f lavfi -i testsrc=duration=10:size=160x120:rate=10 \
        -f lavfi -i sine=duration=10 -c:v libx264 -preset ultrafast -g 10 -pix_fmt yuv420p \
        -c:a aac film.mp4 || fail "no film"
    frames film.mp4 >source
    [ "$(wc -l <source)" = 100 ] || fail "the film has $(wc -l <source) frames"
    "$pawl" content add --json --release two.pawl --name "a film" --segment-seconds 1 \
        --key-period 2 film.mp4 >added || fail "content add"
    content=$(jq -r .content_id added)
    [ "$(jq -c '[.segments, .keys]' added)" = "[10,5]" ] || fail "segments and keys: $(cat added)"
    # Nothing of it is left in the clear, neither on the server nor beside it.
    [ -z "$(frames "server/contents/$content/000000.ts")" ] || fail "a segment is not encrypted"
    [ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'pawl-content-*' -newer film.mp4)" ] ||
        fail "segments are left behind"
    key=$(sed -n 's/.*key\/\([0-9a-f]*\)".*/\1/p;T;q' "server/contents/$content/playlist.m3u8")
}

who_may_play() {
    plays new "$content" "with the release it is for"
    plays new "$content" "a second time"
    refuses old "$content" "with an older release"
    # Keys come ahead of the player: fewer questions than keys that were asked for.
    local asked
    asked=$(grep -c 'content keys were granted' new/agent.log)
    [ "$asked" -ge 1 ] && [ "$asked" -lt 5 ] || fail "$asked exchanges for 5 keys"
    [ "$("$pawl" audit --json | jq -r '.items[].action' | grep -c content-refused)" = 1 ] ||
        fail "the refusal is not in the audit trail, once"
}

grants_elsewhere() {
    agent_stop new
    agent_stop old
    [ "$("$grant" get "$server_url" new/link "$key" granted)" = ok ] || fail "no grant"
    [ "$("$grant" get "$server_url" old/link "$key" none)" = "no grant" ] || fail "a grant"
    [ "$("$grant" open new/link granted)" = ok ] || fail "the grant does not open"
    [ "$("$grant" open old/link granted)" = not-entitled ] || fail "it opens on another device"
    processor_stop new
    processor_stop old
    cp -a new clone
    starts new
}

what_a_commit_ends() {
    takes new three
    refuses new "$content" "after the next release"
    takes new two
    plays new "$content" "after the release came back"
    agent_stop new
    [ "$("$grant" open new/link granted)" = not-entitled ] ||
        fail "a grant outlives two commits"
    processor_stop new
    starts new
    plays new "$content" "after a restart"
}

# A download that takes for ever does not keep a player waiting.
while_a_package_comes() {
    local assignment
    process_start bad bad.log "$PAWL_SOURCE/tests/support/bad_server.py" \
        --upstream "$server_url" --port-file bad_port package-trickle:1000000
    wait_for 20 test -s bad_port || fail "the slow server does not start"
    release four
    assignment=$("$pawl" assign --json --device "$(cat new/id)" four.pawl | jq .id)
    agent_stop new
    server_url=http://127.0.0.1:$(cat bad_port) agent_starts new
    wait_for 30 grep -q 'offered package' new/agent.log || fail "no download begins"
    plays new "$content" "while a package comes"
    [ "$(curl -s "http://127.0.0.1:$(cat bad_port)/counts" | jq .package)" -ge 2 ] ||
        fail "the download was not interrupted for its keys"
    [ "$(server_sees new sequence)" = 3 ] || fail "the download has ended"
    "$pawl" assign --remove "$assignment" || fail "assign --remove"
    agent_stop new
    agent_starts new
}

copies() {
    # The copy is two downloads behind: the server sees it, and holds both of them.
    starts clone
    wait_for 20 eval '[ "$(server_sees new state)" = quarantined ]' || fail "no quarantine"
    refuses clone "$content" "on a copy"
    pokes new # what it holds would open: it has to hear
    wait_for 20 grep -q 'the server holds this device' new/agent.log || fail "it does not hear"
    refuses new "$content" "in quarantine"
    agent_stop clone
    processor_stop clone
    "$pawl" device release --reason "the copy was found" "$(cat new/id)" >/dev/null ||
        fail "release"
    pokes new
    wait_for 20 eval '[ "$(server_sees new state)" = active ]' || fail "it stays held"
    plays new "$content" "after its release"
}

the_address_itself() {
    local url
    url=$(cat new/url)
    code() { curl -s -o body -w '%{http_code}' "$@"; }
    [ "$(code "$url$content/key/$key")" = 200 ] && [ "$(stat -c %s body)" = 16 ] || fail "the key"
    [ "$(code -H 'Host: evil.example' "$url$content/key/$key")" = 403 ] || fail "another Host"
    [ "$(code "$url$content/key/${key^^}")" = 404 ] || fail "a key in capitals"
    [ "$(code "$url$content/key/$(printf "0%.0s" {1..32})")" = 403 ] || fail "no such key"
    [ "$(code "$url../status")" = 404 ] && [ "$(code "${url%content/}report")" = 404 ] ||
        fail "it serves more than content"
    [ "$(code -X POST -d x "$url$content/playlist.m3u8")" = 405 ] || fail "POST"
    [ "$(code "$url$content/header")" = 404 ] || fail "the header is served"
    [ "$(code -r 5-20 "$url$content/000001.ts")" = 206 ] &&
        cmp -s body <(tail -c +6 "server/contents/$content/000001.ts" | head -c 16) ||
        fail "a range"
    agent_stop new
    agent_command new
    process_start new-agent new/agent.log "${agent[@]}" --content-listen "unix:$PWD/new/player"
    wait_for 20 test -S new/player || fail "no socket"
    [ "$(stat -c %a new/player)" = 700 ] || fail "mode of the socket: $(stat -c %a new/player)"
    [ "$(code --unix-socket new/player "http://pawl/v1/content/$content/key/$key")" = 200 ] ||
        fail "the key, by the socket"
    agent_stop new
    [ ! -e new/player ] || fail "the socket stays"
}

what_is_removed() {
    starts_again() { processor_stop new; starts new; }
    starts_again
    "$pawl" content remove "$content" || fail "content remove"
    refuses_all() { frames "$(cat new/url)$content/playlist.m3u8"; }
    [ -z "$(refuses_all)" ] || fail "removed content plays"
    [ -z "$(ls server/contents)" ] || fail "its files stay"
}

world_make
content_make
who_may_play
grants_elsewhere
what_a_commit_ends
while_a_package_comes
copies
the_address_itself
what_is_removed
echo "content: plays where it may, and nowhere else"
