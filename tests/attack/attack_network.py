#!/usr/bin/python3
"""Attacks of whoever sits on the network between devices and their server (SPEC 12.4: without TLS as
well): he reads, records, repeats and holds back. Invariants I1, I2, I5, I8."""
import base64
import shutil
import time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from attack_world import (MEDIA_TYPE, NOTHING, OK, TRIED_AND_FAILED, UNTRUSTED, Middle, Tap, World, main,
                          protocol, wait_for, world)
from pawl_device import DOWNLOAD, HOLD, IDLE, REPEAT
from pawl_secure import SecureServer
from pawl_server import Server

PIECE = 8  # bytes: what is found of a secret is no accident (2^-40 for all that is searched)


def secrets_of(unit, sequences, packages):
    """Everything that is derived from a unit's secret for these downloads, by SPEC 4 and 5."""
    pud, expand, u64be = unit.pud, protocol.expand, protocol.u64be
    found = {"unit secret": unit.secret, "report key": protocol.auth_key(pud),
             "chain root": expand(unit.secret, b"pawl/1 chain" + u64be(0), 32)}
    for s in sequences:
        found[f"K({s})"] = protocol.download_key(pud, s)
        for package in packages:
            name = f"at {s} of {package[2].hex()[:8]}"
            found[f"kek {name}"] = protocol.entitlement_keys(pud, s, package[2])[0]
            found[f"direct key {name}"] = protocol.direct_key(pud, s, package[2])
            for branch in (b"trial", b"storage"):
                found[f"{branch.decode()} key {name}"] = \
                    expand(unit.secret, b"pawl/1 " + branch + b" " + u64be(s) + package[2], 32)
    return found


def content_secrets(package):
    _, key, package_id = package
    return {"content key": key, "stream key": protocol.expand(key, b"pawl/1 stream" + package_id, 32)}


def found_in(traffic, secrets):
    """The names of secrets of which a piece is in the traffic, as bytes, in hexadecimal or base64."""
    texts = traffic.lower()
    return [name for name, secret in secrets.items() for at in range(0, len(secret), PIECE)
            if secret[at:at + PIECE] in traffic or secret[at:at + PIECE].hex().encode() in texts
            or base64.b64encode(secret[at:at + 9])[:10] in traffic]


def plaintext_in(traffic, image):
    """Offsets of pieces of an image that are in the traffic."""
    pieces = ((at, image[at:at + 16]) for at in range(0, len(image) - 16, 8192))
    return [at for at, piece in pieces if len(set(piece)) > 8 and piece in traffic]


def download_recorded(made, package):
    """Lets all devices take a package, behind a tap; what went over the wire."""
    tap = Tap(made.server.port)
    for unit in made.units:
        unit.updates(f"http://{tap.address}")
        assert unit.status()["package_id"] == package[2].hex()
    tap.close()
    return tap.bytes


def eavesdrop():
    """I1, I8, SPEC 7, 8.1. Attacker: anybody on the way, without TLS. Has: every byte of the download
    of two devices. Tries: to find the image, the content key or any key of a device in it; to open
    the entitlements, or a chunk, with anything that was sent. Stopped by: one ciphertext under a key
    that is sent only wrapped under a key which both ends derive."""
    with world(units=2) as made:
        package = made.resident("one")
        data, key, package_id = package
        traffic = download_recorded(made, package)
        image = made.image("one")
        # The ingredients: all was recorded, and what is searched for is what opens it.
        assert traffic.count(data[-4096:]) == 2 and package_id.hex().encode() in traffic
        header, _, identifier, body = protocol.package_accept(data, made.units[0].pud)
        assert protocol.body_open(header, {8: len(image), 9: protocol.verity(image)}, identifier, body,
                                  key) == image
        entitlements = [protocol.entitlement_keys(unit.pud, 0, package_id) for unit in made.units]
        small = traffic.replace(data, b"")
        assert len(small) < 20000, len(small)
        parts = {small[at:at + 40] for at in range(len(small) - 40)}
        wrapped = [{part for part in parts if opens(kek, part) == key} for kek, _ in entitlements]
        assert [len(each) for each in wrapped] == [1, 1], "the entitlements are not where they should be"
        assert wrapped[0] != wrapped[1]  # I1
        wrapped = wrapped[0] | wrapped[1]

        assert not plaintext_in(small + data, image)
        assert plaintext_in(image, image), "the search finds nothing at all"
        for unit in made.units:
            assert not found_in(small + data, secrets_of(unit, range(3), [package]))
        assert not found_in(small + data, content_secrets(package))
        chunk = body[:16]
        assert begins(protocol.expand(key, b"pawl/1 stream" + package_id, 32), chunk, image)
        for guess in {small[at:at + 32] for at in range(len(small) - 31)}:
            assert all(opens(guess, part) is None for part in wrapped), "a key is on the wire"
            assert not begins(guess, chunk, image)
            assert not begins(protocol.expand(guess, b"pawl/1 stream" + package_id, 32), chunk, image)
        second = made.resident("two")  # honest service goes on
        assert not found_in(download_recorded(made, second), content_secrets(second))


def opens(key, wrapped):
    try:
        return aes_key_unwrap(key, wrapped)
    except (InvalidUnwrap, ValueError):
        return None


def begins(key, chunk, image):
    """Whether chunk 0 under this key begins as the image does."""
    first = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(bytes(15) + b"\x02")
    return bytes(a ^ b for a, b in zip(first, chunk)) == image[:16]


def eavesdrop_through_tls():
    """SPEC 12.4. The same attacker where the server speaks TLS: he does not learn who downloads what
    either. What remains: addresses, sizes and times."""
    with world(units=2, server=SecureServer, ca=True) as made:
        package = made.resident("one")
        tap = Tap(made.server.port)
        done = [unit.agent(f"https://{tap.address}") for unit in made.units]
        tap.close()
        traffic, names = tap.bytes, {"package": package[2]}
        for number, unit in enumerate(made.units):
            names[f"device {number}"] = unit.id
        assert not found_in(traffic, names) and package[0][-64:] not in traffic
        assert [each.code for each in done] == [OK, OK] and len(traffic) > 2 * len(package[0]), done
        made.resident("two")
        for unit in made.units:
            unit.updates(f"https://127.0.0.1:{made.server.port}")


def eavesdrop_tables():
    """SPEC 8.4. Attacker: whoever caches or broadcasts entitlement tables. Has: tables of two packages
    for the same devices, at two sequence numbers, and every device's id. Tries: to tell whom a table
    serves, and that two serve the same. Stopped by: tags that look random, and change with package
    and number; rows in the order of their tags."""
    with Server() as server:
        made = World(server, 12)
        one, two = made.package("one", "true"), made.package("two", "true")
        for package in (one, two):
            server.publish(package)
        first = [table(made, one, made.units), table(made, two, made.units)]
        for unit in made.units:  # all go on by one
            server.assign(one[2], device=unit.id.hex())
            assert unit.device.exchange()[2] == DOWNLOAD
            unit.device.commit(one[2])
            assert unit.device.exchange()[2] == IDLE
        rows = first + [table(made, two, made.units)]
        tags = [line[:8] for lines in rows for line in lines]
        assert len(set(tags)) == 3 * len(made.units), "a tag comes again in another table"
        pieces = [line[at:at + PIECE] for lines in rows for line in lines for at in range(0, 48, PIECE)]
        assert len(set(pieces)) == len(pieces), "rows of different tables have something in common"
        everything = b"".join(line for lines in rows for line in lines)
        for unit in made.units:
            assert not found_in(everything, {"id": unit.id, **secrets_of(unit, range(2), [one, two])})
            # The ingredients: each device finds its row, by its tag.
            for sequence, package, lines in ((0, one, rows[0]), (0, two, rows[1]), (1, two, rows[2])):
                kek, tag = protocol.entitlement_keys(unit.pud, sequence, package[2])
                assert [opens(kek, line[8:]) for line in lines if line[:8] == tag] == [package[1]]


def table(made, package, units):
    """The rows that the server makes for some devices, as they come in a table."""
    order = {"package_id": package[2].hex(), "target": {"devices": [unit.id.hex() for unit in units]}}
    status, answer = made.server.operate("POST", "/v1/entitlements", order, raw=True)
    assert status == 200 and len(answer) == 8 + 48 * len(units)
    return sorted(answer[at:at + 48] for at in range(8, len(answer), 48))


def post(server, report, **headers):
    return server.request("POST", "/v1/report", report, {"Content-Type": MEDIA_TYPE, **headers})


def replay(made, reports, replica=None):
    """Plays reports to a server, twice and in both orders: nothing changes."""
    before = [made.held(unit) for unit in made.units], made.counts()
    server = replica or made.server
    for report in reports + reports[::-1]:
        answer = post(server, report)
        assert answer.status == 200, (answer.status, answer.body)
    assert ([made.held(unit) for unit in made.units], made.counts()) == before


def report_replay():
    """I5, SPEC 11.1 to 11.5. Attacker: anybody on the way. Has: every report of two devices' lives.
    Tries: to play them again, at once, after a commit, after a restart of the server, twice: to have
    a download counted again, a record set back, or a device taken for a copy. Stopped by: the
    challenge, which was made for what the server held then."""
    with world(units=2) as made, Middle(made.server) as middle:
        first, second = made.units
        made.resident("one")
        first.updates(middle.url)
        assert len(middle.reports) >= 3 and made.counts()["confirmations"] == 1
        replay(made, list(middle.reports))
        assert first.agent(middle.url).code == NOTHING
        replay(made, list(middle.reports))
        second.updates(middle.url)
        made.resident("two", version=2)
        first.updates(middle.url)  # at 2 now: what was recorded at 0 and 1 is behind
        replay(made, list(middle.reports))
        made.server.stop()
        made.server.start()
        replay(made, list(middle.reports))
        assert made.counts()["quarantined"] == 0
        second.updates(middle.url)
        made.resident("three", version=3)
        for unit in made.units:
            unit.updates(middle.url)
        assert made.counts() == {"confirmations": 6, "quarantined": 0, "sequence_total": 6}


def report_replay_of_failures():
    """I5, SPEC 11.1, 11.8. The same attacker. Has: the reports of a device on which a release failed.
    Tries: to play them again, so that the server believes that it failed again: to use up the tries
    after a loss of power, or the one that an operator ordered. Stopped by: the challenge, which is
    made for the failure that is noted, too."""
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        bad = made.release("bad", "false")
        assert unit.agent(middle.url).code == TRIED_AND_FAILED
        assert unit.agent(middle.url).code == NOTHING, "it was offered again"
        assert made.held(unit)["last_failure"] == {"package_id": bad[2].hex(), "code": 64}
        failures = list(middle.reports)
        made.server.expect(200, "POST", f"/v1/devices/{unit.id.hex()}/retry")
        replay(made, failures)
        assert made.held(unit)["offered"] == bad[2].hex(), "the replay used up the operator's retry"
        assert unit.agent(middle.url).code == TRIED_AND_FAILED  # it was: the device tried once more
        good = made.resident("good")
        unit.updates(middle.url)

        # A loss of power, by a device that says what is wanted (the processor needs no cut for it).
        device = made.server.personalize("other", 1)[0]
        weak = made.package("weak", "true", name="other")
        made.server.publish(weak)
        made.server.assign(weak[2], class_="other")
        assert device.exchange()[2] == DOWNLOAD
        device.failed = [weak[2], 67]
        report, nonce = device.report()
        assert device.send(report, nonce)[2] == DOWNLOAD
        for _ in range(10):
            assert device.directive(post(made.server, report).body, nonce)[2] == REPEAT
        offers = [device.exchange()[2] for _ in range(4)]
        assert offers == [DOWNLOAD, DOWNLOAD, IDLE, IDLE], offers
        assert unit.status()["package_id"] == good[2].hex()


def report_replay_after_release():
    """I5, SPEC 11.1, 11.5 c. The same attacker, or a copy of a device. Has: what a copy reported before
    it was found. Tries: to play it after an operator has released the true device, whose next report
    becomes the record, whatever it says. Stopped by: the challenge, which is made for the standing,
    too."""
    with Server() as server:
        made = World(server, 1)
        device = made.units[0].device
        package = made.package("one", "true")
        server.publish(package)
        server.assign(package[2], class_="box")
        assert device.exchange()[2] == DOWNLOAD
        device.commit(package[2])
        assert device.exchange()[2] == IDLE
        stolen = [device.report(instance=bytes(8))[0]]
        assert device.directive(post(server, stolen[0]).body, protocol.report_read(
            stolen[0], made.units[0].pud)[1][5])[2] == HOLD, "the copy was not found"
        device.exchange()
        stolen.append(device.report(instance=bytes(8))[0])  # with the challenge of a held device
        path = f"/v1/devices/{device.id.hex()}/release"
        server.expect(200, "POST", path, {"reason": "the copy was destroyed"})
        before = made.held(made.units[0])
        for report in stolen * 2:
            assert post(server, report).status == 200
        assert made.held(made.units[0]) == before and before["state"] == "released", before
        assert device.exchange()[2] == IDLE
        assert made.held(made.units[0])["state"] == "active"


def report_replay_for_check_in():
    """I5, SPEC 19.2. The same attacker. Has: a report from before an operator asked the device for a sign
    of life, as good as new otherwise. Tries: to have it taken for that sign, of a device that he cut
    off. Stopped by: a check-in is taken from a report whose challenge is no older than it."""
    with Server() as server:
        made = World(server, 1)
        device, command = made.units[0].device, {"kind": "check-in"}
        command["target"] = {"device": device.id.hex()}
        for _ in range(2):  # the second time with what did it the first time, too
            device.exchange()
            recorded = [device.report()[0]]
            assert post(server, recorded[0]).status == 200
            later = int(time.time()) + 1.1  # challenges and commands have whole seconds
            wait_for(lambda: time.time() > later)
            number = server.expect(201, "POST", "/v1/commands", command)["number"]
            for report in recorded * 3:
                assert post(server, report).status == 200
            waiting = server.expect(200, "GET", f"/v1/commands?device={device.id.hex()}")["items"]
            assert [item["number"] for item in waiting] == [number], "a recording was taken for life"
            device.exchange()
            assert not server.expect(200, "GET", f"/v1/commands?device={device.id.hex()}")["items"]


def report_replay_elsewhere():
    """I5, SPEC 11.9. The same attacker, at another replica: one that shares the secrets and lags behind
    (a copy of the store, made before the last commit). Stopped by: the challenge; what is still news
    there is the truth, told once."""
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        made.resident("one")
        unit.updates(middle.url)
        made.server.stop()
        lagging = Server()
        shutil.rmtree(lagging.data)
        shutil.copytree(made.server.data, lagging.data)
        made.server.start()
        made.resident("two", version=2)
        unit.updates(middle.url)
        with lagging:
            before = made.counts()
            for _ in range(2):
                for report in middle.reports:
                    assert post(lagging, report).status == 200
            held = lagging.device(unit.device)
            status = lagging.expect(200, "GET", "/v1/status")
            assert (held["state"], status["quarantined"]) == ("active", 0), held
            assert held["sequence"] == 2 and status["confirmations"] == 2, (held, status)
            # The device itself is at home at either.
            unit.agent(f"http://127.0.0.1:{lagging.port}")
            assert unit.agent(middle.url).code == NOTHING
            assert made.counts() == before
            assert lagging.device(unit.device)["state"] == "active"


def report_delayed():
    """I5, SPEC 11.3. Attacker: anybody on the way. Holds back: a report, whose device asks again, goes
    on and commits twice meanwhile. Then lets it through. Stopped by: the challenge. A delayed copy
    has quarantined devices in drafts of this protocol."""
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        made.resident("one")
        kept = []

        def hold_back(handler, report):
            if len(middle.reports) in (2, 5):  # the offer is not asked for; later the confirmation
                kept.append(report)
                return handler.raw()
            return False

        middle.on_report = hold_back
        unit.updates(middle.url)
        made.resident("two", version=2)
        unit.updates(middle.url)
        assert len(kept) == 2 and made.counts()["confirmations"] == 2
        replay(made, kept)
        assert made.held(unit)["state"] == "active"
        assert unit.agent(middle.url).code == NOTHING


def directive_replay():
    """I2, SPEC 10.3. Attacker: anybody on the way. Has: every directive that was sent to two devices.
    Tries: to answer reports with them: to give an entitlement again, to keep a device idle, to have
    another device obey. Stopped by: the nonce of the report, and a key for each device."""
    with world(units=2) as made, Middle(made.server) as middle:
        first, second = made.units
        made.resident("one")
        for unit in made.units:
            unit.updates(middle.url)
        made.resident("two", version=2)
        recorded = [directive for _, directive in middle.exchanges]
        actions = {protocol.directive_read(directive, unit.pud, nonce_of(report, unit))[2]
                   for unit in made.units for report, directive in middle.exchanges
                   if unit.id in report}
        assert {IDLE, DOWNLOAD, REPEAT} <= actions, "not every kind was recorded"
        before = [unit.status() for unit in made.units]
        fetched = len(middle.gets)
        for directive in recorded:
            def answer(handler, _report, directive=directive):
                handler.give(200, directive, MEDIA_TYPE)
            middle.on_report = answer
            for unit in made.units:
                done = unit.agent(middle.url)
                assert done.code == UNTRUSTED and "refuses what the server says" in done.log, done
        assert len(middle.gets) == fetched, "something was fetched for an old directive"
        for unit, was in zip(made.units, before):
            unit.still(was)
        middle.on_report = None
        for unit in made.units:
            unit.updates(middle.url)
        assert made.counts() == {"confirmations": 4, "quarantined": 0, "sequence_total": 4}


def nonce_of(report, unit):
    return protocol.report_read(report, unit.pud)[1][5]


if __name__ == "__main__":
    main(eavesdrop, eavesdrop_through_tls, eavesdrop_tables, report_replay, report_replay_of_failures,
         report_replay_after_release, report_replay_for_check_in, report_replay_elsewhere, report_delayed, directive_replay)
