"""A client of the processor's link (SPEC 14), over a Unix-domain socket, for tests."""
import socket
import struct
import zlib


class Link:
    """The agent's end of the link, for one who does as he likes there."""

    HELLO, REPORT, DIRECTIVE, WRITE, INSTALL, STATUS, CANCEL, TAKEN, CONTENT_KEY = \
        1, 2, 3, 4, 5, 6, 7, 8, 10

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(path)
        self.id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def take(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            assert part, "the processor hung up"
            data += part
        return data

    def ask(self, kind, payload=b""):
        """(result class, state, the rest) of the answer."""
        self.id = (self.id + 1) % 256
        frame = b"PL" + bytes([kind, self.id]) + struct.pack(">I", len(payload)) + payload
        self.socket.sendall(frame + struct.pack(">I", zlib.crc32(frame)))
        head = self.take(8)
        assert head[:4] == b"PL" + bytes([kind + 128, self.id]), head
        rest = self.take(struct.unpack(">I", head[4:])[0] + 4)[:-4]
        return rest[0], rest[1], rest[2:]

    def report(self):
        result, _, report = self.ask(self.REPORT)
        assert result == 0, result
        return report
