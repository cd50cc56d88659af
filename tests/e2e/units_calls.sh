#!/bin/bash
# The programs live with the system calls that their units leave them (systemd/): the server starts,
# serves and stops, an agent downloads through an engine and a launcher, and an image runs.
set -euo pipefail

work=$(mktemp -d)
pids=()
finish() {
    local status=$?
    [ "${#pids[@]}" -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait
    [ "$status" -eq 0 ] || tail -n 40 "$work"/log.* >&2
    rm -rf "$work"
}
trap finish EXIT
cd "$work"
export PAWL_CONFIG=/dev/null

if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: needs root for the launcher"
    exit 0
fi
for unit in pawld pawl-agent pawl-processor pawl-launcher; do
    "$PAWL_SOURCE/tests/support/unit_calls.py" "$PAWL_SOURCE/systemd/$unit.service.in" \
        >"$unit.calls"
done
jail=$PAWL_TOOLS/syscall_jail
# until_true COMMAND...: waits for what must happen, while all that was started lives.
until_true() {
    until "$@" >/dev/null 2>&1; do
        kill -0 "${pids[@]}" || exit 1
        sleep 0.02
    done
}

pawl=$PAWL_BIN/pawl
"$pawl" keygen --out vendor.pem
"$jail" pawld.calls "$PAWL_BIN/pawld" init --data data
"$pawl" personalize --vendor example.com --class a --count 1 --trust vendor.pub.pem \
    --server-cert data/server.crt --out units
"$pawl" package --quiet --image /bin/busybox --args echo hello --key vendor.pem \
    --vendor example.com --class a --name busybox --version 1 --security-version 1 \
    --server-cert data/server.crt --out hello.pawl
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout tls.key \
    -out tls.crt -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
chmod 600 tls.key

"$jail" pawld.calls "$PAWL_BIN/pawld" --data data --listen 127.0.0.1:0 --port-file port \
    --tls-cert tls.crt --tls-key tls.key --metrics-listen 127.0.0.1:0 \
    --metrics-port-file metrics 2>log.pawld &
server=$!
pids+=("$server")
until_true test -s port
export PAWL_SOCKET=$work/data/operator.sock
"$pawl" import units/units.import >/dev/null
"$pawl" publish hello.pawl >/dev/null
"$pawl" assign --class a --vendor example.com hello.pawl >/dev/null

# Beside the calls, the users: the engine has no privilege.
mkdir -m 0755 run
mkdir -m 0700 device
cp "$PAWL_BIN/pawl-processor" "$PAWL_TOOLS/syscall_jail" units/*.pud .
chown 54321 . device ./*.pud
chmod 0755 . pawl-processor syscall_jail
# launch CALLS OPTION...
launch() {
    "$jail" "$1" "$PAWL_BIN/pawl-processor" launcher --listen run/engine.sock \
        --engine-user 54321 --run-as 54322:54322 "${@:2}" 2>>log.launcher &
    launcher=$!
    pids+=("$launcher")
    until_true test -S run/engine.sock
}
launch pawl-launcher.calls
engine=(setpriv --reuid 54321 --regid 54321 --clear-groups --no-new-privs --bounding-set -all
    --inh-caps -all ./syscall_jail pawl-processor.calls ./pawl-processor --pud ./*.pud
    --launcher run/engine.sock)
# The counter in a TPM first: indices are made, and read once nothing can be opened any more.
mkdir tpm
swtpm socket --tpm2 --tpmstate "dir=$work/tpm" --flags not-need-init,startup-clear \
    --server "type=unixio,path=$work/tpm.sock" >log.swtpm 2>&1 &
pids+=($!)
until_true test -S tpm.sock
chown 54321 tpm.sock
mkdir -m 0700 with-tpm
chown 54321 with-tpm
"${engine[@]}" --state with-tpm --counter "tpm:swtpm:path=$work/tpm.sock" --make-counter \
    --link stdio </dev/null >/dev/null 2>log.tpm
grep -q 'sequence 0, state ready' log.tpm

# download NUMBER OPTION...: an engine with these options takes what is assigned, and is stopped.
download() {
    "${engine[@]}" --state device --link "unix:$work/link" "${@:2}" 2>>log.processor &
    local processor=$!
    pids+=("$processor")
    until_true test -S link
    "$jail" pawl-agent.calls "$PAWL_BIN/pawl-agent" --server "https://localhost:$(cat port)" \
        --ca tls.crt --processor "unix:$work/link" --once 2>>log.agent
    [ "$("$pawl" devices --json | jq '[.. | .sequence? // empty] | add')" = "$1" ] || {
        echo "not installed: $("$pawl" devices --json)" >&2
        exit 1
    }
    end "$processor"
}

# end PID: and whoever is waited for is alive.
end() {
    local left=() pid
    kill "$1"
    wait "$1" || true
    for pid in "${pids[@]}"; do
        [ "$pid" = "$1" ] || left+=("$pid")
    done
    pids=("${left[@]}")
}
download 1
grep -q 'image: hello' log.launcher || { echo "the image did not speak" >&2; exit 1; }

# With the drop-in an image has the network of the machine: its interfaces are seen, and used.
end "$launcher"
rm run/engine.sock
cat "$PAWL_SOURCE/systemd/pawl-launcher.service.in" \
    "$PAWL_SOURCE/systemd/pawl-launcher-network.conf" >network.unit
"$PAWL_SOURCE/tests/support/unit_calls.py" network.unit >network.calls
launch network.calls --network
"$pawl" package --quiet --image /bin/busybox --args nc 127.0.0.1 "$(cat port)" --key vendor.pem \
    --vendor example.com --class a --name busybox --version 2 --security-version 1 \
    --profile network --server-cert data/server.crt --out reach.pawl
"$pawl" publish reach.pawl >/dev/null
"$pawl" assign --class a --vendor example.com reach.pawl >/dev/null
download 2 --network

curl --fail --silent "http://127.0.0.1:$(cat metrics)/metrics" >scrape
grep -q '^pawl_confirmations_total 2$' scrape || { echo "no confirmation in metrics" >&2; exit 1; }
grep -q '^process_open_fds' scrape || { echo "the jail hides the process" >&2; exit 1; }
kill -HUP "$server"
until_true grep -q event=reload log.pawld
kill "$server"
wait "$server"
pids=("${pids[@]:1}")

# The jail is one: what is not on the list is refused.
grep -vx 'socket' pawld.calls >short.calls
if "$jail" short.calls "$PAWL_BIN/pawld" --data data --listen 127.0.0.1:0 \
    2>log.short; then
    echo "the jail holds nothing" >&2
    exit 1
fi
