"""The client's side of gdb's remote protocol, as far as glitching a device in QEMU needs it:
breakpoints, registers, going on. Several times as fast as a gdb for each fault."""
import select
import socket
import struct
import time

PC, XPSR, R0 = 15, 25, 0


class Remote:
    def __init__(self, port, seconds=10):
        end = time.monotonic() + seconds
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
                break
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def send(self, text):
        data = text.encode()
        self.socket.sendall(b"$" + data + b"#%02x" % (sum(data) & 255))

    def take(self, seconds=10):
        """The next packet, acknowledged; None when none comes in time."""
        end = time.monotonic() + seconds
        while True:
            start = self.buffer.find(b"$")
            stop = self.buffer.find(b"#", start)
            if start >= 0 and stop >= 0 and len(self.buffer) >= stop + 3:
                packet = self.buffer[start + 1:stop].decode()
                self.buffer = self.buffer[stop + 3:]
                self.socket.sendall(b"+")
                return packet
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            data = self.socket.recv(65536)
            if not data:
                return None
            self.buffer += data

    def ask(self, text):
        self.send(text)
        return self.take()

    def settle(self):
        """Drops what comes unasked for when the connection is made."""
        self.send("?")
        while self.take(0.05) is not None:
            pass
        # QEMU gives single registers only to who has asked how they are laid out.
        self.ask("qXfer:features:read:target.xml:0,ffb")

    def halt(self):
        self.socket.sendall(b"\x03")
        return self.take()

    def go(self):
        self.send("c")

    def breakpoint(self, address, on=True):
        answer = self.ask(f"{'Z' if on else 'z'}0,{address:x},2")
        assert answer == "OK", answer

    def register(self, number):
        return struct.unpack("<I", bytes.fromhex(self.ask(f"p{number:x}")))[0]

    def register_set(self, number, value):
        answer = self.ask(f"P{number:x}={struct.pack('<I', value & 0xffffffff).hex()}")
        assert answer == "OK", answer

    def memory(self, address, size):
        return bytes.fromhex(self.ask(f"m{address:x},{size:x}"))

    def memory_set(self, address, data):
        answer = self.ask(f"M{address:x},{len(data):x}:{data.hex()}")
        assert answer == "OK", answer
