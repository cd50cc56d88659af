"""A Cortex-M33 device in QEMU, and a server and vendor for it that are not ours: made of
tests/vectors/protocol.py, which knows the protocol from SPEC.md alone."""
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/vectors"))
import protocol as p  # noqa: E402

FIRMWARE = os.environ.get("PAWL_FIRMWARE",
                          os.path.join(os.environ["PAWL_SOURCE"], "build-cortex-m33"))
NVM_SIZE = 16 << 20
HELLO, REPORT, DIRECTIVE, WRITE, INSTALL, STATUS, CANCEL, TAKEN, PROVISION, CONTENT_KEY = \
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10
READY, WRITING, CANDIDATE, STAGED, FAILED, TRIAL, REJECTED, UPDATED = range(8)
OK, MALFORMED, UNSUPPORTED, UNTRUSTED, WRONG_CLASS, NOT_ENTITLED, ROLLBACK, CORRUPT, IO, STORAGE, \
    EXHAUSTED, STATE, CRYPTO = range(13)
LOAD_ADDRESS = 0x28200000
EVERYBODY = b"\xff" * 6
HOST = b"\x02host\0"
ETHER_TYPE = b"\x88\xb5"


# The orders of the probing image, tests/cortex_m33/images/probe.c.
(BE_READY, EXIT, RETURN, READ, WRITE_WORD, CALL, UNDEFINED, MASKED_LOOP, HANDLER_LOOP, STACK,
 GATEWAY_LOG, GATEWAY_RELEASE, GATEWAY_KEY, GATEWAY_OPEN, WRAP, RESET, SAU, GRANT,
 ODD_KNOCK, CONTENT) = range(20)


def image_read(name):
    with open(os.path.join(FIRMWARE, "bin", name + ".bin"), "rb") as file:
        return file.read()


def probe(act, value=0):
    """The probing image with an order."""
    image = image_read("probe")
    at = image.index(b"PROBE001") + 8
    return image[:at] + struct.pack("<II", act, value) + image[at + 8:]


def frame_read(data):
    """(type and id, payload) of a link frame that is whole, with class and state in it."""
    if len(data) < 14 or data[:2] != b"PL":
        return None
    size = struct.unpack(">I", data[4:8])[0]
    if size < 2 or len(data) < size + 12:
        return None
    if zlib.crc32(data[:8 + size]) != struct.unpack(">I", data[8 + size:12 + size])[0]:
        return None
    return data[2:4], data[8:8 + size]


def free_port():
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        return probe_socket.getsockname()[1]


class Gone(Exception):
    """The device does not answer any more."""


class Vendor:
    """Keys, packages and what a control server says, for one class of devices."""

    def __init__(self):
        self.key = p.Key()
        self.vendor = p.vendor_id("example.com")
        self.device_class = p.class_id(self.vendor, "sensor")

    def pud(self, number=1):
        return {"device_id": bytes([number]) * 16, "vendor_id": self.vendor,
                "class_id": self.device_class, "unit_secret": bytes([0x40 + number]) * 32,
                "chain_length": 1024, "anchors": [(self.key.x, self.key.y)], "maximum": None}

    def package(self, image, security=1, success=2, deadline=30, chunk=16384, version="1", key=None,
                **changes):
        """(bytes, package_id, content key) of a package; success 1 exit, 2 ready, 3 contact."""
        manifest = {1: 1, 2: self.vendor, 3: self.device_class, 4: "probe", 5: version,
                    6: security, 7: 2, 8: len(image), 9: p.verity(image),
                    10: {1: LOAD_ADDRESS, 2: LOAD_ADDRESS}, 11: {1: success, 2: deadline},
                    12: 1700000000}
        manifest.update(changes.pop("manifest", {}))
        header = p.package_header(p.sign1(p.manifest_write(manifest), key or self.key), chunk, 0,
                                  bytes(16))
        content_key = bytes([0x11]) * 32
        return (p.package_seal(header, chunk, content_key, image), p.package_id(header),
                content_key)


class Device:
    """QEMU with the firmware and a file of non-volatile memory; a context manager."""

    def __init__(self, nvm=None, options=()):
        self.dir = tempfile.mkdtemp(prefix="pawl-m33-")
        self.nvm = os.path.join(self.dir, "nvm.bin")
        self.options = list(options)
        self.process = None
        self.log = b""
        self.id = 0
        self.mac = EVERYBODY
        if nvm is None:
            with open(self.nvm, "wb") as file:
                file.write(b"\xff" * NVM_SIZE)
        else:
            shutil.copyfile(nvm, self.nvm)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.socket.close()
        shutil.rmtree(self.dir)

    def command(self, extra=()):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe_socket:
            probe_socket.bind(("127.0.0.1", 0))
            self.port = probe_socket.getsockname()[1]
        own = self.socket.getsockname()[1]
        return ["qemu-system-arm", "-M", "mps2-an505,memory-backend=nvm",
                "-object", f"memory-backend-file,id=nvm,mem-path={self.nvm},size=16M,share=on",
                "-display", "none", "-monitor", "none", "-serial", "stdio",
                "-netdev", "dgram,id=n0,local.type=inet,local.host=127.0.0.1,"
                f"local.port={self.port},remote.type=inet,remote.host=127.0.0.1,"
                f"remote.port={own}", "-net", "nic,netdev=n0,model=lan9118",
                "-kernel", os.path.join(FIRMWARE, "bin/firmware.elf"), *self.options, *extra]

    def start(self, *extra):
        self.process = subprocess.Popen(self.command(extra), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(self.process.stdout.fileno(), False)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.log_read()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def restart(self, *extra):
        self.stop()
        self.start(*extra)

    def log_read(self):
        data = self.process.stdout.read()
        self.log += data or b""
        return self.log.decode(errors="replace")

    def wait_log(self, text, seconds=20, since=0):
        """Waits until the log holds a text behind `since`."""
        end = time.monotonic() + seconds
        while text not in self.log_read()[since:]:
            if self.process.poll() is not None:
                raise Gone(self.log_read())
            assert time.monotonic() < end, f"no {text!r} in the log:\n{self.log_read()}"
            select.select([self.process.stdout], [], [], 0.1)

    def ask(self, kind, payload=b"", seconds=20):
        """(result class, state, the rest) of the answer; asks again until it comes."""
        self.id = (self.id + 1) % 256
        frame = b"PL" + bytes([kind, self.id]) + struct.pack(">I", len(payload)) + payload
        frame += struct.pack(">I", zlib.crc32(frame))
        end, wait = time.monotonic() + seconds, 0.1
        while True:
            try:
                self.socket.sendto(self.mac + HOST + ETHER_TYPE + frame, ("127.0.0.1", self.port))
            except ConnectionRefusedError:
                pass
            until = time.monotonic() + wait
            while (left := until - time.monotonic()) > 0:
                answer = frame_read(self.receive(left) or b"")
                if answer is not None and answer[0] == bytes([kind + 128, self.id]):
                    return answer[1][0], answer[1][1], answer[1][2:]
            if self.process.poll() is not None or time.monotonic() > end:
                raise Gone(self.log_read())
            wait = min(2 * wait, 2)

    def receive(self, seconds):
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        try:
            data = self.socket.recv(2048)
        except ConnectionRefusedError:
            return None
        if data[12:14] != ETHER_TYPE or data[:6] != HOST:
            return None
        self.mac = data[6:12]
        return data[14:]

    def provision(self, pud):
        result, _, _ = self.ask(PROVISION, p.pud_write(pud))
        self.mac = EVERYBODY
        return result

    def hello(self):
        result, state, rest = self.ask(HELLO)
        assert result == OK, result
        return state, rest[5:21], struct.unpack(">Q", rest[21:29])[0]

    def status(self):
        result, state, rest = self.ask(STATUS)
        assert result == OK, result
        return {"state": state, "flags": rest[0], "sequence": struct.unpack(">Q", rest[1:9])[0],
                "package_id": rest[9:41], "failed": rest[41:73],
                "failure": struct.unpack(">Q", rest[73:81])[0],
                "offset": struct.unpack(">Q", rest[81:89])[0]}

    def report(self, pud):
        """A fresh report, taken apart."""
        result, _, report = self.ask(REPORT)
        assert result == OK, result
        return p.report_read(report, pud)[1]

    def direct(self, pud, directive, report=None, seconds=20):
        """Has a directive carried out that answers a report; (result, state, the report)."""
        report = report or self.report(pud)
        directive = p.directive_write({0: 1, 1: report[5], 3: 5, 4: b"", **directive}, pud)
        return *self.ask(DIRECTIVE, directive, seconds)[:2], report

    def offer(self, pud, package, sequence=None):
        """A directive to download a package, entitled at the device's number."""
        data, package_id, key = package
        if sequence is None:
            sequence = self.status()["sequence"]
        wrapped = p.row(pud, sequence, package_id, key)[8:]
        return self.direct(pud, {2: 1, 5: package_id, 6: "http://127.0.0.1/p", 7: len(data),
                                 8: wrapped})

    def write(self, data, start=0):
        """Sends package bytes from what is wanted on; the result of the last write."""
        result, offset = OK, start
        while offset < len(data):
            part = data[offset:offset + 1392]
            result, _, rest = self.ask(WRITE, struct.pack(">Q", offset) + part)
            wanted = struct.unpack(">Q", rest[:8])[0]
            if result != OK and wanted == offset:
                break
            if result not in (OK, STATE):
                break
            offset = wanted
        return result

    def download(self, pud, package, sequence=None):
        """Offer, bytes, installation: the result of whichever failed, or of the last."""
        result, state, _ = self.offer(pud, package, sequence)
        if result != OK:
            return result
        if state == WRITING:
            result = self.write(package[0], self.status()["offset"])
        if result != OK:
            return result
        return self.ask(INSTALL, seconds=60)[0]

    def settle(self, seconds=20):
        """The status once no trial is on."""
        end = time.monotonic() + seconds
        while (status := self.status())["state"] == TRIAL:
            assert time.monotonic() < end, self.log_read()
            time.sleep(0.02)
        return status
