"""Content objects as SPEC 20 describes them, written from the text alone, and what a device asks and
gets of their keys."""
import os

import cbor2
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from pawl_device import expand, u64

WANTED, GRANTS = 128, 140


class Content:
    """An object of `segments` segments, a new key after each `period`."""

    def __init__(self, release_id, segments=6, period=2, name="film"):
        self.id, self.release_id, self.name = os.urandom(16), release_id, name
        self.keys = [(os.urandom(16), os.urandom(16)) for _ in range(-(-segments // period))]
        self.period = period
        self.packets = [b"".join(b"\x47" + os.urandom(187) for _ in range(3 + number % 4))
                        for number in range(segments)]
        self.segments = [self.seal(number, packets) for number, packets in enumerate(self.packets)]

    def seal(self, number, packets):
        padder = padding.PKCS7(128).padder()
        cipher = Cipher(algorithms.AES(self.keys[number // self.period][1]),
                        modes.CBC(number.to_bytes(16, "big"))).encryptor()
        return cipher.update(padder.update(packets) + padder.finalize()) + cipher.finalize()

    def playlist(self):
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:2", "#EXT-X-MEDIA-SEQUENCE:0",
                 "#EXT-X-PLAYLIST-TYPE:VOD"]
        for number in range(len(self.segments)):
            if number % self.period == 0:
                key_id = self.keys[number // self.period][0].hex()
                lines.append(f'#EXT-X-KEY:METHOD=AES-128,URI="key/{key_id}"')
            lines += ["#EXTINF:2.000000,", f"{number:06}.ts"]
        return ("\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n").encode()

    def header(self, playlist, **changes):
        fields = {1: 1, 2: self.name, 3: self.release_id, 4: len(playlist),
                  5: [len(segment) for segment in self.segments]}
        fields.update({int(key[1:]): value for key, value in changes.items()})
        return cbor2.dumps({key: value for key, value in fields.items() if value is not None},
                           canonical=True)

    def bundle(self, playlist=None, header=None, **changes):
        playlist = self.playlist() if playlist is None else playlist
        header = self.header(playlist, **changes) if header is None else header
        return (b"PAWLCNT1" + len(header).to_bytes(4, "big") + header + playlist
                + b"".join(self.segments))

    def keys_body(self):
        return b"".join(key_id + key for key_id, key in self.keys)

    @property
    def path(self):
        return f"/v1/contents/{self.id.hex()}"

    def add(self, server):
        server.expect(201, "PUT", self.path, self.bundle())
        return server.expect(200, "PUT", f"{self.path}/keys", self.keys_body())


def wanting(*key_ids):
    """What a report has beside the rest when it asks for keys."""
    return {"extra": {WANTED: list(key_ids)}}


def grants(directive):
    return {bytes(key_id): (salt, wrapped) for key_id, salt, wrapped in directive.get(GRANTS, [])}


def opened(device, grant, sequence=None, package=None):
    """The key in a grant, by the device's own secret; None where it does not open."""
    salt, wrapped = grant
    sequence = device.sequence if sequence is None else sequence
    info = b"pawl/1 content" + u64(sequence) + (package or device.package) + salt
    try:
        return aes_key_unwrap(expand(device.secret, info, 32), wrapped)
    except InvalidUnwrap:
        return None
