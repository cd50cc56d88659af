#!/usr/bin/python3
"""Campaigns at a running server (SPEC 18): stages open and stop by themselves, orders are carried
out, and nobody is downgraded by accident."""
import json
import os
import subprocess
import sys
import time

from pawl_device import DOWNLOAD, IDLE
from pawl_server import Server, run_together

EXIT = 64  # the cause of a failure, SPEC 9.3


def slot(campaign, device_id):
    """SPEC 18.3, from its text."""
    def mix(z):
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9 % 2**64
        z = (z ^ z >> 27) * 0x94d049bb133111eb % 2**64
        return z ^ z >> 31
    h = mix((campaign + 0x9e3779b97f4a7c15) % 2**64)
    h = mix(h ^ int.from_bytes(device_id[:8], "big"))
    h = mix(h ^ int.from_bytes(device_id[8:], "big"))
    return (h >> 32) * 1000000 >> 32


class Campaign:
    """A campaign at a server."""

    def __init__(self, server, package_id, start=True, target=None, **plan):
        self.server = server
        target = target or {"class": "a", "vendor": "example.com"}
        answer = server.expect(201, "POST", "/v1/campaigns", {
            "name": "spring", "package_id": package_id.hex(), "target": target, **plan})
        self.id, self.path = answer["id"], f"/v1/campaigns/{answer['id']}"
        self.answer = answer
        if start:
            self.order("start")

    def show(self):
        return self.server.expect(200, "GET", self.path)

    def order(self, what, status=200, **body):
        return self.server.expect(status, "POST", f"{self.path}/{what}", body or None)

    def wait(self, what, limit=30):
        """Waits until `what` is true of the campaign; returns it."""
        end = time.monotonic() + limit
        while True:
            shown = self.show()
            if what(shown):
                return shown
            assert time.monotonic() < end, shown
            time.sleep(0.02)

    def state(self, state, stage=None, stage_state="running"):
        return self.wait(lambda c: c["state"] == state and c["counted"] and (
            stage is None or c["stages"][stage - 1]["state"] == stage_state))

    def stage_of(self, device, shares):
        position, bound = slot(self.id, device.id), 0
        for number, share in enumerate(shares, 1):
            bound += share * 10000
            if position < bound:
                return number
        return None

    def split(self, devices, shares):
        """The devices of each stage, from the specification's text."""
        return [[d for d in devices if self.stage_of(d, shares) == n]
                for n in range(1, len(shares) + 1)]


def take(device, package_id):
    """The device is offered the package, and runs it."""
    directive = device.exchange()
    assert directive[2] == DOWNLOAD and directive[5] == package_id, directive
    assert device.open(package_id, directive[8]) is not None
    device.commit(package_id)
    assert device.exchange()[2] == IDLE


def fail(device, package_id):
    """The device is offered the package, and fails."""
    directive = device.exchange()
    assert directive[2] == DOWNLOAD and directive[5] == package_id, directive
    device.failed = [package_id, EXIT]
    assert device.exchange()[2] == IDLE


def offered(device):
    directive = device.exchange()
    return directive[5] if directive[2] == DOWNLOAD else None


def stages(*shares, **plan):
    return [{"share": share, **plan} for share in shares]


def test_stages_follow_each_other():
    """18.3, 18.5, 18.6: each stage offers to its devices alone; counts are exact; then all is done."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 60)
        server.personalize("b", 5)
        package_id, _ = server.release("a", "one")
        campaign = Campaign(server, package_id, stages=stages(20, 30, 50, success=100))
        first, second, third = campaign.split(devices, (20, 30, 50))
        assert first and second and third
        shown = campaign.state("running", 1)
        assert [s["total"] for s in shown["stages"]] == [len(first), len(second), len(third)], shown
        assert all(offered(device) is None for device in second + third)
        for device in first[1:]:
            take(device, package_id)
        shown = campaign.show()
        assert shown["stages"][0]["finished"] == len(first) - 1
        assert f"{len(first) - 1} of {len(first)} devices finished" in shown["explanation"]
        assert offered(second[0]) is None
        take(first[0], package_id)
        campaign.state("running", 2)
        assert offered(third[0]) is None
        for device in second:
            take(device, package_id)
        campaign.state("running", 3)
        for device in third:
            take(device, package_id)
        shown = campaign.state("finished")
        assert (shown["total"], shown["finished"], shown["failed"]) == (60, 60, 0), shown
        assert "60 of 60" in shown["explanation"]
        actions = [item["action"] for item in server.expect(200, "GET", "/v1/audit?limit=10000")["items"]
                   if item["action"].startswith("campaign-")]
        assert actions == ["campaign-created", "campaign-started",
                           "campaign-stage-opened", "campaign-stage-finished",
                           "campaign-stage-opened", "campaign-stage-finished",
                           "campaign-stage-opened", "campaign-stage-finished",
                           "campaign-finished"], actions
        assert server.audit("campaign-finished")[0]["detail"] == {
            "campaign": campaign.id, "before": "running", "after": "finished"}


def test_failing_stage_stops_itself():
    """18.5: too many failures pause the campaign; nothing is offered then; abort keeps what runs."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 40)
        old, _ = server.release("a", "old")
        server.assign(old, class_="a")
        for device in devices[:20]:
            take(device, old)
        new, _ = server.release("a", "new")
        campaign = Campaign(server, new, stages=stages(50, 50, success=90, error=20, minimum=3))
        first, second = campaign.split(devices, (50, 50))
        campaign.state("running", 1)
        take(first[0], new)
        allowed = len(first) * 20 // 100
        for device in first[1:1 + allowed]:
            fail(device, new)
        assert campaign.show()["state"] == "running"
        fail(first[1 + allowed], new)
        shown = campaign.state("paused", 1, "error")
        assert shown["stages"][0]["failed"] == allowed + 1
        assert "the error condition of a stage holds" in shown["explanation"]
        audit, = server.audit("campaign-stage-error")
        assert audit["actor"] == "pawld" and audit["detail"]["failed"] == allowed + 1
        assert (audit["detail"]["before"], audit["detail"]["after"]) == ("running", "error"), audit
        _, metrics = server.operate("GET", "/metrics", raw=True)  # 18.12
        for name, value in (("devices", 40), ("finished_devices", 1), ("stage", 1), ("paused", 1),
                            ("failed_devices", allowed + 1)):
            assert f'pawl_campaign_{name}{{campaign="{campaign.id}"}} {value}\n'.encode() in metrics
        # Paused: nothing for the open stage, not even the older package; what runs stays.
        rest = [device for device in first[2 + allowed:]]
        assert rest and all(offered(device) is None for device in rest + first[:1])
        others = [device for device in second if device.package is None]
        assert others and offered(others[0]) == old
        campaign.order("abort", reason="bad release")
        shown = campaign.show()
        assert shown["state"] == "stopped" and "bad release" in shown["explanation"]
        assert offered(first[0]) is None  # not downgraded
        assert first[0].package == new
        waiting = [device for device in rest if device.package is None]
        assert waiting and offered(waiting[0]) == old  # what holds for the others is the older one
        server.assign(old, class_="a")  # taken back on purpose
        take(first[0], old)
        campaign.order("resume", 409)


def test_pause_resume_retry():
    """18.8, 18.9: paused means nothing; retry offers once more; a later success takes it back."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 10)
        package_id, _ = server.release("a", "one")
        campaign = Campaign(server, package_id, stages=stages(100, success=100, error=50))
        campaign.state("running", 1)
        campaign.order("pause")
        assert all(offered(device) is None for device in devices)
        campaign.order("pause", 409)
        campaign.order("resume")
        for device in devices[:7]:
            take(device, package_id)
        for device in devices[7:]:
            fail(device, package_id)
        shown = campaign.state("paused", 1, "error")  # all have told, and it is not 100 %
        assert "ended below its success condition" in shown["explanation"], shown["explanation"]
        shown = campaign.order("retry")
        assert shown["state"] == "running" and shown["failed"] == 0 and shown["retries"] == 1
        fail(devices[7], package_id)  # once more, and again in the same way
        assert campaign.show()["failed"] == 1
        assert offered(devices[7]) is None
        for device in devices[8:]:
            take(device, package_id)
        campaign.state("paused", 1, "error")
        campaign.order("retry")
        take(devices[7], package_id)
        shown = campaign.state("finished")
        assert (shown["finished"], shown["failed"]) == (10, 0)
        campaign.order("retry", 409)


def test_resume_excuses_and_next_goes_on():
    """18.8."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 20)
        package_id, _ = server.release("a", "one")
        campaign = Campaign(server, package_id,
                            stages=stages(50, 50, success=100, error=0, action="pause"))
        first, second = campaign.split(devices, (50, 50))
        campaign.state("running", 1)
        fail(first[0], package_id)
        campaign.state("paused", 1, "error")
        campaign.order("resume")
        for device in first[1:]:
            take(device, package_id)
        shown = campaign.state("paused", 1, "finished")  # the success action
        assert "success action is pause" in shown["explanation"]
        assert offered(second[0]) is None
        campaign.order("resume")
        campaign.state("running", 2)
        take(second[0], package_id)

        # Of a package that nobody runs: else a stage may be done before it is opened.
        newer, _ = server.release("a", "two")
        other = Campaign(server, newer, stages=stages(50, 50, success=100))
        other.state("running", 1)
        other.order("next", reason="it is urgent")
        other.state("running", 2)
        other.order("next", 409)
        assert server.audit("campaign-stage-triggered")[0]["detail"]["reason"] == "it is urgent"


def test_silence_is_failure():
    """18.9: after the deadline; a device that speaks after all takes its failure back."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 10)
        package_id, _ = server.release("a", "one")
        server.assign(package_id, class_="a")
        for device in devices[:6]:
            take(device, package_id)
        campaign = Campaign(server, package_id, stages=stages(100, success=100, error=20, deadline=1))
        shown = campaign.state("paused", 1, "error")
        assert shown["stages"][0]["silent"] == 4 and shown["failed"] == 4
        assert "4 silent past the deadline" in shown["explanation"]
        campaign.order("resume")
        shown = campaign.wait(lambda c: c["state"] != "running" or c["stages"][0]["succeeded"])
        for device in devices[6:]:
            take(device, package_id)
        shown = campaign.state("finished")
        assert (shown["finished"], shown["failed"]) == (10, 0), shown


def test_window_and_rate():
    """18.7: a closed window says when it opens; the rate lets few begin, and those are not counted
    twice."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 12)
        package_id, _ = server.release("a", "one")
        now = time.gmtime(time.time() + 7200)
        later = time.gmtime(time.time() + 10800)
        window = {"from": time.strftime("%H:%M", now), "until": time.strftime("%H:%M", later)}
        campaign = Campaign(server, package_id, window={**window, "zone": "+00:00"})
        shown = campaign.show()
        assert shown["state"] == "running" and shown["stages"][0]["state"] == "scheduled"
        assert not shown["window"]["open"] and 3500 < shown["window"]["opens"] - time.time() < 7300
        assert time.strftime("opens at %Y-%m-%d %H:%M UTC+00:00", now) in shown["explanation"], shown
        assert all(offered(device) is None for device in devices)
        campaign.order("abort")

        campaign = Campaign(server, package_id, rate=1)
        begun = [device for device in devices if offered(device)]
        assert len(begun) == 1, len(begun)
        assert offered(begun[0]) == package_id  # again, for it has begun
        take(begun[0], package_id)
        assert all(offered(device) is None for device in devices)
        assert "At most 1 devices a minute" in campaign.show()["explanation"]
        server.stop()
        server.start()
        assert sum(offered(device) is not None for device in devices) == 1


def test_approval_takes_another_person():
    """18.8."""
    with Server("--operator-uid", "65534") as server:
        server.vendor()
        device, = server.personalize("a")
        package_id, _ = server.release("a", "one")
        campaign = Campaign(server, package_id, start=False, approval=True)
        shown = campaign.show()
        assert shown["state"] == "waiting_for_approval" and shown["creator"] in shown["explanation"]
        campaign.order("start", 409)
        campaign.order("approve", 403)
        if os.geteuid() != 0:
            return
        for path, mode in ((server.dir, 0o711), (server.data, 0o711),
                           (f"{server.data}/operator.sock", 0o666)):
            os.chmod(path, mode)
        # Another user of the socket.
        text = (f"POST {campaign.path}/approve HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                "Content-Length: 0\r\n\r\n")
        answer = subprocess.run(
            [sys.executable, "-c", "import socket, sys; s = socket.socket(socket.AF_UNIX);"
             "s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode());"
             "sys.stdout.write(s.makefile().read())", f"{server.data}/operator.sock", text],
            user=65534, group=65534, extra_groups=[], check=True, stdout=subprocess.PIPE, text=True)
        assert " 200 " in answer.stdout, answer.stdout
        shown = campaign.show()
        assert shown["state"] == "ready" and shown["approver"].startswith("65534/"), shown
        campaign.order("start")
        take(device, package_id)
        campaign.state("finished")


def test_lists():
    """18.2, 18.11: a list of ids, with comments; unknown ones are refused or passed over."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 30)
        package_id, _ = server.release("a", "one")
        campaign = Campaign(server, package_id, start=False, target={"list": True}, percent=50)
        assert campaign.show()["state"] == "creating"
        campaign.order("start", 409)

        def hand_in(status, text, query=""):
            got, answer = server.operate("PUT", f"{campaign.path}/devices{query}", text,
                                         {"Content-Type": "text/plain"})
            assert got == status, (got, answer)
            return answer
        listed = devices[:20]
        lines = [device.id.hex() for device in listed]
        hand_in(400, "nonsense\n")
        hand_in(400, "")
        hand_in(400, "# nobody\n\n")
        hand_in(400, "0" * 300)
        hand_in(409, "\n".join([*lines, "0" * 32]))
        assert campaign.show()["state"] == "creating"
        answer = hand_in(200, "\n".join([*lines, "# comment", "", f" {lines[0]} # twice", "0" * 32]),
                         "?skip_unknown=true")
        assert answer["listed"] == 20 and answer["unknown"] == 1, answer
        assert answer["unknown_ids"] == ["0" * 32] and answer["state"] == "ready"
        hand_in(409, lines[0])
        campaign.order("start")
        members = [d for d in listed if slot(campaign.id, d.id) < 500000]
        shown = campaign.state("running", 1)
        assert 0 < len(members) < 20 and shown["total"] == len(members), shown
        # What is for a list goes before what is for the class, whatever is newer.
        other, _ = server.release("a", "other")
        server.assign(other, class_="a")
        for device in devices:
            if device in members:
                take(device, package_id)
            else:
                assert offered(device) == other
        campaign.state("finished")
        server.stop()
        server.start()
        assert offered(members[0]) is None and members[0].package == package_id


def test_several_at_once():
    """18.4: the newer campaign goes first; below it the older one goes on."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 40)
        one, _ = server.release("a", "one")
        two, _ = server.release("a", "two")
        older = Campaign(server, one)
        newer = Campaign(server, two, stages=stages(50, 50, success=100))
        first, second = newer.split(devices, (50, 50))
        newer.state("running", 1)
        for device in first:
            take(device, two)
        newer.state("running", 2)
        newer.order("pause")
        assert all(offered(device) is None for device in devices)
        newer.order("abort")
        for device in second:
            take(device, one)
        shown = older.wait(lambda c: c["finished"] == len(second))
        assert shown["state"] == "running"
        assert all(offered(device) is None for device in devices)
        # Deleting what keeps devices at their package must be meant.
        server.expect(409, "DELETE", newer.path)
        older.order("abort")
        server.expect(200, "DELETE", f"{newer.path}?force=true")
        server.expect(404, "GET", newer.path)
        listed = server.expect(200, "GET", "/v1/campaigns")["items"]
        assert [item["id"] for item in listed] == [older.id]


def test_aborted_before_its_start():
    """18.4, 18.6: what was never started takes no device and no confirmation from others."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 4)
        package_id, _ = server.release("a", "one")
        campaign = Campaign(server, package_id, stages=stages(100, success=100))
        campaign.state("running", 1)
        mistake = Campaign(server, package_id, start=False)
        mistake.order("abort")
        for device in devices[:3]:
            take(device, package_id)
        assert campaign.show()["finished"] == 3, campaign.show()
        assert mistake.show()["finished"] == 0


def test_finished_at_once():
    """18.5, 18.6, 18.10: an empty target, and devices that run the package already."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 10)
        package_id, _ = server.release("a", "one")
        empty = Campaign(server, package_id, target={"group": "nobody"})
        shown = empty.state("finished")
        assert "no device is in it" in shown["explanation"]
        number = server.assign(package_id, class_="a")
        for device in devices[:9]:
            take(device, package_id)
        server.expect(200, "DELETE", f"/v1/assignments/{number}")
        campaign = Campaign(server, package_id)
        shown = campaign.wait(lambda c: c["counted"])
        assert (shown["total"], shown["finished"], shown["already"]) == (10, 9, 9), shown
        take(devices[9], package_id)
        shown = campaign.state("finished")
        assert "9 of them ran it before" in shown["explanation"], shown["explanation"]


def test_recount_when_devices_come():
    """18.6: totals follow the number of devices of the target."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 10)
        package_id, _ = server.release("a", "one")
        for device in [*devices[:4], devices[8]]:
            server.expect(200, "PUT", f"/v1/devices/{device.id.hex()}/group", {"group": "lab"})
        server.expect(200, "POST", f"/v1/devices/{devices[8].id.hex()}/decommission",
                      {"reason": "broken"})  # it is nobody's any more
        campaign = Campaign(server, package_id, target={"group": "lab"})
        assert campaign.state("running", 1)["total"] == 4
        for device in devices[4:7]:
            server.expect(200, "PUT", f"/v1/devices/{device.id.hex()}/group", {"group": "lab"})
        campaign.wait(lambda c: c["total"] == 7)
        for device in devices[:6]:
            take(device, package_id)
        # One that runs the package comes for one that does not: no number tells.
        server.expect(200, "PUT", f"/v1/devices/{devices[9].id.hex()}/group", {"group": "other"})
        server.assign(package_id, group="other")
        take(devices[9], package_id)
        server.expect(200, "PUT", f"/v1/devices/{devices[6].id.hex()}/group", {"group": None})
        server.expect(200, "PUT", f"/v1/devices/{devices[9].id.hex()}/group", {"group": "lab"})
        assert campaign.show()["finished"] == 6
        server.stop()
        server.start()
        shown = campaign.state("finished")
        assert (shown["total"], shown["finished"], shown["already"]) == (7, 7, 1), shown


def test_who_left_the_target_still_counts():
    """18.6: finished devices that leave do not finish a stage for those that stay; what is
    decommissioned counts as nothing."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 6)
        package_id, _ = server.release("a", "one")
        paths = [f"/v1/devices/{device.id.hex()}" for device in devices]
        for path in paths:
            server.expect(200, "PUT", f"{path}/group", {"group": "lab"})
        campaign = Campaign(server, package_id, target={"group": "lab"},
                            stages=stages(100, success=100, error=100))
        assert campaign.state("running", 1)["total"] == 6
        for device in devices[:3]:
            take(device, package_id)
        fail(devices[3], package_id)
        shown = campaign.show()
        assert (shown["finished"], shown["failed"]) == (3, 1), shown
        for path in paths[:2]:
            server.expect(200, "PUT", f"{path}/group", {"group": "done"})
        for path in paths[2:4]:
            server.expect(200, "POST", f"{path}/decommission", {"reason": "broken"})
        server.stop()
        server.start()
        shown = campaign.wait(lambda c: c["total"] == 4 or c["state"] != "running")
        assert (shown["state"], shown["total"]) == ("running", 4), shown
        assert (shown["finished"], shown["failed"]) == (2, 0), shown
        for device in devices[4:]:
            take(device, package_id)
        shown = campaign.state("finished")
        assert (shown["total"], shown["finished"], shown["failed"]) == (4, 4, 0), shown


def test_bad_plans():
    """18.2: what is wrong is refused, and nothing is made."""
    with Server() as server:
        server.vendor()
        server.personalize("a")
        package_id, _ = server.release("a", "one")
        good = {"name": "x", "package_id": package_id.hex(), "target": {"group": "lab"}}
        bad = [
            {"name": ""}, {"name": "x" * 65}, {"name": "a\nb"}, {"name": 5}, {"package_id": "12"},
            {"target": {}}, {"target": {"list": 5}}, {"target": {"device": "0" * 32}},
            {"target": {"list": True, "group": "x"}}, {"percent": 101}, {"percent": -1},
            {"percent": "x"}, {"percent": 0}, {"stages": []}, {"stages": {}}, {"stages": [5]},
            {"stages": stages(50, 49)}, {"stages": stages(50, 51)}, {"stages": stages(100, 0)},
            {"stages": stages(*[3] * 33, 1)}, {"stages": stages(100, success=101)},
            {"stages": stages(100, error=-1)}, {"stages": stages(100, minimum=-1)},
            {"stages": stages(100, minimum=1.5)}, {"stages": stages(100, deadline=31536001)},
            {"stages": stages(100, action="stop")}, {"stages": stages(100, colour="red")},
            {"rate": -1}, {"rate": 1000001}, {"rate": True}, {"approval": 1}, {"colour": "red"},
            {"window": {}}, {"window": {"from": "1:00", "until": "02:00"}}, {"window": 5},
            {"window": {"from": "01:00", "until": "01:00"}},
            {"window": {"from": "01:00", "until": "02:00", "zone": "Paris"}},
            {"window": {"from": "01:00", "until": "02:00", "days": 5}},
        ]
        for change in bad:
            status, answer = server.operate("POST", "/v1/campaigns", {**good, **change})
            assert status == 400, (change, status, answer)
        for name in good:
            status, _ = server.operate("POST", "/v1/campaigns",
                                       {k: v for k, v in good.items() if k != name})
            assert status == 400, name
        server.expect(409, "POST", "/v1/campaigns", {**good, "package_id": "0" * 64})
        server.expect(409, "POST", "/v1/campaigns",
                      {**good, "target": {"class": "b", "vendor": "example.com"}})
        assert server.expect(200, "GET", "/v1/campaigns")["items"] == []
        campaign = Campaign(server, package_id, start=False, target={"group": "lab"})
        for path in ("x", "0", "999", "99999999999999999999"):
            status, _ = server.operate("GET", f"/v1/campaigns/{path}")
            assert status in (400, 404), (path, status)
        campaign.order("start", 400, reason="x" * 160)
        campaign.order("start", 400, colour="red")
        status, answer = server.operate("PUT", f"{campaign.path}/devices", "0" * 32)
        assert status == 409, answer
        assert campaign.show()["state"] == "ready"
        assert json.dumps(campaign.show()) == json.dumps(campaign.answer)


run_together(test_stages_follow_each_other, test_failing_stage_stops_itself,
    test_pause_resume_retry, test_resume_excuses_and_next_goes_on, test_silence_is_failure,
    test_window_and_rate, test_approval_takes_another_person, test_lists, test_several_at_once,
    test_aborted_before_its_start, test_finished_at_once, test_recount_when_devices_come, test_who_left_the_target_still_counts,
    test_bad_plans)
