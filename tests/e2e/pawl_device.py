"""A device as SPEC describes it, written from the text alone: nothing of Pawl's C code is used.

For tests that need a device which says exactly what they want it to say.
"""
import hashlib
import hmac
import os

import cbor2
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

IDLE, DOWNLOAD, HOLD, REPEAT = range(4)
MEDIA_TYPE = 'application/cose; cose-type="cose-mac0"'


def expand(key, info, size):
    """HKDF-Expand of RFC 5869 with SHA-256."""
    out, block, counter = b"", b"", 1
    while len(out) < size:
        block = hmac.new(key, block + info + bytes([counter]), hashlib.sha256).digest()
        out, counter = out + block, counter + 1
    return out[:size]


def u64(number):
    return number.to_bytes(8, "big")


def mac0_tag(key, protected, aad, payload):
    structure = cbor2.dumps(["MAC0", protected, aad, payload], canonical=True)
    return hmac.new(key, structure, hashlib.sha256).digest()


class Refused(Exception):
    """The server's answer was not a directive."""

    def __init__(self, status, body):
        super().__init__(f"HTTP {status}: {body[:200]!r}")
        self.status, self.body = status, body


class Device:
    """State and keys of one device. `post` is a function from bytes to (status, body)."""

    def __init__(self, pud, post):
        fields = cbor2.loads(pud)
        self.id, self.secret, self.chain = fields[2], fields[5], fields[6]
        self.auth = expand(self.secret, b"pawl/1 report", 32)
        self.post = post
        self.sequence, self.instance, self.package = 0, None, None
        self.challenge = None
        self.failed = None

    def report(self, **changes):
        """A report of what the device is, with changes; its bytes and its nonce."""
        fields = {
            "sequence": self.sequence, "instance": self.instance, "package": self.package,
            "failed": self.failed, "nonce": os.urandom(8), "challenge": self.challenge,
            "state": 0, "extra": {}, "key": self.auth, "id": self.id,
        }
        fields.update(changes)
        payload = {0: 1, 1: fields["sequence"], 2: fields["instance"], 3: fields["package"]}
        if fields["failed"] is not None:
            payload[4] = fields["failed"]
        payload.update({5: fields["nonce"], 6: fields["challenge"], 7: fields["state"]})
        payload.update(fields["extra"])
        payload = cbor2.dumps(payload, canonical=True)
        protected = cbor2.dumps({1: 5}, canonical=True)
        tag = mac0_tag(fields["key"], protected, b"pawl/1 report", payload)
        mac0 = cbor2.CBORTag(17, [protected, {4: fields["id"]}, payload, tag])
        return cbor2.dumps(mac0, canonical=True), fields["nonce"]

    def directive(self, body, nonce):
        """Verifies a directive and returns its payload."""
        mac0 = cbor2.loads(body)
        assert mac0.tag == 17 and len(mac0.value) == 4
        protected, unprotected, payload, tag = mac0.value
        assert protected == cbor2.dumps({1: 5}) and unprotected == {}
        assert hmac.compare_digest(tag, mac0_tag(self.auth, protected, b"pawl/1 directive", payload))
        fields = cbor2.loads(payload)
        assert fields[0] == 1 and fields[1] == nonce, "answers another report"
        assert cbor2.dumps(fields, canonical=True) == payload, "not deterministic"
        assert (set(fields) > {5, 6, 7}) == (fields[2] == DOWNLOAD)
        return fields

    def send(self, report, nonce):
        """Sends a report as it is; takes over the directive's challenge."""
        status, body = self.post(report)
        if status != 200:
            raise Refused(status, body)
        directive = self.directive(body, nonce)
        self.challenge = directive[4]
        return directive

    def exchange(self, **changes):
        """One report, and once more where the server asks for it."""
        directive = self.send(*self.report(**changes))
        if directive[2] == REPEAT:
            changes.pop("challenge", None)
            directive = self.send(*self.report(**changes))
        return directive

    def commit(self, package):
        """The package runs: the next report confirms it."""
        self.sequence += 1
        self.instance, self.package, self.failed = os.urandom(8), package, None

    def download_key(self, sequence):
        epoch, done = divmod(sequence, self.chain)
        link = expand(self.secret, b"pawl/1 chain" + u64(epoch), 32)
        for _ in range(self.chain - done):
            link = hashlib.sha256(b"pawl" + self.id + link).digest()
        return link

    def open(self, package, entitlement, sequence=None):
        """The content key, or None where the entitlement is not for this sequence number."""
        key = self.download_key(self.sequence if sequence is None else sequence)
        kek = expand(key, b"pawl/1 entitle" + package, 40)[:32]
        try:
            return aes_key_unwrap(kek, entitlement)
        except InvalidUnwrap:
            return None

    def tag(self, package, sequence):
        key = self.download_key(sequence)
        return expand(key, b"pawl/1 entitle" + package, 40)[32:]
