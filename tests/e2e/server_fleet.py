#!/usr/bin/python3
"""What operators do with many devices (SPEC 16.20 to 16.29): filters, labels, bulk, quarantine,
decommission, history, why, groups."""
import json
import os
import urllib.parse

from pawl_device import DOWNLOAD, HOLD, IDLE, Refused
from pawl_server import Server, run


def found(server, text):
    """The ids that a filter finds, over all pages."""
    ids, after = [], ""
    while True:
        page = server.expect(200, "GET", f"/v1/devices?filter={urllib.parse.quote(text)}&limit=3{after}")
        ids += [item["device_id"] for item in page["items"]]
        if page["next"] is None:
            return ids
        after = f"&after={page['next']}"


def path(device, rest=""):
    return f"/v1/devices/{device.id.hex()}{rest}"


def why(server, device):
    answer = server.expect(200, "GET", path(device, "/why"))
    assert answer["device_id"] == device.id.hex()
    return answer["reason"], answer["text"]


def history(server, device):
    return server.expect(200, "GET", path(device, "/history"))["items"]


def installed(device, package):
    directive = device.exchange()
    assert directive[2] == DOWNLOAD and directive[5] == package, directive
    device.commit(package)
    assert device.exchange()[2] == IDLE


def test_filters_and_labels():
    """SPEC 16.20, 16.21: devices are found by what they are and run; a filter that is wrong is told
    with its place; labels are bounded."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 8)
        package, _ = server.release("a", "one")
        server.assign(package, class_="a")
        for device in devices[:2]:
            installed(device, package)
        ids = sorted(device.id.hex() for device in devices)
        assert sorted(found(server, "class=a vendor=example.com")) == ids
        for device in devices[:3]:
            body = {"key": "site", "value": "New York"}
            assert server.expect(200, "PUT", path(device, "/labels"), body) == {"changed": True}
            assert server.expect(200, "PUT", path(device, "/labels"), body) == {"changed": False}
        assert len(found(server, 'label.site="New York"')) == 3
        assert len(found(server, f'label.site="New York" package={package.hex()[:8]}')) == 2
        assert len(found(server, "package!=*")) == 6
        assert found(server, f"id={devices[5].id.hex()[:20]}") == [devices[5].id.hex()]
        assert server.device(devices[0])["labels"] == {"site": "New York"}
        server.expect(200, "PUT", path(devices[0], "/labels"), {"key": "site", "value": None})
        assert server.device(devices[0])["labels"] == {}
        for text, place in (("colour=red", 1), ("group=a colour=red", 9), ("seen<yesterday", 6),
                            ("class=a", 1)):
            answer = server.expect(400, "GET", f"/v1/devices?filter={urllib.parse.quote(text)}")
            assert f"character {place}:" in answer["message"], answer
        for number in range(16):
            server.expect(200, "PUT", path(devices[0], "/labels"), {"key": f"k{number}", "value": "v"})
        answer = server.expect(409, "PUT", path(devices[0], "/labels"), {"key": "more", "value": "v"})
        assert "as many labels" in answer["message"]
        for body in ({"key": "", "value": "v"}, {"key": "a b", "value": "v"}, {"key": "a"},
                     {"key": "a", "value": ""}, {"key": "a", "value": "x" * 129},
                     {"key": "a", "value": "\n"}, {"key": "a", "value": 5}, {"key": "a" * 64, "value": "v"}):
            server.expect(400, "PUT", path(devices[0], "/labels"), body)
        changes = [item["detail"] for item in server.audit("label-set")]
        assert {"key": "site", "before": "New York", "after": None} in changes


def test_bulk():
    """SPEC 16.23: many devices in one request, by a list or by lines; what is refused is told, a dry
    run changes nothing, a repetition neither; a report is judged by what was written."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 1500)
        ids = [device.id.hex() for device in devices]
        package, _ = server.release("a", "one")
        server.assign(package, group="pilots")
        assert devices[0].exchange()[2] == IDLE  # remembered with its group now

        def bulk(query, names):
            return server.expect(200, "POST", f"/v1/bulk/{query}", names)

        stranger = "f" * 32
        for dry in (True, False):
            answer = bulk(f"group?group=pilots&dry_run={str(dry).lower()}", ids + [stranger, "x"])
            assert (answer["changed"], answer["refused_count"]) == (1500, 2), answer
            assert answer["dry_run"] == dry
            assert [(item["index"], item["device_id"], item["class"]) for item in answer["refused"]] \
                == [(1500, stranger, "state"), (1501, "x", "malformed")]
            assert len(server.audit("group-set")) == (0 if dry else 1500)
            assert devices[0].exchange()[2] == (IDLE if dry else DOWNLOAD)
        lines = "\n".join(json.dumps(name) for name in ids) + "\n"
        answer = bulk("group?group=pilots", lines.encode())
        assert (answer["changed"], answer["unchanged"], answer["refused"]) == (0, 1500, []), answer
        objects = "\n".join(json.dumps({"device_id": name, "state": "active"}) for name in ids[:9])
        assert bulk("label?key=site&value=berlin&reason=moved", objects.encode())["changed"] == 9
        assert len(found(server, "label.site=berlin")) == 9
        assert bulk("label?key=site", ids[:4])["changed"] == 4
        assert len(found(server, "label.site=berlin")) == 5
        assert bulk("retry", ids[:2])["refused_count"] == 2
        assert bulk("release?reason=r", ids[:2])["refused_count"] == 2
        assert bulk("group?none=true", ids[:2])["changed"] == 2
        groups = server.expect(200, "GET", "/v1/groups")["items"]
        assert groups == [{"name": "pilots", "devices": 1498, "assignments": 1, "campaigns": 0}]
        assert bulk("decommission?reason=scrapped&dry_run=true", ids[:3])["changed"] == 3
        assert server.device(devices[0])["state"] == "active"
        for query, body in (("group", ids), ("group?group=a&none=true", ids), ("group?none=1", ids),
                            ("label?key=", ids), ("label?key=a&value=", ids), ("release", ids),
                            ("decommission", ids), ("retry?dry_run=yes", ids), ("retry", []),
                            ("retry", b""), ("retry", b"\n\n"), ("retry", b"[1]"), ("retry", b"[\"a\""),
                            ("retry", b"nonsense\n"), ("retry", b'"a"\n{}\n'), ("retry", [[]])):
            server.expect(400, "POST", f"/v1/bulk/{query}", body)


def test_quarantine():
    """SPEC 16.25: the evidence says what was recorded, what was reported, when, and from where; and
    no secret is in it."""
    with Server() as server:
        server.vendor()
        device, other = server.personalize("a", 2)
        package, _ = server.release("a", "one")
        server.assign(package, class_="a")
        for each in (device, other):
            installed(each, package)
        recorded, reported = device.instance, os.urandom(8)
        assert device.exchange(instance=reported)[2] == HOLD
        other.exchange(sequence=0)
        held = server.expect(200, "GET", "/v1/quarantine")["items"]
        assert [item["reason"] for item in held] == [
            "other-instance" if item["device_id"] == device.id.hex() else "behind" for item in held]
        (item,) = [item for item in held if item["device_id"] == device.id.hex()]
        evidence = item["evidence"]
        assert evidence["recorded"] == {"sequence": 1, "instance": recorded.hex(),
                                        "package_id": package.hex()}
        assert evidence["reported"] == {"sequence": 1, "instance": reported.hex(),
                                        "package_id": package.hex()}
        assert evidence["source"] == "127.0.0.1" and evidence["time"] > 1700000000
        assert server.device(device)["evidence"] == evidence
        (told,) = server.audit("other-instance")
        assert told["detail"]["reported_instance"] == reported.hex(), told
        everything = json.dumps([held, server.audit("other-instance"), server.device(device)])
        for secret in (device.secret, device.auth):
            assert secret.hex() not in everything
        reason, text = why(server, device)
        assert reason == "quarantined" and "committed twice" in text, text
        assert history(server, device)[0]["outcome"] == "quarantined"
        assert history(server, device)[0]["cause"] == "other-instance"
        server.expect(200, "POST", path(device, "/release"), {"reason": "visited"})
        assert why(server, device)[0] == "released"
        assert len(server.expect(200, "GET", "/v1/quarantine")["items"]) == 1
        assert device.exchange()[2] == IDLE
        assert [item["outcome"] for item in history(server, device)] == [
            "adopted", "quarantined", "confirmed"]


def test_decommission():
    """SPEC 16.27, 3.4: a decommissioned device is answered as one that nobody knows, also when it was
    remembered; nothing brings it back."""
    with Server() as server:
        server.vendor()
        device, other = server.personalize("a", 2)
        package, _ = server.release("a", "one")
        server.assign(package, class_="a")
        installed(device, package)
        server.expect(200, "PUT", path(device, "/labels"), {"key": "site", "value": "berlin"})
        server.expect(400, "POST", path(device, "/decommission"), {})
        assert server.expect(200, "POST", path(device, "/decommission"),
                             {"reason": "stolen"}) == {"changed": True}
        try:
            device.exchange()
            raise AssertionError("it was answered")
        except Refused as refused:
            gone = refused.status, refused.body
        try:
            other.send(*other.report(id=os.urandom(16)))
            raise AssertionError("it was answered")
        except Refused as refused:
            assert gone == (refused.status, refused.body)
        status = server.expect(200, "GET", "/v1/status")
        assert (status["devices"], status["decommissioned"]) == (1, 1), status
        assert found(server, "state=decommissioned") == [device.id.hex()]
        assert found(server, "label.site=*") == [] and found(server, "package=*") == []
        assert server.device(device)["state"] == "decommissioned"
        assert [item["outcome"] for item in history(server, device)] == ["confirmed"]
        assert why(server, device)[0] == "decommissioned"
        (told,) = server.audit("decommissioned")
        assert told["detail"] == {"before": "active", "after": "decommissioned", "reason": "stolen"}
        for method, rest, body in (("PUT", "/group", {"group": "g"}), ("POST", "/retry", None),
                                   ("POST", "/release", {"reason": "r"}),
                                   ("PUT", "/labels", {"key": "a", "value": "b"})):
            server.expect(409, method, path(device, rest), body)
        assert server.expect(200, "POST", path(device, "/decommission"),
                             {"reason": "again"}) == {"changed": False}
        with open(f"{server.dir}/a/units.import", "rb") as file:
            answer = server.expect(200, "POST", "/v1/units", file.read())
        assert (answer["imported"], answer["refused_count"]) == (0, 2), answer
        status, rows = server.operate("POST", "/v1/entitlements", {
            "package_id": package.hex(), "target": {"class": "a", "vendor": "example.com"}}, raw=True)
        assert status == 200 and int.from_bytes(rows[:8], "big") == 1


def test_history_and_why():
    """SPEC 16.26, 16.28: what a device did, newest first; and in one paragraph why it runs what it
    runs."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        reason, text = why(server, device)
        assert reason == "none" and "never been seen" in text and "any download" in text, text
        first, _ = server.release("a", "one")
        second, _ = server.release("a", "two")
        server.assign(first, class_="a")
        assert why(server, device)[0] == "offered"
        installed(device, first)
        reason, text = why(server, device)
        assert reason == "current" and "waits for nothing" in text and first.hex()[:8] in text, text
        server.assign(second, device=device.id.hex())
        device.failed = [second, 66]
        assert device.exchange()[2] == IDLE
        reason, text = why(server, device)
        assert reason == "failed" and "before its deadline (cause 66)" in text, text
        server.expect(200, "POST", path(device, "/retry"))
        assert why(server, device)[0] == "offered"
        device.failed = [second, 67]  # power: each loss is an attempt
        for _ in range(3):
            assert device.exchange()[2] == DOWNLOAD
        items = history(server, device)
        assert [(item["outcome"], item["code"]) for item in items] == [
            ("failed", 67), ("failed", 67), ("failed", 67), ("failed", 66), ("confirmed", None)], items
        assert items[0]["package_id"] == second.hex() and items[0]["from_sequence"] == 1
        assert items[-1]["package_id"] == first.hex() and items[-1]["from_sequence"] == 0
        assert len(found(server, "failed=power")) == 1
        assert server.expect(404, "GET", f"/v1/devices/{bytes(16).hex()}/why")["class"] == "state"
        assert server.expect(404, "GET", f"/v1/devices/{bytes(16).hex()}/history")


def test_why_with_campaigns():
    """SPEC 16.28, 18: the campaign that holds for a device, or will, and what it waits for there."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 6)
        package, _ = server.release("a", "one")
        campaign = server.expect(201, "POST", "/v1/campaigns", {
            "name": "spring", "package_id": package.hex(),
            "target": {"class": "a", "vendor": "example.com"}, "rate": 40,
            "stages": [{"share": 50}, {"share": 50}]})["id"]
        for device in devices:
            reason, text = why(server, device)
            assert reason == "none" and "Campaign" not in text, text
        server.expect(200, "POST", f"/v1/campaigns/{campaign}/start")
        answers = [why(server, device) for device in devices]
        for reason, text in answers:
            stage = 1 if "stage 1 of 2" in text else 2
            assert reason == ("offered" if stage == 1 else "none"), (reason, text)
            assert ("rate of 40 a minute" in text) == (stage == 1), text
            assert f"Campaign {campaign}, in whose stage {stage} of 2" in text, text
            assert ("has not opened that stage yet." in text) == (stage == 2), text
        server.expect(200, "POST", f"/v1/campaigns/{campaign}/pause")
        for device, (reason, _) in zip(devices, answers):
            assert why(server, device)[0] == ("paused" if reason == "offered" else "none")


def test_groups():
    """SPEC 16.29: a rename takes devices and assignments along, at once; only an empty group goes."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        package, _ = server.release("a", "one")
        server.assign(package, group="new name/with & all")
        server.expect(200, "PUT", path(device, "/group"), {"group": "old"})
        assert device.exchange()[2] == IDLE
        new = urllib.parse.quote("new name/with & all", safe="")
        server.expect(200, "PUT", "/v1/groups?group=old", {"name": "new name/with & all"})
        assert device.exchange()[2] == DOWNLOAD
        assert server.device(device)["group"] == "new name/with & all"
        server.expect(409, "DELETE", f"/v1/groups?group={new}")
        server.expect(404, "PUT", "/v1/groups?group=old", {"name": "x"})
        server.expect(404, "DELETE", "/v1/groups?group=old")
        server.expect(400, "DELETE", "/v1/groups")
        server.expect(200, "PUT", f"/v1/groups?group={new}", {"name": "old"})
        assert [item["target"] for item in server.expect(200, "GET", "/v1/assignments")["items"]] == [
            {"group": "old"}]
        server.expect(200, "PUT", path(device, "/group"), {"group": None})
        server.expect(200, "DELETE", "/v1/groups?group=old")
        assert server.expect(200, "GET", "/v1/groups")["items"] == []
        assert [item["detail"] for item in server.audit("group-deleted")] == [
            {"before": "old", "after": None}]


def test_import_report():
    """SPEC 16.24: every refused unit is told, beyond the first hundred; the summary is the last line;
    a bad stream is an error as without a report."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 250)
        with open(f"{server.dir}/a/units.import", "rb") as file:
            units = file.read()
        status, data = server.operate("POST", "/v1/units?report=all", units, raw=True)
        lines = [json.loads(line) for line in data.splitlines()]
        assert status == 200 and lines[-1] == {"imported": 0, "refused_count": 250}, lines[-1]
        assert {line["device_id"] for line in lines[:-1]} == {device.id.hex() for device in devices}
        assert {line["class"] for line in lines[:-1]} == {"state"}
        server.expect(400, "POST", "/v1/units?report=some", units)
        server.expect(400, "POST", "/v1/units?report=all", units[:-1])
        assert not [name for name in os.listdir(server.data) if "report" in name or "tmp" in name]


run(test_filters_and_labels, test_bulk, test_quarantine, test_decommission, test_history_and_why,
    test_why_with_campaigns, test_groups, test_import_report)
