#!/usr/bin/python3
"""Commands (SPEC 19), by an independent device: delivered until they were taken, audited, bounded."""

from pawl_device import DOWNLOAD, IDLE
from pawl_server import SANITIZED, Server, run


def give(server, device, kind, status=201, **members):
    body = {"target": {"device": device.id.hex()}, "kind": kind, **members}
    return server.expect(status, "POST", "/v1/commands", body)


def waiting(server, device):
    return server.expect(200, "GET", f"/v1/commands?device={device.id.hex()}")["items"]


def poll(device, taken=0, **changes):
    """An exchange of a device that knows commands."""
    return device.exchange(extra={129: taken}, **changes)


def test_a_message_is_sent_until_it_was_taken():
    """SPEC 19.2: at least once, one at a time and the oldest first; audited when given and taken."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        assert 128 not in poll(device)
        first = give(server, device, "message", message="ventilé \u2603")["number"]
        second = give(server, device, "message", message="two")["number"]
        assert second > first
        for _ in range(2):
            directive = poll(device)
            assert directive[2] == IDLE and directive[128] == first, directive
            assert directive[130] == "ventilé \u2603"
        assert 128 not in device.exchange()  # one that does not know commands is sent none
        directive = poll(device, taken=first)
        assert directive[128] == second and directive[130] == "two"
        assert [item["number"] for item in waiting(server, device)] == [second]
        assert 128 not in poll(device, taken=second)
        assert 128 not in poll(device, taken=0)
        assert waiting(server, device) == []
        given, taken = server.audit("command-given"), server.audit("command-taken")
        assert [e["detail"]["number"] for e in given] == [first, second]
        assert [e["detail"]["number"] for e in taken] == [first, second]
        assert given[0]["detail"]["message"] == "ventilé \u2603"
        assert taken[0]["device_id"] == device.id.hex()


def test_poll_interval_and_check_in():
    """SPEC 19.2: the interval is the device's from then on, over a restart too; a check-in is done
    by the report that comes."""
    with Server("--poll-after", "300") as server:
        server.vendor()
        device, other = server.personalize("a", 2)
        number = give(server, device, "poll-interval", seconds=7)["number"]
        directive = poll(device)
        assert directive[3] == 7 and directive[128] == number
        assert poll(device, taken=number)[3] == 7 and poll(other)[3] == 300
        server.stop()
        server.start()
        assert poll(device)[3] == 7
        give(server, device, "check-in")
        assert len(waiting(server, device)) == 1
        assert 128 not in device.exchange()
        assert waiting(server, device) == []
        assert server.audit("command-taken")[-1]["detail"]["kind"] == "check-in"


def test_a_diagnostic_is_offered_until_it_ended():
    """SPEC 13.9, 19.5: with its number and flag, after what is assigned; ended by the number alone,
    whatever field 4 told before; its success hinders no later assignment."""
    with Server() as server:
        server.vendor()
        device, other = server.personalize("a", 2)
        package, key = server.release("a", "probe")
        assigned, _ = server.release("a", "main")
        server.assign(assigned, device=device.id.hex())
        number = give(server, device, "diagnostic", package_id=package.hex())["number"]
        directive = poll(device)
        assert directive[2] == DOWNLOAD and directive[5] == assigned and 128 not in directive
        device.commit(assigned)
        directive = poll(device)
        assert directive[2] == DOWNLOAD and directive[5] == package
        assert directive[128] == number and directive[129] is True
        assert device.open(package, directive[8]) == key  # I2: for the present number, like any
        device.failed = [package, 69]  # of an earlier command: this one has not ended
        assert poll(device)[128] == number
        assert device.exchange()[2] == IDLE  # one that would commit it is not offered it
        assert 128 not in poll(device, taken=number)
        taken = server.audit("command-taken")[-1]["detail"]
        assert taken["code"] == 69 and taken["number"] == number, taken
        assert server.device(device)["last_failure"] is None
        assert server.device(device)["sequence"] == 1
        server.assign(package, device=device.id.hex())
        directive = poll(device, taken=number)
        assert directive[2] == DOWNLOAD and directive[5] == package and 129 not in directive


def test_what_is_wrong_changes_nothing():
    """I9, SPEC 19.4: each order that is none is refused, with its class."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        unknown = {"target": {"device": "0" * 32}, "kind": "check-in"}
        assert server.expect(404, "POST", "/v1/commands", unknown)["class"] == "state"
        bad = [("dance", {}), ("message", {}), ("message", {"message": ""}),
               ("message", {"message": "x" * 201}), ("message", {"message": "a\0b"}),
               ("message", {"message": "x", "seconds": 5}), ("check-in", {"message": "x"}),
               ("poll-interval", {"seconds": 0}), ("poll-interval", {"seconds": 604801}),
               ("poll-interval", {"seconds": "7"}), ("diagnostic", {"package_id": "00"}),
               ("check-in", {"expires_in": 59}), ("check-in", {"expires_in": 31536001})]
        for kind, members in bad:
            answer = give(server, device, kind, 400, **members)
            assert answer["class"] == "malformed", (kind, members, answer)
        answer = give(server, device, "diagnostic", 409, package_id="00" * 32)
        assert answer["class"] == "state", answer
        assert waiting(server, device) == [] and server.audit("command-given") == []
        assert 128 not in poll(device)

        numbers = [give(server, device, "message", message=str(i))["number"] for i in range(16)]
        assert give(server, device, "check-in", 507)["class"] == "exhausted"
        server.expect(200, "DELETE", f"/v1/commands/{numbers[0]}")
        server.expect(404, "DELETE", f"/v1/commands/{numbers[0]}")
        assert poll(device)[128] == numbers[1]
        assert server.audit("command-cancelled")[0]["device_id"] == device.id.hex()


def test_a_class_is_told_at_once():
    """SPEC 19.4: one order for many devices; a full queue hinders no other."""
    count = 300 if SANITIZED else 2000
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", count)
        for i in range(16):
            give(server, devices[0], "message", message=f"{i}")
        body = {"target": {"class": "a", "vendor": "example.com"}, "kind": "message",
                "message": "all"}
        answer = server.expect(201, "POST", "/v1/commands", body)
        assert answer == {"number": None, "devices": count - 1}, answer
        assert poll(devices[-1])[130] == "all" and poll(devices[0])[130] == "0"
        detail = server.audit("command-given")[-1]["detail"]
        assert detail["count"] == count - 1 and "class" in detail["target"], detail


run(test_a_message_is_sent_until_it_was_taken, test_poll_interval_and_check_in,
    test_a_diagnostic_is_offered_until_it_ended, test_what_is_wrong_changes_nothing,
    test_a_class_is_told_at_once)
