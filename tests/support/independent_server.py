#!/usr/bin/python3
"""A second implementation of personalization, packaging and the control server, from SPEC alone.

Makes PUDs and a package of IMAGE (a Linux executable that is run with ARGUMENTs), and serves it to
these devices: what our device side takes from it, it takes from anybody who keeps to SPEC.
It shares no code with the rest: CBOR by cbor2, cryptography by python3-cryptography, digests
by fsverity. Each report is a line on stdout: device, sequence number, state, failure code, action.

usage: independent_server.py [--direct] --out DIR IMAGE [ARGUMENT...]

DIR/0.pud, DIR/1.pud: two devices; a package in direct mode is for the first alone.
DIR/port: the port, when it serves.
"""
import argparse
import hashlib
import hmac
import os
import sys
import struct
import subprocess
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

COSE = 'application/cose; cose-type="cose-mac0"'
CHUNK = 65536
CHAIN = 3  # short: an epoch ends within a test
IDLE, DOWNLOAD, REPEAT = 0, 1, 3


def cbor(item):
    return cbor2.dumps(item, canonical=True)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def expand(key, info, size):
    """HKDF-Expand (RFC 5869)."""
    out = block = b""
    for i in range(1, 3):
        block = hmac.digest(key, block + info + bytes([i]), "sha256")
        out += block
    return out[:size]


class Vendor:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        point = self.key.public_key().public_numbers()
        self.x, self.y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        self.kid = sha256(b"\x04", self.x, self.y)[:8]
        vendor = uuid.uuid5(uuid.NAMESPACE_DNS, "example.com")
        self.vendor_id, self.class_id = vendor.bytes, uuid.uuid5(vendor, "box").bytes

    def sign(self, payload):
        """COSE_Sign1 (SPEC 6)."""
        protected = cbor({1: -7})
        signed = cbor(["Signature1", protected, b"pawl/1 manifest", payload])
        r, s = utils.decode_dss_signature(self.key.sign(signed, ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return cbor(cbor2.CBORTag(18, [protected, {4: self.kid}, payload, signature]))


class Device:
    """A unit as the server knows it."""

    def __init__(self, vendor):
        self.id, self.secret = os.urandom(16), os.urandom(32)
        anchor = {1: 2, 2: vendor.kid, 3: -7, -1: 1, -2: vendor.x, -3: vendor.y}
        self.pud = cbor({1: 1, 2: self.id, 3: vendor.vendor_id, 4: vendor.class_id,
                         5: self.secret, 6: CHAIN, 7: [anchor]})
        self.auth_key = expand(self.secret, b"pawl/1 report", 32)
        self.sequence, self.package_id = 0, None

    def download_key(self, sequence):
        """SPEC 5: the last link first."""
        epoch, r = divmod(sequence, CHAIN)
        link = expand(self.secret, b"pawl/1 chain" + struct.pack(">Q", epoch), 32)
        for _ in range(CHAIN - r):
            link = sha256(b"pawl", self.id, link)
        return link


class Package:
    def __init__(self, vendor, path, arguments, direct_for=None):
        digest = subprocess.check_output(["fsverity", "digest", "--compact", path], text=True)
        with open(path, "rb") as file:
            image = file.read()
        manifest = {1: 1, 2: vendor.vendor_id, 3: vendor.class_id, 4: os.path.basename(path),
                    5: "1.0", 6: 1, 7: 1, 8: len(image), 9: [1, bytes.fromhex(digest.strip())],
                    11: {1: 1, 2: 30}, 12: 1700000000, 13: arguments}
        header = cbor({1: vendor.sign(cbor(manifest)), 2: CHUNK, 3: 1 if direct_for else 0,
                       4: os.urandom(16)})
        self.id = sha256(header)
        self.key = os.urandom(32)
        if direct_for:
            self.key = expand(direct_for.download_key(0), b"pawl/1 direct" + self.id, 32)
        self.is_direct = direct_for is not None
        self.bytes = (b"PAWLPKG1" + struct.pack(">I", len(header)) + header +
                      b"".join(self.chunks(image)))

    def chunks(self, image):
        stream = AESGCM(expand(self.key, b"pawl/1 stream" + self.id, 32))
        count = -(-len(image) // CHUNK)
        for i in range(count):
            nonce = i.to_bytes(11, "big") + bytes([i == count - 1])
            yield stream.encrypt(nonce, image[i * CHUNK:(i + 1) * CHUNK], None)

    def entitlement(self, device):
        keys = expand(device.download_key(device.sequence), b"pawl/1 entitle" + self.id, 40)
        return aes_key_wrap(keys[:32], self.key)


def mac0(key, label, payload):
    protected = cbor({1: 5})
    return protected, hmac.digest(key, cbor(["MAC0", protected, label, payload]), "sha256")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body, media, **headers):
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def decide(self, device, report):
        """The fields of the directive that answers a report (SPEC 10, 11)."""
        package = self.server.package
        fields = {0: 1, 1: report[5], 3: 1, 4: self.server.challenge}
        if report[6] != self.server.challenge:
            return fields | {2: REPEAT}
        if report[1] == device.sequence + 1:
            device.sequence, device.package_id = report[1], report[3]
        failed = report.get(4, [None])[0]
        if report[1] != device.sequence or package.id in (device.package_id, failed):
            return fields | {2: IDLE}
        fields |= {2: DOWNLOAD, 5: package.id, 6: "/v1/packages/" + package.id.hex(),
                   7: len(package.bytes)}
        return fields if package.is_direct else fields | {8: package.entitlement(device)}

    def do_POST(self):
        message = cbor2.loads(self.rfile.read(int(self.headers["Content-Length"])))
        protected, unprotected, payload, mac = message.value
        device = self.server.devices.get(unprotected[4])
        if message.tag != 17 or device is None or \
                (protected, mac) != mac0(device.auth_key, b"pawl/1 report", payload):
            return self.answer(403, b"", "text/plain")
        report = cbor2.loads(payload)
        fields = self.decide(device, report)
        print(self.server.names[device.id], report[1], report[7], report.get(4, [0, 0])[1],
              fields[2], flush=True)
        payload = cbor(fields)
        protected, mac = mac0(device.auth_key, b"pawl/1 directive", payload)
        self.answer(200, cbor(cbor2.CBORTag(17, [protected, {}, payload, mac])), COSE)

    def do_GET(self):
        package = self.server.package.bytes
        first = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        if "Range" in self.headers:
            self.answer(206, package[first:], "application/octet-stream",
                        Content_Range=f"bytes {first}-{len(package) - 1}/{len(package)}")
        else:
            self.answer(200, package, "application/octet-stream")


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """An agent hangs up in a package that its device refuses, or wants from the start again."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--direct", action="store_true")
    parser.add_argument("--out", required=True)
    parser.add_argument("image")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()

    vendor = Vendor()
    devices = [Device(vendor), Device(vendor)]
    server = Listener(("127.0.0.1", 0), Handler)
    server.devices = {device.id: device for device in devices}
    server.names = {device.id: name for name, device in enumerate(devices)}
    server.package = Package(vendor, options.image, options.arguments,
                             devices[0] if options.direct else None)
    server.challenge = os.urandom(16)
    os.makedirs(options.out)
    os.umask(0o077)
    for name, device in enumerate(devices):
        with open(f"{options.out}/{name}.pud", "wb") as file:
            file.write(device.pud)
    with open(f"{options.out}/port.new", "w", encoding="ascii") as file:
        file.write(f"{server.server_address[1]}\n")
    os.rename(f"{options.out}/port.new", f"{options.out}/port")
    server.serve_forever()


main()
