#!/bin/bash
# `pawl content` (SPEC 17, 20): what it says about what cannot be, and that nothing of it is left.
. "$(dirname "$0")/lib.sh"
prepare
start_server
export PAWL_SOCKET=$socket TMPDIR=$scratch/tmp
mkdir tmp
"$pawl" publish app.pawl >/dev/null 2>&1
ffmpeg -nostdin -v error -f lavfi -i testsrc=duration=4:size=160x120:rate=10 -c:v libx264 \
    -preset ultrafast -g 10 -pix_fmt yuv420p film.mp4

nothing_left() {
    check "nothing is left in TMPDIR: $(ls -A tmp)" test -z "$(ls -A tmp)"
    check "nothing is left at the server" test -z "$(ls -A "$server_data/contents")"
}

for line in "add" "add film.mp4" "add film.mp4 --name x" "add film.mp4 --release app.pawl" \
    "add a b --release app.pawl --name x" "list x" "show" "remove" "show --name x y" "frob" \
    "add film.mp4 --release app.pawl --name x --key-period 0" \
    "add film.mp4 --release app.pawl --name x --segment-seconds 3601"; do
    # shellcheck disable=SC2086
    run content $line
    check "content $line: $status" test "$status" -eq 2
done
expect usage content show xyz
expect usage content remove "${server_data##*/}"
expect state content show 00000000000000000000000000000000
expect state content remove 00000000000000000000000000000000

add=(content add --release app.pawl --name film)
expect io "${add[@]}" missing.mp4
expect io content add --release missing.pawl --name film film.mp4
expect malformed content add --release image --name film film.mp4
expect malformed "${add[@]}" image
hinted
expect malformed "${add[@]}" .
head -c 3000 film.mp4 >cut.mp4
expect malformed "${add[@]}" cut.mp4
expect malformed content add --release app.pawl --name "$(printf 'n%.0s' {1..256})" film.mp4
expect malformed content add --release app.pawl --name $'\xff' film.mp4
expect state content add --release "$(printf '0%.0s' {1..64})" --name film film.mp4
expect state content add --name film film.mp4 \
    --release "$("$pawl" inspect --json app.pawl | jq -r .package_id)"
check "a package's id is told from a release's" grep -q 'of a package' err
# A name that ffmpeg would take for an address, or for an option.
expect io "${add[@]}" http://127.0.0.1:1/film.mp4
cp film.mp4 ./-film.mp4
cp film.mp4 'concat:film.mp4'
nothing_left

PATH=$scratch/empty run "${add[@]}" film.mp4
check "without ffmpeg: $status" test "$status" -eq "${class_code[io]}"
check "it says what to install" grep -q '^hint: install' err
TMPDIR=$scratch/none run "${add[@]}" film.mp4
check "without a place for segments: $status" test "$status" -eq "${class_code[io]}"
nothing_left

# A signal in the middle: a player that never ends, instead of ffmpeg.
mkdir bin
printf '#!/bin/sh\necho $$ >started\nexec sleep 600\n' >bin/ffmpeg
chmod +x bin/ffmpeg
PATH=$scratch/bin:$PATH "$pawl" "${add[@]}" film.mp4 2>err &
adding=$!
for _ in $(seq 600); do [ -s started ] && break || sleep 0.05; done
kill -TERM "$adding"
wait "$adding" && ended=0 || ended=$?
check "the signal ends it: $ended" test "$ended" -eq 143
check "and ffmpeg with it" test ! -e "/proc/$(cat started)"
nothing_left

# No key is in an argument of ffmpeg's, and it gets one local file.
printf '#!/bin/sh\nprintf "%%s\\n" "$@" >arguments\nexec %s "$@"\n' \
    "$(command -v ffmpeg)" >bin/ffmpeg
PATH=$scratch/bin:$PATH expect ok "${add[@]}" --json --segment-seconds 1 --key-period 3 -- -film.mp4
check "segments and keys" jq -e '.segments == 4 and .keys == 2' out
check "the file alone" grep -qx 'file:-film.mp4' arguments
check "no key" test -z "$(grep -iE '[0-9a-f]{32}|key' arguments)"
id=$(jq -r .content_id out)
expect ok content add 'concat:film.mp4' --release app.pawl --name two
expect ok content list
check "both are listed" test "$(grep -c ' 4 *' out)" -ge 1 -a "$(grep -c "$id" out)" = 1
expect ok content remove "$id"
expect ok content list --json
check "one is left" jq -e '.items | length == 1' out
check "TMPDIR is empty" test -z "$(ls -A tmp)"
finish
