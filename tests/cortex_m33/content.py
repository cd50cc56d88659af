#!/usr/bin/python3
"""SPEC 20, 13.12: an image in the non-secure world opens content by a handle, and never sees the key.
The grant is for this device, package and sequence number; one bit off it opens nothing. The test is
the image's host: it puts grants and content into the image's memory through a debugger."""
import os
import struct
import sys
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
import gdb_remote  # noqa: E402
import pawl_m33 as m33  # noqa: E402

KEY, SALT, VECTOR = bytes(range(16)), bytes([0x33]) * 16, bytes([0x44]) * 16
PLAIN = b"thirty-two bytes of a film, once"
NOTHING = b"no content, but as long as some."


def exchange(remote, mailbox, salt, wrapped, content):
    """What became of a grant and of content: (result, result, the bytes)."""
    remote.halt()
    remote.memory_set(mailbox + 20, salt + wrapped + VECTOR + content)
    remote.memory_set(mailbox + 8, struct.pack("<I", 1))
    remote.go()
    for _ in range(200):
        time.sleep(0.02)
        remote.halt()
        turn, key_result, open_result = struct.unpack("<III", remote.memory(mailbox + 8, 12))
        found = remote.memory(mailbox + 20 + 56, 32)
        remote.go()
        if turn == 2:
            return key_result, open_result, found
    raise AssertionError("the image does not answer")


def main():
    vendor = m33.Vendor()
    pud = vendor.pud()
    image = m33.probe(m33.CONTENT)
    package = vendor.package(image)
    mailbox = m33.LOAD_ADDRESS + image.index(b"MAILBOX1")
    with m33.Device() as device:
        port = m33.free_port()
        device.start("-gdb", f"tcp:127.0.0.1:{port}")
        assert device.provision(pud) == m33.OK
        assert device.download(pud, package) == m33.OK
        assert device.settle()["sequence"] == 1
        remote = gdb_remote.Remote(port)
        remote.settle()
        remote.go()
        cipher = Cipher(algorithms.AES(KEY), modes.CBC(VECTOR)).encryptor()
        content = cipher.update(PLAIN) + cipher.finalize()

        def wrapped(sequence):
            kek = m33.p.expand(pud["unit_secret"], b"pawl/1 content" + m33.p.u64be(sequence) +
                               package[1] + SALT, 32)
            return aes_key_wrap(kek, KEY)

        refused = (m33.NOT_ENTITLED, m33.NOT_ENTITLED, NOTHING)
        assert exchange(remote, mailbox, SALT, wrapped(0), NOTHING) == refused
        assert exchange(remote, mailbox, SALT[:15] + b"\0", wrapped(1), NOTHING) == refused
        assert exchange(remote, mailbox, SALT, wrapped(1), content) == (m33.OK, m33.OK, PLAIN)
        remote.halt()
        memory = b"".join(remote.memory(m33.LOAD_ADDRESS + at, 1024) for at in range(0, 8192, 1024))
        assert PLAIN in memory and KEY not in memory, "the image has the key"
        remote.close()
    print("content opened by a handle; two grants refused")


main()
