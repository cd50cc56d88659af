#!/bin/bash
# Content in the demo: ffmpeg plays on one device and is refused on others. Sourced by demo.sh,
# which has set up devices, the server and `tried`.

# Starts an agent that serves players, for a device without one; its address is in NAME/player.
player_open() { # DEVICE
    : >"$1/agent.log"
    agent_command "$1"
    process_start "$1-agent" "$1/agent.log" "${agent[@]}" --content-listen 127.0.0.1:0 --min-poll 0
    wait_for 20 grep -q 'content at http' "$1/agent.log" || die "$1 serves no players"
    sed -n 's/.*content at \(http[^ ]*\)/\1/p' "$1/agent.log" >"$1/player"
}

# How many frames ffmpeg decodes, and whether they are the film's. Its exit code says neither.
played() { # DEVICE
    ffmpeg -nostdin -v error -i "$(cat "$1/player")$content/playlist.m3u8" -map 0:v \
        -f framemd5 - 2>/dev/null | sed -n '/^0,/s/.*, *//p' >"$1/frames"
    if cmp -s "$1/frames" film.frames; then
        echo "all $(wc -l <"$1/frames")"
    else
        wc -l <"$1/frames"
    fi
}

content_for_a_release() {
    chapter "Content that only the newest gateway software can play"
    ffmpeg -nostdin -v error -f lavfi -i testsrc=duration=10:size=320x240:rate=10 -c:v libx264 \
        -preset ultrafast -g 10 -pix_fmt yuv420p film.mp4 || die "no film"
    ffmpeg -nostdin -v error -i film.mp4 -map 0:v -f framemd5 - | sed -n '/^0,/s/.*, *//p' \
        >film.frames
    say "A test film of 100 frames. ffmpeg cuts it, pawl encrypts it under keys that change."
    show "$pawl" content add film.mp4 --release gateway-2.pawl --name "a film" \
        --segment-seconds 1 --key-period 2
    content=$("$pawl" content list --json | jq -r '.items[0].content_id')
    local name
    for name in gateway-1 gateway-3 sensor-1; do player_open "$name"; done
    tried "frames that ffmpeg decodes: gateway-1, release 2" "all 100" "$(played gateway-1)"
    tried "frames that ffmpeg decodes: gateway-3, release 2" "all 100" "$(played gateway-3)"
    tried "frames that ffmpeg decodes: a sensor" 0 "$(played sensor-1)"
    for name in gateway-1 gateway-3 sensor-1; do agent_stop "$name"; done
    proven "keys are granted to devices that run the release, each under its own secret and number."
}

# gateway-3 has taken another release since: its grants are gone with its number.
content_after_a_download() {
    chapter "The same content, one download later"
    player_open gateway-3
    tried "frames that ffmpeg decodes: gateway-3, release 4" 0 "$(played gateway-3)"
    agent_stop gateway-3
    proven "the next download ends what was granted for the one before (I2)."
}
