#!/usr/bin/python3
"""Our core against another implementation of SPEC.md (protocol.py), on fresh random artefacts.

Both read each artefact, whole and damaged, and must answer with the same class and the same values;
what the core writes must be, byte for byte, what the other one writes. The seed is printed; give it
as the first argument to repeat a run. COSE structures are verified with python3-cbor2 besides.

usage: independent.py [SEED [ROUNDS]]
"""
import hmac
import os
import random
import secrets
import subprocess
import sys

import cbor2

import protocol as p

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbits(32)
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 60
R = random.Random(SEED)
KEYS = [p.Key() for _ in range(5)]  # making one takes longer than all that is done with it


class Tool:
    """tests/vectors/vector_tool.c at the other end of a pipe."""

    def __init__(self):
        path = os.path.join(os.environ["PAWL_TOOLS"], "vector_tool")
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def ask(self, verb, *arguments):
        words = [a.hex() or "-" if isinstance(a, bytes) else f"={a}" for a in arguments]
        self.process.stdin.write(" ".join([verb, *words]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            raise SystemExit(f"seed {SEED}: vector_tool died on: {verb} {' '.join(words)}")
        return answer[0], bytes.fromhex(answer[1]) if len(answer) > 1 else b""

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise SystemExit("vector_tool failed")


TOOL = Tool()
COUNTS = {}


def expect(reference, verb, *arguments):
    """Asks the core and calls the reference; both must agree on class and value."""
    try:
        expected = ("ok", reference())
    except p.Refused as refused:
        expected = (refused.result, b"")
    found = TOOL.ask(verb, *arguments)
    if found != expected:
        words = [a.hex() if isinstance(a, bytes) else str(a) for a in arguments]
        raise SystemExit(f"seed {SEED}: {verb} {' '.join(words)}\n"
                         f"  expected {expected[0]} {expected[1].hex()}\n"
                         f"  found    {found[0]} {found[1].hex()}")
    COUNTS[verb, found[0]] = COUNTS.get((verb, found[0]), 0) + 1
    return found[0]


# Random values ------------------------------------------------------------------------------------


def number(bits=64):
    return R.choice([R.randrange(24), R.getrandbits(R.randrange(1, bits + 1)), (1 << bits) - 1])


def text(most=40):
    alphabet = "abc XYZ09-./\u00e4\u00df\u6c34\U0001d11e"
    return "".join(R.choice(alphabet) for _ in range(R.randrange(most)))


def item(depth=4):
    """Any CBOR value in any nesting."""
    kinds = ["int", "bytes", "text", "float", "simple"] + (["list", "map", "tag"] if depth else [])
    kind = R.choice(kinds)
    if kind == "int":
        return number() * R.choice([1, -1])
    if kind == "bytes":
        return R.randbytes(R.randrange(40))
    if kind == "text":
        return text()
    if kind == "float":
        return R.choice([0.0, -0.0, 1.5, 0.1, 1e300, 65504.0, 65505.0, 2.0 ** -24, 2.0 ** -149,
                         float("inf"), float("nan"), R.uniform(-1e6, 1e6)])
    if kind == "simple":
        return R.choice([True, False, None, p.Simple(23), p.Simple(0), p.Simple(255)])
    if kind == "list":
        return [item(depth - 1) for _ in range(R.randrange(4))]
    if kind == "tag":
        return p.Tag(number(), item(depth - 1))
    pairs = {}
    for _ in range(R.randrange(4)):
        key = item(depth - 1)
        pairs[p.encode(key)] = (key, item(depth - 1))
    return p.Map(list(pairs.values()))


def damage(data):
    """A few bytes changed, lost or added; sometimes none where it counts."""
    data = bytearray(data)
    for _ in range(R.choice([1, 1, 1, 2, 3])):
        at = R.randrange(len(data)) if data else 0
        kind = R.randrange(7)
        if kind <= 1 and data:
            data[at] ^= 1 << R.randrange(8)
        elif kind == 2 and data:
            data[at] = R.choice([0, 1, 0x18, 0x40, 0x60, 0x80, 0xA0, 0xF6, 0xFF])
        elif kind == 3:
            data[at:at] = R.randbytes(R.choice([1, 1, 2, 8]))
        elif kind == 4 and data:
            del data[at:at + R.choice([1, 1, 2, 8])]
        elif kind == 5 and data:
            del data[at:]
        else:
            data += R.randbytes(R.choice([1, 1, 16]))
    return bytes(data)


def edited(value, keys):
    """A map with a pair changed, lost or added; keys stay in order."""
    value = dict(value)
    key = R.choice(list(keys))
    kind = R.randrange(5)
    if kind == 0:
        value.pop(key, None)
    elif kind == 1:
        value[R.choice([-1, 0, 14, 15, 16, 100, 127, 128, 255, 1 << 63])] = item()
    elif kind == 2 and isinstance(value.get(key), (bytes, str)):
        value[key] = value[key][:-1] if R.randrange(2) else value[key] + value[key][:1]
    else:
        value[key] = item()
    return value


def pud_make():
    vendor = p.vendor_id(R.choice(["example.com", "example.org"]))
    keys = R.sample(KEYS, R.randrange(1, 5))
    return {"device_id": R.randbytes(16), "vendor_id": vendor,
            "class_id": p.class_id(vendor, R.choice(["gateway-a", "gateway-b"])),
            "unit_secret": R.randbytes(32),
            "chain_length": R.choice([1, 2, 23, 24, 255, 256, R.randrange(1, 3000)]),
            "anchors": [(key.x, key.y) for key in keys],
            "maximum": R.choice([None, None, number()])}, keys


def revoked_make(keys, signer):
    """Kids to revoke: often those that the signer may, and a stranger's, else any."""
    may = [key.kid for key in keys[:keys.index(signer)]] + [R.randbytes(8)]
    named = may if R.randrange(2) else [*may, *(key.kid for key in KEYS)]
    return [R.choice(named) for _ in range(4)] if R.randrange(8) == 0 else \
        R.sample(named, min(len(named), R.randrange(5)))


def manifest_make(pud, image, keys, signer):
    kind = R.choice([1, 1, 2, 3])
    value = {1: 1, 2: pud["vendor_id"], 3: pud["class_id"], 4: text(), 5: text(), 6: number(),
             7: kind, 8: len(image), 9: [1, p.verity(image)],
             11: {1: R.randrange(1, 4), 2: number(32)}, 12: number()}
    if kind == 2:
        value[10] = {1: number(), 2: number()}
    if kind == 1 and R.randrange(2):
        value[13] = [text() for _ in range(R.choice([0, 1, 3, 32, 33]))]
    if R.randrange(2):
        value[14] = revoked_make(keys, signer)
    if R.randrange(4) == 0:
        value[16] = R.choice([1, 1, 1, 0, 2])
    if R.randrange(3) == 0:
        value[R.choice([128, 200, 1 << 40])] = item()
    return value


def sequence_make(pud):
    near = pud["maximum"] if pud["maximum"] is not None else R.getrandbits(40)
    return R.choice([0, 1, pud["chain_length"], max(near - 1, 0), near, R.getrandbits(20)])


# What is compared ---------------------------------------------------------------------------------


def accept_reference(data, pud, mask, floor):
    value, manifest, identifier, _body = p.package_accept(data, pud, mask, floor)
    signer = p.cose_read(value[1], 18, -7, 8, 64)[0]
    revoked = p.revocation(pud, signer, manifest.get(14, []))
    return identifier + bytes([revoked]) + p.manifest_write(manifest)


def open_reference(data, pud, mask, floor, s, entitlement):
    value, manifest, identifier, body = p.package_accept(data, pud, mask, floor)
    key = p.entitlement_open(pud, s, identifier, entitlement)
    return p.body_open(value, manifest, identifier, body, key)


def table_reference(data, pud, s):
    identifier, key = p.table_open(data, pud, s)
    return p.table_preamble(identifier, len(p.table_read(data)[1])) + key


def directive_reference(data, pud, nonce):
    value = p.directive_read(data, pud, nonce)
    return p.directive_write({key: value[key] for key in sorted(value)}, pud)


def report_reference(data, pud):
    device_id, value = p.report_read(data, pud)
    return device_id + p.report_write(value, pud, device_id)


def cbor_round():
    for _ in range(20):
        data = p.encode(item(R.choice([0, 2, 4, 20])))
        expect(lambda data=data: bool(p.decode(data)) and b"" or b"", "cbor", data)
        bad = damage(data)
        expect(lambda bad=bad: bool(p.decode(bad)) and b"" or b"", "cbor", bad)
    bits = R.getrandbits(64)
    for width, first in ((2, 0xF9), (4, 0xFA), (8, 0xFB)):
        # Few bits set: many of these fit a shorter form.
        pattern = bits & R.getrandbits(64) & R.getrandbits(64)
        data = bytes([first]) + pattern.to_bytes(8, "big")[:width]
        expect(lambda data=data: bool(p.decode(data)) and b"" or b"", "cbor", data)


def pud_round(pud, data):
    expect(lambda: p.pud_write(p.pud_read(data)), "pud", data)
    for _ in range(10):
        bad = damage(data)
        expect(lambda bad=bad: p.pud_write(p.pud_read(bad)), "pud", bad)
    value = dict(p.decode(data).pairs)
    value[7] = [dict(anchor.pairs) for anchor in value[7]]
    for _ in range(10):
        bad = edited(value, range(1, 9))
        if R.randrange(3) == 0:
            bad = dict(value)
            bad[7] = list(value[7])
            bad[7][0] = edited(value[7][0], (1, 2, 3, -1, -2, -3))
        bad = p.encode(bad)
        expect(lambda bad=bad: p.pud_write(p.pud_read(bad)), "pud", bad)


def keys_round(pud, data):
    s, identifier, salt = sequence_make(pud), R.randbytes(32), R.randbytes(16)

    def reference():
        info = p.u64be(s) + identifier
        kek, tag = p.entitlement_keys(pud, s, identifier)
        return (p.auth_key(pud) + p.expand(pud["unit_secret"], b"pawl/1 storage" + info, 32) +
                p.expand(pud["unit_secret"], b"pawl/1 trial" + info, 32) +
                p.expand(pud["unit_secret"], b"pawl/1 content" + info + salt, 32) +
                p.download_key(pud, s) + kek + tag + p.direct_key(pud, s, identifier))

    expect(reference, "keys", data, s, identifier, salt)


def cose_check(data, tag, aad, context, prove):
    """The structure as python3-cbor2 sees it, without any code of protocol.py."""
    value = cbor2.loads(data)
    assert value.tag == tag and len(value.value) == 4
    protected, _unprotected, payload, proof = value.value
    message = cbor2.dumps([context, protected, aad, payload])
    assert prove(message, proof), f"seed {SEED}: {data.hex()}"


def package_round(pud, data, keys):
    image = R.randbytes(R.choice([1, 1023, 1024, 1025, 4096, 4097, R.randrange(1, 20000)]))
    signer = R.choice(keys)
    manifest = manifest_make(pud, image, keys, signer)
    payload = p.encode(manifest)
    signed = p.sign1(payload, signer)
    chunk_size, salt, key = R.choice([1024, 2048, 4096]), R.randbytes(16), R.randbytes(32)
    header = p.package_header(signed, chunk_size, 0, salt)
    sealed = p.package_seal(header, chunk_size, key, image)
    s = sequence_make(pud)
    identifier = p.package_id(header)
    entitlement = p.row(pud, s, identifier, key)[8:]
    mask, floor = R.choice([15, 15, 15, R.randrange(16)]), R.choice([0, 0, number()])

    expect(lambda: sealed, "seal", signed, chunk_size, 0, salt, key, image)
    expect(lambda: p.verity(image), "digest", image)
    expect(lambda: p.row(pud, s, identifier, key), "row", data, s, identifier, key)
    cose_check(signed, 18, b"pawl/1 manifest", "Signature1",
               lambda message, proof: p.verify([(signer.x, signer.y)], 1, signer.kid, payload,
                                               proof) is None and message.endswith(payload))

    def both(package, entitlement_=entitlement, s_=s):
        expect(lambda: accept_reference(package, pud, mask, floor), "accept", package, data, mask,
               floor)
        expect(lambda: open_reference(package, pud, mask, floor, s_, entitlement_), "open",
               package, data, mask, floor, s_, entitlement_)

    stranger = {**pud, R.choice(["vendor_id", "class_id"]): R.randbytes(16)}
    expect(lambda: accept_reference(sealed, stranger, mask, floor), "accept", sealed,
           p.pud_write(stranger), mask, floor)
    both(sealed)
    both(sealed, R.randbytes(40))
    both(sealed, damage(entitlement)[:40].ljust(40, b"\0"))
    both(sealed, entitlement, s + 1)
    for _ in range(4):
        both(damage(sealed))
        body = damage(sealed[12 + len(header):])
        both(sealed[:12 + len(header)] + body)
        other = damage(header)
        both(b"PAWLPKG1" + len(other).to_bytes(4, "big") + other + sealed[12 + len(header):])
        # A payload with one change, signed again, under the same or another key.
        other = p.encode(edited(manifest, [*range(1, 15), 16]))
        if R.randrange(3) == 0:
            other = damage(other)
        other_signed = p.sign1(other, R.choice(KEYS), R.choice([None, None, signer.kid]))
        if R.randrange(4) == 0:
            other_signed = damage(other_signed)
        other = edited({1: other_signed, 2: chunk_size, 3: 0, 4: salt}, (1, 2, 3, 4)) \
            if R.randrange(4) == 0 else {1: other_signed, 2: chunk_size, 3: 0, 4: salt}
        header2 = p.encode(other)
        identifier2 = p.package_id(header2)
        both(p.package_seal(header2, chunk_size, key, image),
             p.row(pud, s, identifier2, key)[8:])


def table_round(pud, data):
    s, identifier, key = sequence_make(pud), R.randbytes(32), R.randbytes(32)
    own = p.row(pud, s, identifier, key)
    rows = [R.randbytes(48) for _ in range(R.choice([0, 1, 5, 40]))]
    rows += [own[:8] + R.randbytes(40) for _ in range(R.choice([0, 0, 0, 3, 5]))]
    rows += [own] * R.choice([0, 1, 1, 1, 2])
    R.shuffle(rows)
    table = p.table_write(identifier, rows)
    for candidate in (table, damage(table), table + b"\0", table[:-1],
                      damage(table[:60]) + table[60:]):
        try:
            tags = [r[:8] for r in p.table_read(candidate)[1]]
        except p.Refused:
            tags = []
        if tags == sorted(tags):  # what an unsorted one gives is nobody's promise
            for at in (s, s + 1):
                expect(lambda c=candidate, at=at: table_reference(c, pud, at), "table", candidate,
                       data, at)
    header = p.encode(edited({1: identifier, 2: len(rows)}, (1, 2)))
    table = b"PAWLENT1" + len(header).to_bytes(4, "big") + header + b"".join(sorted(rows))
    expect(lambda: table_reference(table, pud, s), "table", table, data, s)


def report_round(pud, data):
    value = {0: 1, 1: number(), 2: R.choice([None, R.randbytes(8)]),
             3: R.choice([None, R.randbytes(32)]), 5: R.randbytes(8),
             6: R.choice([None, b"", R.randbytes(R.randrange(128)), R.randbytes(128)]),
             7: R.randrange(8)}
    if R.randrange(2):
        value[4] = [R.randbytes(32), number()]
    if R.randrange(2):
        value[128] = [R.randbytes(16) for _ in range(R.randrange(1, 5))]
    if R.randrange(2):
        value[129] = number(63)
    report = p.report_write(value, pud)
    expect(lambda: report_reference(report, pud), "report", report, data)
    key = p.auth_key(pud)
    cose_check(report, 17, b"pawl/1 report", "MAC0",
               lambda message, proof: hmac.new(key, message, "sha256").digest() == proof)
    for _ in range(10):
        bad = damage(report)
        expect(lambda bad=bad: report_reference(bad, pud), "report", bad, data)
        payload = p.encode(edited(value, [*range(8), 128, 129]))
        if R.randrange(3) == 0:
            payload = damage(payload)
        bad = p.mac0(payload, key, b"pawl/1 report", pud["device_id"])
        expect(lambda bad=bad: report_reference(bad, pud), "report", bad, data)
    other = p.mac0(p.encode(value), key, b"pawl/1 directive", pud["device_id"])
    assert expect(lambda: report_reference(other, pud), "report", other, data) == "untrusted"


def directive_round(pud, data):
    nonce, action = R.randbytes(8), R.randrange(4)
    value = {0: 1, 1: nonce, 2: action, 3: R.choice([0, 60, 604800, 604801, number()]),
             4: R.randbytes(R.choice([0, 24, 128]))}
    if action == 1:
        value.update({5: R.randbytes(32), 6: text(100), 7: number()})
        if R.randrange(2):
            value[8] = R.randbytes(40)
    kind = R.randrange(4)
    if kind > 0:
        value[128] = number(62) + 1
    if action == 1 and kind > 0:
        value[129] = True
    elif kind > 1:
        value[130] = text(50) or "m"
    if R.randrange(2):
        value[131] = [R.randrange(3601), number()] + [R.randbytes(8)] * R.randrange(1, 4)
    directive = p.directive_write(value, pud)
    expect(lambda: directive_reference(directive, pud, nonce), "directive", directive, data, nonce)
    key = p.auth_key(pud)
    cose_check(directive, 17, b"pawl/1 directive", "MAC0",
               lambda message, proof: hmac.new(key, message, "sha256").digest() == proof)
    for _ in range(10):
        bad = damage(directive)
        expect(lambda bad=bad: directive_reference(bad, pud, nonce), "directive", bad, data, nonce)
        payload = p.encode(edited(value, [*range(9), *range(128, 132)]))
        if R.randrange(3) == 0:
            payload = damage(payload)
        bad = p.mac0(payload, key, b"pawl/1 directive")
        expect(lambda bad=bad: directive_reference(bad, pud, nonce), "directive", bad, data, nonce)
    other = R.randbytes(8)
    expect(lambda: directive_reference(directive, pud, other), "directive", directive, data, other)


def main():
    print(f"seed {SEED}, {ROUNDS} rounds")
    for _ in range(ROUNDS):
        pud, keys = pud_make()
        data = p.pud_write(pud)
        cbor_round()
        pud_round(pud, data)
        keys_round(pud, data)
        package_round(pud, data, keys)
        table_round(pud, data)
        report_round(pud, data)
        directive_round(pud, data)
    TOOL.close()
    for (verb, result), count in sorted(COUNTS.items()):
        print(f"{verb:10} {result:13} {count:6}")
    # A check that never sees a class proves nothing about it.
    seen = {result for _verb, result in COUNTS}
    missing = {"ok", "malformed", "unsupported", "untrusted", "rollback", "not-entitled",
               "corrupt", "wrong-class"} - seen
    if missing and ROUNDS >= 60:
        raise SystemExit(f"seed {SEED}: never seen: {', '.join(sorted(missing))}")


if __name__ == "__main__":
    main()
