#!/usr/bin/python3
"""Attacks of whoever serves packages: a CDN, a mirror, a cache, or the network before them. Packages
are no secret and come from anybody (SPEC 12.2), so nothing of what arrives is believed. Invariants
I2, I3, I4, I9."""
import concurrent.futures
import contextlib
import os
import socket
import sys
import time

from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from attack_world import (CORRUPT, IO, MALFORMED, MEDIA_TYPE, NOTHING, OK, SANITIZED, STATE, WRITING,
                          WRONG_CLASS, Link, Middle, main, protocol, world)
from pawl_device import DOWNLOAD

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from prometheus_text import parse  # noqa: E402

MEMORY = 1 << 20 if SANITIZED else 80 << 10  # KiB of an agent
SEEN = ("running", "package_id", "sequence", "last_failure")


def untouched(unit, before):
    """The old software runs on, and no attempt is spent. A download may be under way."""
    now = unit.status()
    assert all(now[key] == before[key] for key in SEEN), (before, now, unit.log()[-1500:])
    assert now["running"]


def used(unit):
    """Bytes of a device's state that are on its disk."""
    return sum(os.stat(os.path.join(unit.state, name)).st_blocks * 512
               for name in os.listdir(unit.state))


def endless_data():
    """I9, Uptane's endless data. Attacker: whoever serves the package. Sends: more than was declared,
    with and without a length, for ever, as package, as error page, in endless redirects. Stopped by:
    the size in the directive, and the agent's limits; the slot in flash has its size anyway."""
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        made.resident("one")
        unit.updates(middle.url)
        data, _, package_id = made.resident("two")
        before, poured = unit.status(), []
        ok, junk = b"HTTP/1.1 200 OK\r\n", os.urandom(65536)
        length = b"Content-Length: %d\r\n\r\n"

        def pour(head, body):
            return lambda handler: poured.append(handler.pour(head, body))

        whole = (len(data), len(data) * 100)
        attacks = {
            "junk for ever": pour(ok + b"\r\n", junk),
            "the package, then more": pour(ok + b"\r\n" + data, junk),
            "the package again and again": pour(ok + b"\r\n", data),
            "longer": pour(ok + length % (1 << 40) + data, junk),
            "longest": pour(ok + length % ((1 << 63) - 1) + data, junk),
            "chunked": pour(ok + b"Transfer-Encoding: chunked\r\n\r\n",
                            b"10000\r\n" + junk + b"\r\n"),
            "of the right length": lambda handler: handler.give(200, data[:-1] + b"\0" + junk),
            "an endless error": pour(b"HTTP/1.1 404 Not Found\r\n\r\n", junk),
            "a range of more": pour(b"HTTP/1.1 206 P\r\nContent-Range: bytes 0-%d/%d\r\n\r\n" % whole +
                                    data, junk),
            "redirects": lambda handler: handler.give(302, b"", Location=handler.path + "0"),
        }
        for name, attack in attacks.items():
            middle.on_get = attack
            del poured[:], middle.gets[:]
            started = time.monotonic()
            done = unit.agent(middle.url)
            assert done.code in (CORRUPT, IO, MALFORMED), (name, done)
            assert done.peak < MEMORY and time.monotonic() - started < 20, (name, done)
            assert sum(poured) < len(data) + (16 << 20), (name, poured)
            assert 1 <= len(middle.gets) <= 8, (name, middle.gets)
            assert used(unit) < 3 * len(data), (name, used(unit))
            untouched(unit, before)
            with Link(unit.link) as link:
                link.ask(Link.CANCEL)
        # At the processor itself: it wants nothing behind the end, whatever an agent says.
        middle.on_get = lambda handler: handler.give(200, data[:len(data) // 2])
        unit.agent(middle.url)
        with Link(unit.link) as link:
            result, state, wanted = link.ask(Link.WRITE, (1 << 40).to_bytes(8, "big") + junk)
            assert result == STATE - 9 and int.from_bytes(wanted, "big") <= len(data)
        untouched(unit, before)
        middle.on_get = None
        unit.updates(middle.url)
        assert unit.status()["package_id"] == package_id.hex()


def slow_retrieval():
    """I9, Uptane's slow retrieval. Attacker: whoever serves the package, a byte now and then, in the
    head or the body, or nothing more after a part. Stopped by: the agent gives up what brings less
    than 128 bytes a second, and asks again; the old software runs meanwhile. The other way round,
    clients of that kind do not keep the server from serving (also e2e_server_floods)."""
    with world("--slow-after", "1", units=4) as made, contextlib.ExitStack() as stack:
        middles = [stack.enter_context(Middle(made.server)) for _ in made.units]
        made.resident("one")
        for unit in made.units:
            unit.updates(made.url)
        data, _, package_id = made.resident("two")

        def crawl(first, text):
            def attack(handler):
                handler.close_connection = True
                try:
                    handler.wfile.write(text[:first])
                    for byte in text[first:]:
                        handler.wfile.write(bytes([byte]))
                        time.sleep(0.1)
                except OSError:
                    pass
            return attack

        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data

        def suffer(unit, middle, first):
            middle.on_get = crawl(first, answer)
            before, started = unit.status(), time.monotonic()
            done = unit.agent(middle.url)
            assert done.code == IO and time.monotonic() - started < 15, (first, done)
            untouched(unit, before)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            places = (0, 40, 300, len(answer) // 2)
            list(pool.map(suffer, made.units, middles, places))
        slow = [slow_client(made.server, package_id, number) for number in range(24)]
        started = time.monotonic()
        for unit in made.units:
            unit.updates(made.url)
            assert unit.status()["package_id"] == package_id.hex()
        assert time.monotonic() - started < 20
        hung_up(made.server, slow)


def slow_client(server, package_id, number):
    """Half of a head, half of a body, or a package that is not read."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.sendall((b"GET /healthz HTTP/1.1\r\nX: y", b"POST /v1/report HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Type: %s\r\nContent-Length: 400\r\n\r\n\xd1" % MEDIA_TYPE.encode(),
                    b"GET /v1/packages/%s HTTP/1.1\r\nHost: x\r\n\r\n" % package_id.hex().encode()
                    )[number % 3])
    return client


def hung_up(server, clients):
    """Those who do not finish what they send are ended."""
    for number, client in enumerate(clients):
        if number % 3 < 2:
            client.settimeout(30)
            try:
                assert b"200" not in client.recv(4096)
            except ConnectionError:
                pass
        client.close()
    text = server.operate("GET", "/metrics", raw=True)[1].decode()
    assert parse(text)["pawl_http_slow_clients_total"].total() >= len(clients) * 2 // 3


def mix_and_match():
    """I3, Uptane's mix and match. Attacker: a mirror with two releases for the same device. Serves: the
    one in the place of the other, the head of one and the rest of the other, halves, single chunks
    exchanged, moved or repeated. Stopped by: the directive names one ciphertext by its digest; chunks
    have tags under that package's key with their position; the image has a signed digest. What runs
    is one release, whole."""
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        made.resident("one")
        unit.updates(middle.url)
        good = made.resident("two", size=200000)
        other = made.package("own", "sleep", "100000", success="contact", size=200000)
        made.server.publish(other)
        before = unit.status()
        # The ingredients: as long as each other, and both would be taken.
        assert len(good[0]) == len(other[0]) and good[2] != other[2]

        def serve(body):
            def attack(handler):
                first = handler.first()
                if first == 0:
                    return handler.give(200, body)
                return handler.give(206, body[first:], Content_Range=f"bytes {first}-{len(body) - 1}/"
                                    f"{len(body)}")
            return attack

        # What is seen by the first bytes costs the device nothing: it is asked for again.
        for name, body in {"another": other[0], "its head": other[0][:5000] + good[0][5000:],
                           "no package": os.urandom(len(good[0]))}.items():
            middle.on_get = serve(body)
            done = unit.agent(middle.url)
            assert done.code == CORRUPT, (name, done)
            untouched(unit, before)
        # What looks right at first ends the attempt, and the old software runs on.
        for name, body in mixtures(good[0], other[0]).items():
            assert body != good[0] and len(body) == len(good[0]), name
            middle.on_get = serve(body)
            done = unit.agent(middle.url)
            assert done.code == CORRUPT, (name, done)
            now = unit.status()
            assert now["running"] and now["package_id"] == before["package_id"], (name, now)
            assert now["sequence"] == before["sequence"], (name, now)
            assert now["last_failure"]["code"] == CORRUPT - 9, (name, now)
            assert unit.agent(middle.url).code == NOTHING, "it is not offered again by itself"
            made.server.expect(200, "POST", f"/v1/devices/{unit.id.hex()}/retry")
        runs = [line for line in unit.log().splitlines() if "running busybox" in line]
        assert len(runs) == 1 and "running busybox one" in runs[0], runs
        middle.on_get = None
        unit.updates(middle.url)
        assert unit.status()["package_id"] == good[2].hex()


def mixtures(good, other):
    """Packages that begin as the good one does."""
    head = 12 + int.from_bytes(good[8:12], "big")
    sealed = 65536 + 16
    chunks = [good[at:at + sealed] for at in range(head, len(good), sealed)]
    theirs = [other[at:at + sealed] for at in range(head, len(other), sealed)]
    last = len(chunks) - 1
    made = {
        "halves": chunks[:last // 2] + theirs[last // 2:],
        "all but the head": theirs,
        "one chunk of the other": chunks[:3] + [theirs[3]] + chunks[4:],
        "the other's last chunk": chunks[:-1] + theirs[-1:],
        "two chunks exchanged": [chunks[1], chunks[0], *chunks[2:]],
        "a chunk twice": [*chunks[:2], chunks[1], *chunks[3:]],
        "the first again at the end": chunks[:-1] + [chunks[0][:len(chunks[-1])]],
        "zeros": [*chunks[:2], bytes(sealed), *chunks[3:]],
    }
    return {name: good[:head] + b"".join(parts) for name, parts in made.items()}


def partial_update():
    """I3, I4, Uptane's partial installation. Attacker: a CDN that cuts each answer, as if that were all,
    always before the same byte. Also the agent, who asks to install what is there, and power, which
    goes. Stopped by: the size in the directive; an image runs when its last chunk was checked, and no
    table has a way from a part to a trial."""
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        made.resident("one")
        unit.updates(middle.url)
        data, _, package_id = made.resident("two")
        before = unit.status()

        def cut(end, honest, ranged):
            def attack(handler):
                first = min(handler.first(), end)
                part = data[first:end]
                total = len(data) if honest else end
                if first == 0 or not ranged:
                    return handler.give(200, data[:end])
                return handler.give(206, part, Content_Range=f"bytes {first}-{total - 1}/{total}")
            return attack

        for end in (0, 1, 11, 12, 700, 70000, len(data) // 2, len(data) - 1):
            for honest, ranged in ((True, True), (False, True), (False, False)):
                middle.on_get = cut(end, honest, ranged)
                done = unit.agent(middle.url)
                assert done.code in (CORRUPT, IO, MALFORMED), (end, honest, done)
                untouched(unit, before)
            with Link(unit.link) as link:
                result, state, _ = link.ask(Link.INSTALL)
                assert result == STATE - 9, (end, result, state)
        chunked = (f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{len(data) // 2:x}\r\n".encode()
                   + data[:len(data) // 2] + b"\r\n0\r\n\r\n")
        middle.on_get = lambda handler: handler.raw(chunked)  # it ends in order: nothing tells but its size
        assert unit.agent(middle.url).code in (CORRUPT, IO)
        untouched(unit, before)
        assert unit.status()["state"] == WRITING and unit.status()["offset"] > 0
        unit.stop()  # power
        unit.start()
        untouched(unit, before)
        with Link(unit.link) as link:
            assert link.ask(Link.INSTALL)[0] == STATE - 9
        middle.on_get = None
        unit.updates(middle.url)
        assert unit.status()["package_id"] == package_id.hex()
        runs = [line.split()[-3] for line in unit.log().splitlines() if "on trial" in line]
        assert runs == ["one", "two"], runs


def wrong_class():
    """I3, I7, SPEC 1.8. Attacker: an operator, by mistake or not, who gives a device what was made for
    another class, or another vendor's product; or an intruder who holds the server with all its
    secrets and entitles the device to it. Stopped by: the server offers a package to its class alone;
    the device compares what the vendor signed with its PUD."""
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        made.resident("one")
        unit.updates(middle.url)
        before = unit.status()
        foreign = made.package("foreign", "true", name="crate")
        made.server.publish(foreign)
        target = {"package_id": foreign[2].hex(), "target": {"device": unit.id.hex()}}
        status, _ = made.server.operate("PUT", "/v1/assignments", target)
        assert unit.agent(middle.url).code == NOTHING, f"offered: {status}"
        unit.still(before)
        elsewhere = made.package("elsewhere", "true", vendor="example.org")
        mine = made.package("mine", "true")
        for package, code in ((foreign, WRONG_CLASS), (elsewhere, WRONG_CLASS), (mine, OK)):
            # The ingredients: everything but the class holds, as the last one shows.
            directs(middle, unit, package)
            done = unit.agent(middle.url)
            assert done.code == code, (package[2], done)
            if code != OK:
                now = unit.status()
                assert now["last_failure"]["code"] == WRONG_CLASS - 9 and now["running"], now
                assert now["sequence"] == before["sequence"], now
        middle.on_report = middle.on_get = None
        made.resident("two")
        unit.updates(middle.url)


def directs(middle, unit, package):
    """Whoever has the server's secrets directs a unit to a package of his own choice, once."""
    data, key, package_id = package

    def direct(handler, report):
        _, fields = protocol.report_read(report, unit.pud)
        answer = {0: 1, 1: fields[5], 2: 0, 3: 1, 4: b""}
        if not (fields[3] == package_id or (4 in fields and fields[4][0] == package_id)):
            kek, _ = protocol.entitlement_keys(unit.pud, fields[1], package_id)
            answer |= {2: DOWNLOAD, 5: package_id, 6: "/stolen", 7: len(data),
                       8: aes_key_wrap(kek, key)}
        handler.give(200, protocol.directive_write(answer, unit.pud), MEDIA_TYPE)

    middle.on_report = direct
    middle.on_get = lambda handler: handler.give(200, data)


if __name__ == "__main__":
    main(endless_data, slow_retrieval, mix_and_match, partial_update, wrong_class)
