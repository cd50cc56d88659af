#!/bin/bash
# A server that answers nonsense, breaks off or never ends its sentence (I9): the command says what
# is wrong, ends with a documented code and leaves no table.
. "$(dirname "$0")/lib.sh"

cat >server.py <<'PYTHON'
import os, socket, struct, sys
path = sys.argv[2]
listener = socket.socket(socket.AF_UNIX)
listener.bind(path + ".new")
listener.listen(8)
os.rename(path + ".new", path)
while True:
    peer, _ = listener.accept()
    request = b""
    while b"\r\n\r\n" not in request:
        part = peer.recv(65536)
        if not part:
            break
        request += part
    peer.sendall(open(sys.argv[1], "rb").read())
    peer.shutdown(socket.SHUT_WR)
    while peer.recv(65536):
        pass
    peer.close()
PYTHON

python3 server.py current socket &
children+=($!)
while [ ! -S socket ]; do sleep 0.02; done

# answering FILE COMMAND...: runs while the server sends FILE to whatever is asked
answering() {
    cp "$1" current
    "${@:2}"
}

reply() { # STATUS FILE: an HTTP answer whose body is the file
    printf 'HTTP/1.1 %s\r\nContent-Length: %s\r\nConnection: close\r\n\r\n' \
        "$1" "$(stat -c %s "$2")"
    cat "$2"
}

export PAWL_SOCKET=socket
id=$(printf '0%.0s' {1..64})
device=${id:32}

: >nothing
answering nothing expect io status
hinted

printf '{"class":' >body
reply '200 OK' body >answer
answering answer expect malformed status

printf '[1,2,{"items":7}]' >body
reply '200 OK' body >answer
for verb in status devices audit "assign --list" "device show $device" "device retry $device"; do
    read -ra words <<<"$verb"
    answering answer run "${words[@]}"
    check "$verb survives another shape: $status" test "$status" -lt 64
done

for class in malformed untrusted corrupt state exhausted storage; do
    printf '{"class": "%s", "message": "because\\u001b[31m"}' $class >body
    reply '409 Conflict' body >answer
    answering answer expect $class status
    check "the server's words" grep -q 'pawld: because?\[31m' err
done
printf '{"class": "never heard of", "message": "x"}' >body
reply '500 Internal Server Error' body >answer
answering answer expect io status
printf 'plain text' >body
reply '502 Bad Gateway' body >answer
answering answer expect io status
reply '403 Forbidden' body >answer
answering answer expect io status
hinted

# Tables: count and rows must agree, and the answer must come whole.
python3 - <<'PYTHON'
import struct
row = bytes(range(48))
bodies = {"short": struct.pack(">Q", 3) + row * 2, "long": struct.pack(">Q", 1) + row * 2,
          "torn": struct.pack(">Q", 2) + row + row[:20], "none": b"", "count": b"\0\0\0"}
for name, body in bodies.items():
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    open(name, "wb").write(head.encode() + body)
whole = struct.pack(">Q", 2) + row + bytes(48)
head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n"
open("cut", "wb").write(head.encode() + whole)
head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\nConnection: close\r\n\r\n"
open("good", "wb").write(head.encode() + whole)
PYTHON
for name in short long torn none count cut; do
    answering $name expect io entitle --group g --out bad.ent "$id"
    absent bad.ent
done
answering good expect ok entitle --group g --out good.ent "$id"
check "two rows, in order" test "$(tail -c 96 good.ent | xxd -p -c 48 | sort -c && echo yes)" = yes

finish
