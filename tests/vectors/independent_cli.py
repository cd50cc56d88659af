#!/usr/bin/python3
"""`pawl` against another implementation of SPEC.md (protocol.py), both ways, on random artefacts.

What pawl makes opens with the other implementation; what that one makes, whole or damaged, pawl
opens or refuses with the same class, and a refusal leaves no file. The seed is printed; give it as
the first argument to repeat a run.

usage: independent_cli.py [SEED [ROUNDS]]
"""
import os
import random
import secrets
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives import serialization

import protocol as p

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbits(32)
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 4
R = random.Random(SEED)
PAWL = os.path.join(os.environ["PAWL_BIN"], "pawl")
CLASSES = ["ok", "malformed", "unsupported", "untrusted", "wrong-class", "not-entitled",
           "rollback", "corrupt"]
COUNTS = {}


def fail(what):
    raise SystemExit(f"seed {SEED}: {what}")


def pawl(*arguments):
    """Runs a verb; the result class by its exit code."""
    done = subprocess.run([PAWL, *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    code = done.returncode
    if code != 0 and not 10 <= code <= 16:
        fail(f"pawl {' '.join(map(str, arguments))}: exit code {code}\n{done.stderr}")
    result = CLASSES[code - 9] if code else "ok"
    if code and f": {result}: " not in done.stderr:
        fail(f"pawl {arguments[0]}: the class {result} is not in: {done.stderr}")
    return result


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, 0o600)
    return path


def key_load(path):
    return p.Key(serialization.load_pem_private_key(read(path), None))


def image_make():
    return R.randbytes(R.choice([1, 1023, 1024, 4096, 4097, 65536, R.randrange(1, 300000)]))


def must(condition, what):
    if not condition:
        fail(what)


def units_check(out, units, key, chain_length):
    """units.import is the sequence of the same PUDs."""
    sequence, found = read(os.path.join(out, "units.import")), {}
    decoder = p.Decoder(sequence)
    while decoder.at < len(sequence):
        start = decoder.at
        decoder.item()
        unit = p.pud_read(sequence[start:decoder.at])
        found[unit["device_id"]] = unit
    must(found == {unit["device_id"]: unit for unit in units}, "units.import differs from the PUDs")
    for unit in units:
        must(unit["anchors"] == [(key.x, key.y)], "another key is trusted")
        must(unit["chain_length"] == chain_length, "another chain length")
        must(unit["vendor_id"] == p.vendor_id("example.com"), "another vendor_id")
        must(unit["class_id"] == p.class_id(unit["vendor_id"], "gateway-a"), "another class_id")
    must(len({unit["unit_secret"] for unit in units}) == len(units), "a unit_secret twice")


def ours_opens_there(work, key):
    """keygen, personalize, package, entitle, reseal: read by the other implementation."""
    batch, chain_length = os.path.join(work, "batch"), R.choice([1, 5, 1024])
    must(pawl("personalize", "--vendor", "example.com", "--class", "gateway-a", "--count", 3,
              "--chain-length", chain_length, "--trust", os.path.join(work, "vendor.pub.pem"),
              "--out", batch) == "ok", "personalize failed")
    names = sorted(name for name in os.listdir(batch) if name.endswith(".pud"))
    paths = [os.path.join(batch, name) for name in names]
    units = [p.pud_read(read(path)) for path in paths]
    must([unit["device_id"].hex() + ".pud" for unit in units] == names, "a PUD's name differs")
    for path, unit in zip(paths, units):
        must(p.pud_write(unit) == read(path), "a PUD is not deterministic")
    units_check(batch, units, key, chain_length)

    image = image_make()
    package, table = os.path.join(work, "app.pawl"), os.path.join(work, "app.ent")
    kind = R.choice(["exec", "raw", "opaque"])
    more = {"exec": ["--profile", "network", "--success", "ready", "--", "a b", "", "\u00e4"],
            "opaque": ["--revoke", os.path.join(work, "old.pub.pem")],
            "raw": ["--load-address", 4096, "--entry-address", 8193]}[kind]
    security_version, deadline = R.randrange(1 << 32), R.randrange(1, 1000)
    must(pawl("package", "--image", write(os.path.join(work, "image"), image), "--key",
              os.path.join(work, "vendor.pem"), "--vendor", "example.com", "--class", "gateway-a",
              "--name", "n\u00e4me", "--version", "1.0", "--security-version", security_version,
              "--kind", kind, "--deadline", deadline, "--chunk-size",
              R.choice([1024, 4096, 65536, 1 << 20]), "--out", package, "--content-key",
              os.path.join(work, "app.key"), *more) == "ok", "package failed")
    content_key, s = read(os.path.join(work, "app.key")), R.randrange(3000)
    value, manifest, identifier, body = p.package_accept(read(package), units[0])
    must(p.body_open(value, manifest, identifier, body, content_key) == image, "another image")
    must((manifest[4], manifest[5], manifest[6], manifest[8]) ==
         ("n\u00e4me", "1.0", security_version, len(image)), "another manifest")
    must(manifest[11][2] == deadline, "another deadline")
    must(manifest.get(13) == (["a b", "", "\u00e4"] if kind == "exec" else None),
         "other arguments")
    must(manifest.get(16) == (1 if kind == "exec" else None), "another profile")
    must(manifest.get(14) == ([key_load(os.path.join(work, "old.pem")).kid]
                              if kind == "opaque" else None), "other keys are revoked")
    must(manifest.get(10) == ({1: 4096, 2: 8193} if kind == "raw" else None), "other addresses")

    must(pawl("entitle", "--content-key", os.path.join(work, "app.key"), "--sequence", s, "--pud",
              *paths, "--out", table, package) == "ok", "entitle failed")
    for unit in units:
        must(p.table_open(read(table), unit, s) == (identifier, content_key), "another table")
    tags = [row[:8] for row in p.table_read(read(table))[1]]
    must(tags == sorted(tags) and len(tags) == 3, "the table is not sorted")

    resealed = os.path.join(work, "again.pawl")
    must(pawl("reseal", "--content-key", os.path.join(work, "app.key"), "--out", resealed,
              "--new-content-key", os.path.join(work, "again.key"), package) == "ok",
         "reseal failed")
    value2, manifest2, identifier2, body2 = p.package_accept(read(resealed), units[0])
    must(value2[1] == value[1] and identifier2 != identifier, "not the same release, new package")
    must(p.body_open(value2, manifest2, identifier2, body2,
                     read(os.path.join(work, "again.key"))) == image, "another image resealed")

    direct = os.path.join(work, "direct.pawl")
    must(pawl("package", "--image", os.path.join(work, "image"), "--key",
              os.path.join(work, "vendor.pem"), "--vendor", "example.com", "--class", "gateway-a",
              "--name", "d", "--version", "1", "--security-version", 1, "--direct", "--pud",
              paths[0], "--sequence", s, "--out", direct) == "ok", "package --direct failed")
    value, manifest, identifier, body = p.package_accept(read(direct), units[0])
    must(value[3] == 1, "not direct mode")
    must(p.body_open(value, manifest, identifier, body,
                     p.direct_key(units[0], s, identifier)) == image, "another direct image")


def theirs_make(pud, key, image, mode):
    """A package and what entitles `pud` to it at a random sequence number."""
    manifest = {1: 1, 2: pud["vendor_id"], 3: pud["class_id"], 4: "name", 5: "2", 6: 7, 7: 1,
                8: len(image), 9: [1, p.verity(image)], 11: {1: 1, 2: 30}, 12: 1700000000}
    if R.randrange(2):
        manifest[14] = [R.randbytes(8), *R.choice([[], [], [], [key.kid]])]
    if R.randrange(2):
        manifest[R.choice([128, 300])] = R.choice([None, [1, "x"], 1.5])
    chunk_size = R.choice([1024, 4096, 65536])
    s = R.randrange(5000)
    header = p.package_header(p.sign1(p.encode(manifest), key), chunk_size, mode, R.randbytes(16))
    identifier = p.package_id(header)
    content_key = p.direct_key(pud, s, identifier) if mode else R.randbytes(32)
    package = p.package_seal(header, chunk_size, content_key, image)
    rows = [R.randbytes(48) for _ in range(R.randrange(50))] + [p.row(pud, s, identifier,
                                                                      content_key)]
    return package, len(header), p.table_write(identifier, rows), s


def first_chunk_check(value, manifest, identifier, body, content_key):
    """In direct mode chunk 0, if it is whole, tells whether the device was meant."""
    size = min(value[2], manifest[8])
    if len(body) < size + 16:
        return
    stream = p.AESGCM(p.expand(content_key, b"pawl/1 stream" + identifier, 32))
    try:
        stream.decrypt(p.nonce(0, size == manifest[8]), body[:size + 16], None)
    except p.InvalidTag:
        raise p.Refused("not-entitled") from None


def reference(package, pud, table, s, mode, floor):
    """The class, and the image, by the order of SPEC 1."""
    try:
        value, manifest, identifier, body = p.package_accept(package, pud, 15, floor)
        if mode:
            p.may_download(pud, s)
            content_key = p.direct_key(pud, s, identifier)
            first_chunk_check(value, manifest, identifier, body, content_key)
        else:
            named, content_key = p.table_open(table, pud, s)
            p.need(named == identifier, "not-entitled")
        return "ok", p.body_open(value, manifest, identifier, body, content_key)
    except p.Refused as refused:
        return refused.result, None


def theirs_opens_here(work, key):
    vendor = p.vendor_id("example.com")
    pud = {"device_id": R.randbytes(16), "vendor_id": vendor,
           "class_id": p.class_id(vendor, "gateway-a"), "unit_secret": R.randbytes(32),
           "chain_length": R.choice([1, 16, 1000]), "anchors": [(key.x, key.y)],
           "maximum": R.choice([None, 2500])}
    image, mode = image_make(), R.choice([0, 0, 1])
    package, header_size, table, s = theirs_make(pud, key, image, mode)
    stranger = p.Key()
    others = [{**pud, "device_id": R.randbytes(16)}, {**pud, "class_id": R.randbytes(16)},
              {**pud, "anchors": [(stranger.x, stranger.y)]}]
    cases = [(package, pud, s, 0), (package, pud, s, 8), (package, pud, s + 1, 0),
             (package + b"\0", pud, s, 0), (package[:-1], pud, s, 0), (package[:40], pud, s, 0)]
    cases += [(package, other, s, 0) for other in others]
    for _ in range(6):
        bad, at = bytearray(package), R.choice([R.randrange(12 + header_size),
                                                R.randrange(len(package))])
        bad[at] ^= 1 << R.randrange(8)
        cases.append((bytes(bad), pud, s, 0))
    body = package[12 + header_size:]
    if len(body) > 2 * 1040:  # two chunks change places
        cases.append((package[:12 + header_size] + body[1040:2080] + body[:1040] + body[2080:],
                      pud, s, 0))
    out = os.path.join(work, "out")
    for data, unit, at, floor in cases:
        expected, plain = reference(data, unit, table, at, mode, floor)
        write(os.path.join(work, "p.pawl"), data)
        found = pawl("open", "--pud", write(os.path.join(work, "p.pud"), p.pud_write(unit)),
                     "--sequence", at, "--floor", floor, "--entitlements",
                     write(os.path.join(work, "p.ent"), table), "--out", out,
                     os.path.join(work, "p.pawl"))
        if found != expected:
            for name in ("p.pawl", "p.pud", "p.ent"):
                print(name, read(os.path.join(work, name)).hex()[:4000])
            fail(f"open --sequence {at} --floor {floor}: {found} instead of {expected}")
        COUNTS[found] = COUNTS.get(found, 0) + 1
        must(os.path.exists(out) == (found == "ok"), f"{found}: the output file")
        if found == "ok":
            must(read(out) == plain == image, "another image")
            os.remove(out)


def main():
    print(f"seed {SEED}, {ROUNDS} rounds")
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as work:
            for name in ("vendor.pem", "old.pem"):
                must(pawl("keygen", "--out", os.path.join(work, name)) == "ok", "keygen failed")
            key = key_load(os.path.join(work, "vendor.pem"))
            ours_opens_there(work, key)
            theirs_opens_here(work, key)
            theirs_opens_here(work, key)
    for result, count in sorted(COUNTS.items()):
        print(f"open {result:13} {count:5}")


if __name__ == "__main__":
    main()
