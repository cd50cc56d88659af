"""SPEC.md once more, in Python: written from the specification alone, for tests to compare with.

Slow, plain, and not for use: python3-cryptography does the primitives, everything else is here.
"""
import hashlib
import hmac
import math
import struct
import uuid

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import (InvalidUnwrap, aes_key_unwrap, aes_key_wrap)


class Refused(Exception):
    """What a reader answers instead of a value: the name of a result class."""

    def __init__(self, result):
        super().__init__(result)
        self.result = result


def need(condition, result="malformed"):
    if not condition:
        raise Refused(result)


# CBOR, deterministic encoding (SPEC 1) ------------------------------------------------------------


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value


class Simple:
    def __init__(self, number):
        self.number = number


class Map:
    """Pairs in the order they came in; keys may be of any type. `raw` has the values' bytes."""

    def __init__(self, pairs, raw=()):
        self.pairs, self.raw = pairs, list(raw)


class Raw:
    """A value that is passed on as it came."""

    def __init__(self, data):
        self.data = data


NULL, UNDEFINED = Simple(22), Simple(23)


def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << (8 * size):
            return bytes([major << 5 | info]) + value.to_bytes(size, "big")
    raise ValueError(value)


def encode_float(value):
    if math.isnan(value):
        return b"\xf9\x7e\x00"
    for form, first in ((">e", 0xF9), (">f", 0xFA)):
        try:
            short = struct.pack(form, value)
            if struct.unpack(form, short)[0] == value:
                return bytes([first]) + short
        except OverflowError:
            pass
    return b"\xfb" + struct.pack(">d", value)


def encode(value):
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return encode_float(value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return head(3, len(text)) + text
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        value = Map(list(value.items()))
    if isinstance(value, Map):
        pairs = sorted((encode(key), encode(item)) for key, item in value.pairs)
        return head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
    if isinstance(value, Tag):
        return head(6, value.number) + encode(value.value)
    if isinstance(value, Raw):
        return value.data
    if isinstance(value, Simple):
        return bytes([0xE0 | value.number] if value.number < 24 else [0xF8, value.number])
    raise TypeError(value)


class Decoder:
    DEPTH = 16

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        need(size <= len(self.data) - self.at)
        self.at += size
        return self.data[self.at - size:self.at]

    def item(self, depth=0):
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        need(info < 28)
        value = info
        if info >= 24:
            value = int.from_bytes(self.take(1 << (info - 24)), "big")
            if major != 7:
                need(value >= (24, 1 << 8, 1 << 16, 1 << 32)[info - 24])
        return (self.uint, self.negative, self.bytes, self.text, self.array, self.map, self.tag,
                self.simple)[major](value, info, depth)

    def uint(self, value, _info, _depth):
        return value

    def negative(self, value, _info, _depth):
        return -1 - value

    def bytes(self, value, _info, _depth):
        return self.take(value)

    def text(self, value, _info, _depth):
        try:
            return self.take(value).decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("malformed") from None

    def array(self, value, _info, depth):
        need(value <= len(self.data) - self.at and (value == 0 or depth < self.DEPTH))
        return [self.item(depth + 1) for _ in range(value)]

    def map(self, value, _info, depth):
        need(value <= len(self.data) - self.at and (value == 0 or depth < self.DEPTH))
        pairs, raw, before = [], [], None
        for _ in range(value):
            start = self.at
            key = self.item(depth + 1)
            encoded = self.data[start:self.at]
            need(before is None or before < encoded)
            before = encoded
            start = self.at
            pairs.append((key, self.item(depth + 1)))
            raw.append(self.data[start:self.at])
        return Map(pairs, raw)

    def tag(self, value, _info, depth):
        need(depth < self.DEPTH)
        return Tag(value, self.item(depth + 1))

    def simple(self, value, info, _depth):
        if info == 24:
            need(value >= 32)
        if info in (26, 27):
            form, size = (">f", 4) if info == 26 else (">d", 8)
            number = struct.unpack(form, value.to_bytes(size, "big"))[0]
            if math.isnan(number):
                # The payload must need the width: its low bits are not all zeros.
                need(value & (0x1FFF if info == 26 else 0x1FFFFFFF))
            else:
                need(len(encode_float(number)) == 1 + size)
            return number
        if value == 22 and info == 22:
            return None
        return Simple(value)


def decode(data):
    decoder = Decoder(data)
    value = decoder.item()
    need(decoder.at == len(data))
    return value


def fields(value, known, required, extensible=False):
    """Checks a map field by field in its order; `known` has a check for each key."""
    need(isinstance(value, Map))
    found = {}
    for (key, item), raw in zip(value.pairs, value.raw):
        need(isinstance(key, int))
        if key not in known:
            need(extensible and key >= 128, "unsupported")
            continue
        found[key] = Raw(raw) if known[key] is Raw else known[key](item)
    need(set(required) <= set(found))
    return found


def is_int(value):
    return isinstance(value, int)


def fixed(expected):
    def check(value):
        need(is_int(value))
        need(value == expected, "unsupported")
        return value
    return check


def uint(least=0, most=(1 << 64) - 1):
    def check(value):
        need(is_int(value) and least <= value <= most)
        return value
    return check


def code(least, most):
    def check(value):
        need(is_int(value))
        need(least <= value <= most, "unsupported")
        return value
    return check


def bstr(size=None, most=None):
    def check(value):
        need(isinstance(value, bytes))
        need(size is None or len(value) == size)
        need(most is None or len(value) <= most)
        return value
    return check


def tstr(most=None):
    def check(value):
        need(isinstance(value, str) and "\0" not in value)
        need(most is None or len(value.encode()) <= most)
        return value
    return check


def nullable(inner):
    return lambda value: None if value is None else inner(value)


# Keys (SPEC 2, 4, 5) ------------------------------------------------------------------------------


def sha256(data):
    return hashlib.sha256(data).digest()


def u64be(value):
    return value.to_bytes(8, "big")


def expand(key, info, size):
    out, block, counter = b"", b"", 1
    while len(out) < size:
        block = hmac.new(key, block + info + bytes([counter]), "sha256").digest()
        out += block
        counter += 1
    return out[:size]


def vendor_id(domain):
    return uuid.uuid5(uuid.NAMESPACE_DNS, domain).bytes


def class_id(vendor, name):
    return uuid.uuid5(uuid.UUID(bytes=vendor), name).bytes


def kid(x, y):
    return sha256(b"\x04" + x + y)[:8]


class Key:
    """A vendor's signing key."""

    def __init__(self, private=None):
        self.private = private or ec.generate_private_key(ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        self.x, self.y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        self.kid = kid(self.x, self.y)

    def sign(self, message):
        r, s = utils.decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def download_key(pud, s):
    n = pud["chain_length"]
    link = expand(pud["unit_secret"], b"pawl/1 chain" + u64be(s // n), 32)
    for _ in range(n - s % n):
        link = sha256(b"pawl" + pud["device_id"] + link)
    return link


def entitlement_keys(pud, s, package_id):
    both = expand(download_key(pud, s), b"pawl/1 entitle" + package_id, 40)
    return both[:32], both[32:]


def direct_key(pud, s, package_id):
    return expand(download_key(pud, s), b"pawl/1 direct" + package_id, 32)


def auth_key(pud):
    return expand(pud["unit_secret"], b"pawl/1 report", 32)


# PUD (SPEC 3) -------------------------------------------------------------------------------------


def pud_write(pud):
    anchors = [{1: 2, 2: kid(x, y), 3: -7, -1: 1, -2: x, -3: y} for x, y in pud["anchors"]]
    value = {1: 1, 2: pud["device_id"], 3: pud["vendor_id"], 4: pud["class_id"],
             5: pud["unit_secret"], 6: pud["chain_length"], 7: anchors}
    if pud["maximum"] is not None:
        value[8] = pud["maximum"]
    return encode(value)


def anchors_read(value):
    need(isinstance(value, list) and 1 <= len(value) <= 4)
    kids, anchors = [], []
    for item in value:
        key = fields(item, {1: fixed(2), 2: bstr(8), 3: fixed(-7), -1: fixed(1), -2: bstr(32),
                            -3: bstr(32)}, (1, 2, 3, -1, -2, -3))
        need(key[2] == kid(key[-2], key[-3]) and key[2] not in kids)
        kids.append(key[2])
        anchors.append((key[-2], key[-3]))
    return anchors


def pud_read(data):
    known = {1: fixed(1), 2: bstr(16), 3: bstr(16), 4: bstr(16), 5: bstr(32), 6: uint(1, 65535),
             7: anchors_read, 8: uint()}
    value = fields(decode(data), known, range(1, 8))
    return {"device_id": value[2], "vendor_id": value[3], "class_id": value[4],
            "unit_secret": value[5], "chain_length": value[6], "anchors": value[7],
            "maximum": value.get(8)}


# COSE (SPEC 1, 6, 9, 10) --------------------------------------------------------------------------


def cose_read(data, tag, algorithm, id_size, proof_size):
    value = decode(data)
    need(isinstance(value, Tag) and value.number == tag)
    need(isinstance(value.value, list) and len(value.value) == 4)
    protected, unprotected, payload, proof = value.value
    bstr()(protected)
    if protected != encode({1: algorithm}):
        inner = decode(protected)
        need(isinstance(inner, Map) and inner.pairs and inner.pairs[0][0] == 1)
        need(isinstance(inner.pairs[0][1], (int, str)))
        raise Refused("unsupported")
    if id_size:
        identifier = fields(unprotected, {4: bstr()}, (4,))[4]
        need(len(identifier) == id_size)
    else:
        identifier = None
        fields(unprotected, {}, ())
    bstr()(payload)
    bstr(proof_size)(proof)
    return identifier, payload, proof


def to_be_proven(context, algorithm, aad, payload):
    return encode([context, encode({1: algorithm}), aad, payload])


def sign1(payload, key, kid_=None):
    proof = key.sign(to_be_proven("Signature1", -7, b"pawl/1 manifest", payload))
    return encode(Tag(18, [encode({1: -7}), {4: kid_ or key.kid}, payload, proof]))


def mac0(payload, key, aad, device_id=None):
    proof = hmac.new(key, to_be_proven("MAC0", 5, aad, payload), "sha256").digest()
    unprotected = {4: device_id} if device_id is not None else {}
    return encode(Tag(17, [encode({1: 5}), unprotected, payload, proof]))


def mac_check(payload, proof, key, aad):
    right = hmac.new(key, to_be_proven("MAC0", 5, aad, payload), "sha256").digest()
    need(right == proof, "untrusted")


# Image digest and manifest (SPEC 6) ---------------------------------------------------------------


def verity(image):
    blocks = [image[i:i + 4096].ljust(4096, b"\0") for i in range(0, len(image), 4096)]
    level = [sha256(block) for block in blocks]
    while len(level) > 1:
        joined = b"".join(level)
        level = [sha256(joined[i:i + 4096].ljust(4096, b"\0"))
                 for i in range(0, len(joined), 4096)]
    descriptor = struct.pack("<BBBBIQ", 1, 1, 12, 0, 0, len(image)) + level[0].ljust(64, b"\0")
    return sha256(descriptor.ljust(256, b"\0"))


def digest_read(value):
    need(isinstance(value, list) and len(value) == 2)
    need(is_int(value[0]))
    need(value[0] == 1, "unsupported")
    return bstr(32)(value[1])


def arguments_read(value):
    need(isinstance(value, list))
    need(len(value) <= 32, "unsupported")
    return [tstr()(item) for item in value]


def revoked_read(value):
    need(isinstance(value, list) and 1 <= len(value) <= 3)
    kids = [bstr(8)(item) for item in value]
    need(len(set(kids)) == len(kids))
    return kids


def manifest_read(payload):
    known = {
        1: fixed(1), 2: bstr(16), 3: bstr(16), 4: tstr(), 5: tstr(), 6: uint(), 7: code(1, 3),
        8: uint(1), 9: digest_read,
        10: lambda value: fields(value, {1: uint(), 2: uint()}, (1, 2)),
        11: lambda value: fields(value, {1: code(1, 3), 2: uint(0, (1 << 32) - 1)}, (1, 2)),
        12: uint(), 13: arguments_read, 14: revoked_read, 16: code(1, 1),
    }
    value = fields(decode(payload), known, [*range(1, 10), 11, 12], extensible=True)
    need((10 in value) == (value[7] == 2))
    need((13 not in value and 16 not in value) or value[7] == 1)
    return value


def manifest_write(value):
    """From the form that manifest_read gives; an empty list of arguments is left out."""
    out = dict(value)
    out[9] = [1, value[9]]
    if not out.get(13):
        out.pop(13, None)
    return encode(out)


# Package (SPEC 7) ---------------------------------------------------------------------------------


def package_header(manifest, chunk_size, mode, salt):
    return encode({1: manifest, 2: chunk_size, 3: mode, 4: salt})


def package_id(header):
    return sha256(header)


def chunks_of(image, chunk_size):
    return [image[i:i + chunk_size] for i in range(0, len(image), chunk_size)]


def nonce(index, is_last):
    return index.to_bytes(11, "big") + bytes([is_last])


def package_seal(header, chunk_size, key, image):
    stream = AESGCM(expand(key, b"pawl/1 stream" + package_id(header), 32))
    chunks = chunks_of(image, chunk_size)
    body = b"".join(stream.encrypt(nonce(i, i == len(chunks) - 1), chunk, None)
                    for i, chunk in enumerate(chunks))
    return b"PAWLPKG1" + struct.pack(">I", len(header)) + header + body


def package_read(data):
    """Header's fields, its kid, payload and signature, package_id, body."""
    need(len(data) >= 12 and data[:8] == b"PAWLPKG1")
    size = struct.unpack(">I", data[8:12])[0]
    need(size <= 4096 and size <= len(data) - 12)
    header = data[12:12 + size]
    value = fields(decode(header), {1: bstr(), 2: uint(1024, 1 << 20), 3: code(0, 1), 4: bstr(16)},
                   (1, 2, 3, 4))
    need(value[2] & (value[2] - 1) == 0)
    return value, cose_read(value[1], 18, -7, 8, 64), package_id(header), data[12 + size:]


def verify(anchors, mask, kid_, payload, signature):
    for i, (x, y) in enumerate(anchors):
        if mask >> i & 1 and kid(x, y) == kid_:
            break
    else:
        raise Refused("untrusted")
    try:
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"),
                                                ec.SECP256R1())
        der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"),
                                         int.from_bytes(signature[32:], "big"))
        message = to_be_proven("Signature1", -7, b"pawl/1 manifest", payload)
        numbers.public_key().verify(der, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        raise Refused("untrusted") from None


def revocation(pud, kid_, named):
    """The anchors, as bits of a mask, that a release signed by one of them revokes (SPEC 6.8)."""
    order = [kid(x, y) for x, y in pud["anchors"]]
    revoked = {order.index(name) for name in named if name in order}
    need(all(index < order.index(kid_) for index in revoked), "untrusted")
    return sum(1 << index for index in revoked)


def package_accept(data, pud, mask=15, floor=0):
    value, (kid_, payload, signature), identifier, body = package_read(data)
    verify(pud["anchors"], mask, kid_, payload, signature)
    manifest = manifest_read(payload)
    revocation(pud, kid_, manifest.get(14, []))
    need(manifest[2] == pud["vendor_id"] and manifest[3] == pud["class_id"], "wrong-class")
    need(manifest[6] >= floor, "rollback")
    return value, manifest, identifier, body


def may_download(pud, s):
    need(s < (pud["maximum"] if pud["maximum"] is not None else (1 << 64) - 1), "not-entitled")


def entitlement_open(pud, s, identifier, entitlement):
    may_download(pud, s)
    try:
        return aes_key_unwrap(entitlement_keys(pud, s, identifier)[0], entitlement)
    except (InvalidUnwrap, ValueError):
        raise Refused("not-entitled") from None


def body_open(value, manifest, identifier, body, key):
    size, chunk_size = manifest[8], value[2]
    count = (size - 1) // chunk_size + 1
    need(len(body) == size + 16 * count, "corrupt")
    stream = AESGCM(expand(key, b"pawl/1 stream" + identifier, 32))
    image = b""
    for i, sealed in enumerate(chunks_of(body, chunk_size + 16)):
        try:
            image += stream.decrypt(nonce(i, i == count - 1), sealed, None)
        except InvalidTag:
            raise Refused("corrupt") from None
    need(verity(image) == manifest[9], "corrupt")
    return image


# Entitlement table (SPEC 8) -----------------------------------------------------------------------


def row(pud, s, identifier, key):
    kek, tag = entitlement_keys(pud, s, identifier)
    return tag + aes_key_wrap(kek, key)


def table_preamble(identifier, count):
    header = encode({1: identifier, 2: count})
    return b"PAWLENT1" + struct.pack(">I", len(header)) + header


def table_write(identifier, rows):
    return table_preamble(identifier, len(rows)) + b"".join(sorted(rows, key=lambda r: r[:8]))


def table_read(data):
    need(len(data) >= 12 and data[:8] == b"PAWLENT1")
    size = struct.unpack(">I", data[8:12])[0]
    need(size <= 52 and size <= len(data) - 12)
    value = fields(decode(data[12:12 + size]), {1: bstr(32), 2: uint()}, (1, 2))
    body = data[12 + size:]
    need(len(body) == 48 * value[2])
    return value[1], [body[i:i + 48] for i in range(0, len(body), 48)]


def table_open(data, pud, s):
    """For a sorted table; the rows of equal tag are tried in order, four of them."""
    identifier, rows = table_read(data)
    may_download(pud, s)
    _kek, tag = entitlement_keys(pud, s, identifier)
    for candidate in [r for r in rows if r[:8] == tag][:4]:
        try:
            return identifier, entitlement_open(pud, s, identifier, candidate[8:])
        except Refused:
            pass
    raise Refused("not-entitled")


# Report and directive (SPEC 9, 10) ----------------------------------------------------------------


def failure_read(value):
    need(isinstance(value, list) and len(value) == 2)
    return [bstr(32)(value[0]), uint()(value[1])]


def wanted_read(value):
    """Content keys that are asked for (SPEC 20.3)."""
    need(isinstance(value, list) and 1 <= len(value) <= 4)
    return [bstr(16)(key_id) for key_id in value]


COMMAND_MAX = (1 << 63) - 1


def true_read(value):
    need(isinstance(value, Simple) and value.number == 21)
    return True


def message_read(value):
    """A command's message (SPEC 10.2)."""
    value = tstr(200)(value)
    need(value)
    return value


def command_check(value):
    """What a directive's command may consist of (SPEC 10.2)."""
    if value[2] == 1:
        need((128 in value) == (129 in value) and 130 not in value)
    else:
        need(129 not in value and (130 not in value or 128 in value))


def report_read(data, pud):
    device_id, payload, proof = cose_read(data, 17, 5, 16, 32)
    mac_check(payload, proof, auth_key(pud), b"pawl/1 report")
    known = {0: fixed(1), 1: uint(), 2: nullable(bstr(8)), 3: nullable(bstr(32)), 4: failure_read,
             5: bstr(8), 6: nullable(bstr(most=128)), 7: code(0, 7), 129: uint(0, COMMAND_MAX)}
    value = decode(payload)
    if isinstance(value, Map) and any(isinstance(item, list) for key, item in value.pairs
                                      if is_int(key) and key == 128):
        known[128] = wanted_read  # anything but a list is somebody else's extension
    return device_id, fields(value, known, (0, 1, 2, 3, 5, 6, 7), extensible=True)


def report_write(value, pud, device_id=None):
    return mac0(encode(value), auth_key(pud), b"pawl/1 report", device_id or pud["device_id"])


def directive_read(data, pud, nonce_):
    _none, payload, proof = cose_read(data, 17, 5, 0, 32)
    mac_check(payload, proof, auth_key(pud), b"pawl/1 directive")
    known = {0: fixed(1), 1: bstr(8), 2: code(0, 3), 3: lambda v: min(uint()(v), 604800),
             4: bstr(most=128), 5: bstr(32), 6: tstr(512), 7: uint(), 8: bstr(40),
             128: uint(1, COMMAND_MAX), 129: true_read, 130: message_read, 131: Raw}
    value = fields(decode(payload), known, (0, 1, 2, 3, 4), extensible=True)
    command_check(value)
    if value[2] == 1:
        need({5, 6, 7} <= set(value))
    else:
        need(not {5, 6, 7, 8} & set(value))
    need(value[1] == nonce_, "untrusted")
    return value


def directive_write(value, pud):
    return mac0(encode(value), auth_key(pud), b"pawl/1 directive")
