#!/usr/bin/python3
"""The exchange over HTTP, by an independent device: the table of SPEC 11, replays, quarantine."""
import os
import threading

from pawl_device import DOWNLOAD, HOLD, IDLE, REPEAT, Refused
from pawl_server import Server, run


def installed(server, device, package):
    """Takes a device through one download."""
    directive = device.exchange()
    assert directive[2] == DOWNLOAD and directive[5] == package, directive
    device.commit(package)
    directive = device.exchange()
    assert directive[2] == IDLE, directive
    assert server.device(device)["sequence"] == device.sequence


def test_download_and_confirm():
    """I5, SPEC 10, 11: challenge, offer, entitlement, package, confirmation counted once; I2: the
    entitlement opens at its own sequence number only."""
    with Server() as server:
        server.vendor()
        device, other = server.personalize("a", 2)
        package, key = server.release("a", "one")
        assignment = server.assign(package, class_="a")

        directive = device.send(*device.report())
        assert directive[2] == REPEAT and directive[3] == 0, directive
        directive = device.send(*device.report())
        assert directive[2] == DOWNLOAD and directive[5] == package
        assert directive[6] == f"/v1/packages/{package.hex()}"
        response = server.request("GET", directive[6])
        assert response.status == 200 and len(response.body) == directive[7]
        assert device.open(package, directive[8]) == key
        assert device.open(package, directive[8], sequence=1) is None
        assert other.open(package, directive[8]) is None  # I1

        device.commit(package)
        report, nonce = device.report()
        for _ in range(2):  # the same confirmation twice: its answer got lost
            status, body = server.post(report)
            assert status == 200
            directive = device.directive(body, nonce)
        assert directive[2] == REPEAT  # the first one made its challenge old
        device.challenge = directive[4]
        assert device.exchange()[2] == IDLE
        held = server.device(device)
        assert held["sequence"] == 1 and held["package_id"] == package.hex()
        assert held["state"] == "active" and held["offered"] is None
        listed = server.expect(200, "GET", "/v1/assignments")["items"]
        assert [(x["id"], x["confirmed"]) for x in listed] == [(assignment, 1)]
        status = server.expect(200, "GET", "/v1/status")
        assert (status["confirmations"], status["sequence_total"]) == (1, 1), status


def test_stale_challenges():
    """SPEC 11: a missing, foreign, altered or outdated challenge is answered with repeat and changes
    nothing, whatever else the report says."""
    with Server() as server:
        server.vendor()
        device, other = server.personalize("a", 2)
        package, _ = server.release("a", "one")
        server.assign(package, class_="a")
        installed(server, device, package)
        good = device.challenge
        device.exchange()
        other.exchange()
        changed = bytes([good[0]]) + bytes([good[1] ^ 1]) + good[2:]
        before = server.device(device)
        for challenge in (None, b"", b"x", os.urandom(49), changed, other.challenge, good[:-1],
                          good + b"\0", os.urandom(64)):
            for sequence in (0, 1, 2, 70000, 2**63):
                directive = device.send(*device.report(challenge=challenge, sequence=sequence))
                assert directive[2] == REPEAT, (challenge, sequence, directive)
        after = server.device(device)
        before.pop("last_seen"), after.pop("last_seen")
        assert before == after
        assert server.expect(200, "GET", "/v1/status")["quarantined"] == 0


def test_table():
    """SPEC 11: every row of the reconciliation table."""
    with Server() as server:
        server.vendor()
        names = ("normal", "ahead", "far", "behind", "instance", "package", "null", "unknown")
        devices = dict(zip(names, server.personalize("a", len(names))))
        package, _ = server.release("a", "one")
        other, _ = server.release("a", "two")
        server.assign(package, class_="a")
        for device in devices.values():
            installed(server, device, package)
        assert devices["normal"].exchange()[2] == IDLE

        device = devices["ahead"]  # s + 1 < r <= s + 65536: catch up
        device.sequence, device.instance = 1 + 65536, os.urandom(8)
        assert device.exchange()[2] == IDLE
        assert server.device(device)["sequence"] == 65537
        assert [x["device_id"] for x in server.audit("caught-up")] == [device.id.hex()]

        device = devices["far"]  # r > s + 65536: impossible
        assert device.exchange(sequence=1 + 65537)[2] == HOLD
        assert device.exchange(sequence=2**64 - 1)[2] == HOLD
        assert server.device(device)["sequence"] == 1
        assert server.device(device)["state"] == "active"
        assert len(server.audit("too-far")) == 1  # told once an hour
        assert device.exchange()[2] == IDLE

        device = devices["null"]  # no instance where one was recorded: audited, unchanged
        assert device.exchange(instance=None, package=None)[2] == DOWNLOAD
        assert server.device(device)["package_id"] == package.hex()
        assert len(server.audit("instance-lost")) == 1

        device = devices["unknown"]  # a confirmation of a package that nobody published
        device.commit(os.urandom(32))
        assert device.exchange()[2] == DOWNLOAD
        assert server.device(device)["sequence"] == 2
        assert len(server.audit("unknown-package")) == 1

        suspects = {
            "behind": dict(sequence=0), "instance": dict(instance=os.urandom(8)),
            "package": dict(package=other),
        }
        for name, changes in suspects.items():
            device = devices[name]
            assert device.exchange(**changes)[2] == HOLD, name
            held = server.device(device)
            assert held["state"] == "quarantined" and held["sequence"] == 1, held
            assert device.exchange()[2] == HOLD  # the honest one, too: an operator decides
        reasons = [server.device(devices[name])["quarantine_reason"] for name in suspects]
        assert reasons == ["behind", "other-instance", "other-package"], reasons
        assert server.expect(200, "GET", "/v1/status")["quarantined"] == 3
        listed = server.expect(200, "GET", "/v1/devices?state=quarantined")["items"]
        assert {x["device_id"] for x in listed} == {devices[n].id.hex() for n in suspects}


def test_quarantine_and_release():
    """SPEC 11: a clone is held, and so is the original, until an operator releases it; then its
    next report is the record and downloads go on."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        first, _ = server.release("a", "one")
        second, _ = server.release("a", "two")
        server.assign(first, class_="a")
        assert device.exchange()[2] == DOWNLOAD
        clone = type(device).__new__(type(device))
        clone.__dict__.update(device.__dict__)
        device.commit(first)
        assert device.exchange()[2] == IDLE
        clone.commit(first)  # the copied state commits as well
        assert clone.exchange()[2] == HOLD
        assert device.exchange()[2] == HOLD
        server.assign(second, class_="a")
        assert device.exchange()[2] == HOLD

        path = f"/v1/devices/{device.id.hex()}/release"
        server.expect(400, "POST", path, {})
        server.expect(400, "POST", path, {"reason": ""})
        assert server.expect(200, "POST", path, {"reason": "visited"}) == {"changed": True}
        assert server.expect(200, "POST", path, {"reason": "again"}) == {"changed": False}
        assert device.exchange()[2] == DOWNLOAD
        assert server.device(device)["state"] == "active"
        released = server.audit("released")
        server.expect(409, "POST", path, {"reason": "it is not held"})
        assert len(released) == 1 and released[0]["detail"] == {
            "finding": "other-instance", "before": "quarantined", "after": "released",
            "reason": "visited"}
        assert released[0]["actor"].startswith(f"{os.getuid()}/")
        assert clone.exchange()[2] == HOLD  # it still is one


def test_unknown_and_forged():
    """SPEC 11: an unknown device and a bad MAC get the same answer; both change nothing."""
    with Server() as server:
        server.vendor()
        device, other = server.personalize("a", 2)
        device.exchange()
        answers = set()
        for changes in (dict(id=os.urandom(16)), dict(key=os.urandom(32)), dict(key=other.auth),
                        dict(id=other.id), dict(id=bytes(16))):
            try:
                device.send(*device.report(**changes))
                raise AssertionError(changes)
            except Refused as refused:
                answers.add((refused.status, refused.body))
        assert len(answers) == 1, answers
        assert answers.pop()[0] == 403


def test_failed_attempts():
    """SPEC 11: a package that failed is not offered again, except three times after a loss of
    power, or when an operator asks for a retry; another package is."""
    with Server() as server:
        server.vendor()
        weak, broken = server.personalize("a", 2)
        package, _ = server.release("a", "one")
        server.assign(package, class_="a")
        assert broken.exchange()[2] == DOWNLOAD
        broken.failed = [package, 64]
        for _ in range(3):
            assert broken.exchange()[2] == IDLE
        held = server.device(broken)
        assert held["last_failure"] == {"package_id": package.hex(), "code": 64}, held
        assert len(server.audit("attempt-failed")) == 1
        server.expect(200, "POST", f"/v1/devices/{broken.id.hex()}/retry")
        server.expect(409, "POST", f"/v1/devices/{weak.id.hex()}/retry")
        assert server.device(broken)["offered"] == package.hex()
        assert broken.exchange()[2] == DOWNLOAD
        second, _ = server.release("a", "two")
        server.assign(second, class_="a")
        directive = broken.exchange()
        assert directive[2] == DOWNLOAD and directive[5] == second

        weak.failed = [second, 67]
        offers = [weak.exchange()[2] for _ in range(6)]
        assert offers == [DOWNLOAD] * 3 + [IDLE] * 3, offers


def test_precedence():
    """SPEC 16: device before group before class, the newest of its kind; a deleted assignment ends
    it; no device of another class gets the package."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        (stranger,) = server.personalize("b")
        one, two, three = (server.release("a", label)[0] for label in ("one", "two", "three"))

        def offered():
            directive = device.exchange()
            return directive[5] if directive[2] == DOWNLOAD else None

        assert offered() is None
        server.assign(one, class_="a")
        assert offered() == one
        server.assign(two, group="pilots")
        assert offered() == one
        path = f"/v1/devices/{device.id.hex()}/group"
        server.expect(200, "PUT", path, {"group": "pilots"})
        assert offered() == two
        number = server.assign(three, device=device.id.hex())
        assert offered() == three
        server.assign(three, class_="b")
        assert stranger.exchange()[2] == IDLE
        server.expect(200, "DELETE", f"/v1/assignments/{number}")
        server.expect(404, "DELETE", f"/v1/assignments/{number}")
        assert offered() == two
        server.expect(200, "PUT", path, {"group": None})
        assert offered() == one


def test_maximum():
    """SPEC 11: a device at its maximum is offered nothing; above it is impossible."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a", 1, ("--maximum", "1"))
        package, _ = server.release("a", "one")
        second, _ = server.release("a", "two")
        server.assign(package, class_="a")
        installed(server, device, package)
        server.assign(second, class_="a")
        assert device.exchange()[2] == IDLE
        assert device.exchange(sequence=2, instance=os.urandom(8))[2] == HOLD
        assert len(server.audit("above-maximum")) == 1
        assert server.device(device)["sequence"] == 1


def test_at_the_same_time():
    """I5, SPEC 11.6, 11.7: one confirmation, sent many times at once, advances and counts once; of two
    that contradict each other one is held."""
    with Server("--threads", "4") as server:
        server.vendor()
        device, torn = server.personalize("a", 2)
        package, _ = server.release("a", "one")
        server.assign(package, class_="a")
        for each in (device, torn):
            assert each.exchange()[2] == DOWNLOAD
            each.commit(package)

        def send_all(reports):
            answers = [None] * len(reports)
            barrier = threading.Barrier(len(reports))

            def send(index):
                barrier.wait()
                answers[index] = server.post(reports[index])

            threads = [threading.Thread(target=send, args=(i,)) for i in range(len(reports))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return answers

        report, nonce = device.report()
        answers = send_all([report] * 16)
        actions = [device.directive(body, nonce)[2] for status, body in answers if status == 200]
        assert len(actions) == 16 and set(actions) <= {IDLE, REPEAT} and IDLE in actions, actions
        held = server.device(device)
        assert (held["sequence"], held["state"]) == (1, "active"), held
        assert server.expect(200, "GET", "/v1/status")["confirmations"] == 1

        others = [torn.report(instance=os.urandom(8))[0] for _ in range(8)]
        assert {status for status, _ in send_all(others)} == {200}
        assert server.device(torn)["sequence"] == 1
        assert server.expect(200, "GET", "/v1/status")["confirmations"] == 2
        listed = server.expect(200, "GET", "/v1/assignments")["items"]
        assert [item["confirmed"] for item in listed] == [2], listed
        assert torn.exchange(instance=os.urandom(8))[2] == HOLD  # none of those that was taken


def test_restart():
    """I5: a restart loses nothing; challenges of before it are still good."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        package, _ = server.release("a", "one")
        server.assign(package, class_="a")
        assert device.exchange()[2] == DOWNLOAD
        assert server.stop() == 0
        server.start()
        device.commit(package)
        assert device.send(*device.report())[2] == IDLE
        assert server.device(device)["sequence"] == 1


run(test_download_and_confirm, test_stale_challenges, test_table, test_quarantine_and_release,
    test_unknown_and_forged, test_failed_attempts, test_precedence, test_maximum,
    test_at_the_same_time, test_restart)
