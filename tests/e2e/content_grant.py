#!/usr/bin/python3
"""Grants between a server and processors, by hand (SPEC 14, 20). Each command ends with the result
class of the processor's last answer, by name.

    content_grant.py get URL LINK KEY_ID FILE    the processor asks the server; the grant into FILE
    content_grant.py open LINK FILE              the processor opens it
"""
import socket
import struct
import sys
import urllib.request
import zlib

import cbor2

REPORT, DIRECTIVE, CONTENT_KEY = 2, 3, 10
REPEAT = 3
CLASSES = ["ok", "malformed", "unsupported", "untrusted", "wrong-class", "not-entitled", "rollback",
           "corrupt", "io", "storage", "exhausted", "state", "crypto"]


class Link:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(path)

    def ask(self, kind, payload=b""):
        """The class of the answer, and what follows class and state."""
        frame = b"PL" + bytes([kind, 1]) + struct.pack(">I", len(payload)) + payload
        self.socket.sendall(frame + struct.pack(">I", zlib.crc32(frame)))
        head = self.take(8)
        body = self.take(struct.unpack(">I", head[4:])[0])
        self.take(4)
        assert head[:4] == b"PL" + bytes([kind | 0x80, 1]), head
        return body[0], body[2:]

    def take(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            assert part, "the processor is gone"
            data += part
        return data


def exchange(url, link, key_id):
    """A report that asks for the key, and the directive that answers it."""
    code, report = link.ask(REPORT, key_id)
    assert code == 0, CLASSES[code]
    request = urllib.request.Request(url + "/v1/report", report,
                                     {"Content-Type": 'application/cose; cose-type="cose-mac0"'})
    with urllib.request.urlopen(request, timeout=30) as answer:
        directive = answer.read()
    code, _ = link.ask(DIRECTIVE, directive)
    assert code == 0, CLASSES[code]
    return cbor2.loads(cbor2.loads(directive).value[2])


def get(url, path, key_id, file):
    link = Link(path)
    directive = exchange(url, link, bytes.fromhex(key_id))
    if directive[2] == REPEAT:
        directive = exchange(url, link, bytes.fromhex(key_id))
    grants = directive.get(140, [])
    if not grants:
        return "no grant"
    with open(file, "wb") as out:
        out.write(grants[0][1] + grants[0][2])
    return "ok"


def open_grant(path, file):
    with open(file, "rb") as grant:
        code, key = Link(path).ask(CONTENT_KEY, grant.read())
    assert len(key) == (16 if code == 0 else 0)
    return CLASSES[code]


print({"get": get, "open": open_grant}[sys.argv[1]](*sys.argv[2:]))
