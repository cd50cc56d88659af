#!/bin/bash
# An image reaches the network when its signed manifest asks for it and the device's owner lets it,
# and not otherwise (SPEC 6.9, 13.7). With the argument "user": not as root.
. "$(dirname "$0")/processor_lib.sh"

# A server that answers with a byte: on both loopback addresses, on one port, and on another port
# that only the image without the profile asks for.
python3 - port 2>server.log <<'END' &
import os, socket, sys, threading
listeners = [socket.create_server(("127.0.0.1", 0))]
port = listeners[0].getsockname()[1]
try:
    listeners.append(socket.create_server(("::1", port), family=socket.AF_INET6))
except OSError:
    pass
families = len(listeners)
listeners.append(socket.create_server(("127.0.0.1", 0)))
with open(sys.argv[1] + ".new", "w") as file:
    print(port, listeners[-1].getsockname()[1], families, file=file)
os.rename(sys.argv[1] + ".new", sys.argv[1])
def serve(listener):
    while True:
        client, address = listener.accept()
        client.recv(1)
        print("served", listener.getsockname()[1], file=sys.stderr, flush=True)
        client.sendall(b"y")
        client.close()
threads = [threading.Thread(target=serve, args=(one,)) for one in listeners]
for one in threads:
    one.start()
END
server=$!
trap 'kill "$server" 2>/dev/null || true; finish' EXIT
until_true test -s port
read -r port other families <port
if [ "$families" -ne 2 ]; then
    echo "skipped: this system has no IPv6 on its loopback interface"
    exit 0
fi
served() {
    grep -c "^served $1\$" server.log || true
}

# The control: outside of a sandbox it can be reached.
for target in "127.0.0.1 $port" "::1 $port" "127.0.0.1 $other"; do
    # shellcheck disable=SC2086
    "$PAWL_TOOLS/guest-static" reach $target || fail "$target cannot be reached at all"
done

pack old -- exit 0
pack confined -- reach 127.0.0.1 "$other"
pack networked --network -- networked "$port"
pack reporting --network --success ready -- notify READY=1

# Without the owner's consent: refused before anything of it ran, the old software goes on.
start
expect "the first release" "$(try old)" '^state=7 sequence=1 .*failure=0$'
expect "no consent" "$(try networked)" '^state=6 sequence=1 .*failure=2$'
expect "it goes on" "$(try old)" '^state=7 sequence=2 .*failure=0$'
stop

# With it: this image, and none that does not ask.
start --network
expect "the network" "$(try networked)" '^state=7 sequence=3 .*failure=0$'
if logged 'image: BROKEN'; then fail "$(grep -o 'BROKEN.*' log)"; fi
[ "$(grep -c 'image: held ' log)" -ge 13 ] || fail "too few checks were made"
[ "$(served "$port")" -ge 4 ] || fail "nobody reached the server"
expect "not asked for" "$(try confined)" '^state=4 sequence=3 .*failure=64$'
[ "$(served "$other")" -eq 1 ] || fail "an image without the profile reached the server"
# It runs still, in the network that is its own: after one image the next is not where that was.
expect "it can report" "$(try reporting)" '^state=7 sequence=4 .*running=1'
image=$(pgrep -xf "guest notify READY=1" | tail -n 1)
if [ "$(id -u)" -eq 0 ] && namespaces; then
    ours=$(readlink /proc/self/ns/net)
    [ "$(readlink "/proc/$image/ns/net")" = "$ours" ] || fail "it has another network"
    [ "$(readlink "/proc/$processor/ns/net")" != "$ours" ] || fail "so has the processor"
    launcher=$(pgrep -P "$processor" | head -n 1)
    [ "$(readlink "/proc/$launcher/ns/net")" != "$ours" ] || fail "so has the launcher"
fi
stop

# The owner thinks better of it: what is committed does not run, and the next release does.
start
expect "consent withdrawn" "$(client status)" '^state=0 sequence=4 .*running=0'
logged 'unsupported' || fail "the log does not say why it does not run"
expect "the next release" "$(try old)" '^state=7 sequence=5 .*failure=0$'
stop
