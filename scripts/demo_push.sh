#!/bin/bash
# Push in the demo: a device that polls once an hour is woken, is told something, and runs a
# diagnostic image once. Sourced by demo.sh, which has set up devices, the server and `tried`.

broker_start() {
    local broker tries=0
    broker=$(PATH=$PATH:/usr/sbin command -v mosquitto) || die "no mosquitto"
    head -c 18 /dev/urandom | base64 >push.password
    chmod 600 push.password
    mosquitto_passwd -b -c broker.passwd pawld "$(cat push.password)" 2>/dev/null ||
        die "no account at the broker"
    cp "$demo_source/examples/push/pawl.acl" broker.acl
    chmod 644 broker.passwd broker.acl
    until process_alive broker && [ -n "$(broker_answers)" ]; do
        process_alive broker && { sleep 0.05; continue; }
        # Another port when somebody has this one.
        broker_port=$((20000 + RANDOM % 30000))
        {
            echo "per_listener_settings true"
            [ "$(id -u)" -ne 0 ] || echo "user root"
            echo "listener $broker_port 127.0.0.1"
            echo "allow_anonymous true"
            echo "acl_file $PWD/broker.acl"
            echo "password_file $PWD/broker.passwd"
        } >broker.conf
        [ $((tries += 1)) -le 20 ] || die "no broker: $(tail -n 1 broker.log)"
        process_start broker broker.log "$broker" -c "$PWD/broker.conf"
    done
}

broker_answers() {
    (exec 3<>"/dev/tcp/127.0.0.1/$broker_port") 2>/dev/null && echo yes
}

# The moment at which the server hears of a sequence number, in seconds from $1 on.
seconds_until() { # START NAME SEQUENCE
    wait_for 20 eval "[ \"\$(server_sees $2 sequence)\" = $3 ]" || die "$2 is not woken"
    jq -n --argjson began "$1" 'now - $began | . * 10 | round / 10'
}

commands_wait() { # how many of sensor-1
    "$pawl" device commands "$(cat sensor-1/id)" --json | jq '.items | length'
}

push_wakes() {
    local id number began
    id=$(cat sensor-1/id)
    number=$(server_sees sensor-1 sequence)
    chapter "Push: a device that polls once an hour"
    say "mosquitto runs with the access list of examples/push. pawld publishes there by a" \
        "password, the device listens without one."
    broker_start
    server_stop
    server_start --poll-after 3600 --push-broker "mqtt://127.0.0.1:$broker_port" \
        --push-user pawld --push-password-file push.password || die "pawld does not start"
    : >sensor-1/agent.log
    agent_command sensor-1
    process_start sensor-1-agent sensor-1/agent.log "${agent[@]}" --log-level debug \
        --push "mqtt://127.0.0.1:$broker_port"
    wait_for 20 eval '[ "$(grep -c "push: listening" sensor-1/agent.log)" -ge 2 ]' ||
        die "sensor-1 does not listen"
    release sensor push 3 vendor.pem echo "woken by a push"
    publish sensor-push
    began=$(jq -n now)
    show "$pawl" assign --device "$id" sensor-push.pawl
    echo "    assigned, downloaded, run and confirmed after" \
        "$(seconds_until "$began" sensor-1 $((number + 1))) s"
    tried "push: the image that ran" "woken by a push" "$(image_says sensor-1)"

    show "$pawl" device command "$id" message "the filter needs cleaning"
    wait_for 20 eval '[ "$(commands_wait)" = 0 ]' || die "the message is not taken"
    tried "a message, verified by the secure processor" "the filter needs cleaning" \
        "$(sed -n 's/.*notice: message: //p' sensor-1/agent.log)"
    release sensor probe 3 vendor.pem echo "a diagnostic, once"
    publish sensor-probe
    show "$pawl" device command "$id" diagnostic sensor-probe.pawl
    wait_for 20 eval '[ "$(commands_wait)" = 0 ]' || die "the diagnostic is not taken"
    tried "a diagnostic image ran, and was not kept" "1 $((number + 1))" \
        "$(grep -c 'image: a diagnostic, once' sensor-1/processor.log) $(server_sees sensor-1 \
            sequence)"
    agent_stop sensor-1
    process_stop broker
    proven "a notification only wakes: what is done comes with the answer to the poll, verified."
}
