#!/usr/bin/python3
"""Attacks from beside the secure processor, where the agent runs, and by copies of a whole device.
Invariants I1, I2, I5, I9."""
import glob
import os
import random
import subprocess

from attack_forged import forge, offer
from attack_world import (MEDIA_TYPE, NOTHING, STATE, Link, Middle, Unit, main, protocol, wait_for,
                          world)
from pawl_device import DOWNLOAD, REPEAT

UNTRUSTED, UPDATED = 3, 7  # on the link: classes and states have their own numbers


class Agent:
    """An agent that does as he likes: his own hands on the link, and on the line to the server."""

    def __init__(self, made, unit):
        self.server, self.unit, self.link = made.server, unit, Link(unit.link)

    def exchange(self):
        """A report and what the server says to it, handed over; the directive's fields."""
        for _ in range(2):
            report = self.link.report()
            status, directive = self.server.post(report)
            assert status == 200
            _, fields = protocol.report_read(report, self.unit.pud)
            told = protocol.directive_read(directive, self.unit.pud, fields[5])
            assert self.link.ask(Link.DIRECTIVE, directive)[0] == 0
            if told[2] != REPEAT:
                break
        return told

    def bring(self, data):
        """Pours a package in and has it installed, until it was committed."""
        offset = 0
        while offset < len(data):
            result, _, wanted = self.link.ask(Link.WRITE, offset.to_bytes(8, "big") +
                                              data[offset:offset + 65536])
            assert result == 0, result
            offset = int.from_bytes(wanted, "big")
        assert self.link.ask(Link.INSTALL)[0] == 0
        wait_for(lambda: self.link.ask(Link.STATUS)[1] == UPDATED, "a commit")


def hostile_agent():
    """I2, I5, I9. Attacker: whoever took over the host beside the secure processor. Has: both ends of what
    the agent carries. Tries: to report what is not so, to change or forge reports, to keep a
    confirmation back and bring it twice, to give directives again, others' or his own, to write and
    install out of turn, to break the processor with frames. Stopped by: MACs from end to end, the
    nonce, the table of states. What remains: he can keep the device from being served."""
    with world(units=2) as made:
        unit, other = made.units
        made.resident("one")
        for each in made.units:
            each.updates(made.url)
        agent = Agent(made, unit)
        reports_are_his_own(made, agent, other)
        directives_are_not_his(made, agent, other)
        # He withholds a confirmation: the server goes on offering, the device is where it is.
        data, _, package_id = made.release("two", "true", version=2)
        assert agent.exchange()[2] == DOWNLOAD
        early = agent.link.report()
        agent.bring(data)
        late = agent.link.report()
        held = made.held(unit)
        assert (held["sequence"], held["offered"]) == (1, package_id.hex()), held
        assert made.server.post(early)[0] == 200  # he sends an older one instead
        assert made.held(unit) == held
        for report in (late, late, early, late):  # the confirmation at last, and again
            assert made.server.post(report)[0] == 200
        held = made.held(unit)
        assert (held["sequence"], held["package_id"], held["state"]) == \
            (2, package_id.hex(), "active"), held
        assert made.counts()["confirmations"] == 3
        frames(agent)
        agent.link.socket.close()
        made.resident("three", version=3)
        for each in made.units:
            each.updates(made.url)
        assert made.counts()["quarantined"] == 0


def reports_are_his_own(made, agent, other):
    """No report that he changed or made is taken; another device's is that device's."""
    held = [made.held(each) for each in made.units]
    agent.exchange()
    report = agent.link.report()
    for at in range(len(report)):
        changed = report[:at] + bytes([report[at] ^ 1 << at % 8]) + report[at + 1:]
        assert made.server.post(changed)[0] in (400, 403), at
    _, payload, proof = protocol.cose_read(report, 17, 5, 16, 32)
    fields = protocol.report_read(report, agent.unit.pud)[1]
    lies = ({1: 2}, {1: 0}, {2: bytes(8)}, {3: os.urandom(32)}, {4: [fields[3], 64]}, {7: 5})
    for lie in lies:
        changed = protocol.encode({key: value for key, value in sorted({**fields, **lie}.items())})
        assert changed != payload
        for key in (None, bytes(32), other.secret, fields[3]):
            mac = proof if key is None else protocol.mac0(
                changed, protocol.expand(key, b"pawl/1 report", 32), b"pawl/1 report")[-32:]
            forged = protocol.encode(protocol.Tag(17, [protocol.encode({1: 5}), {4: agent.unit.id},
                                                       changed, mac]))
            assert made.server.post(forged)[0] == 403, (lie, key)
    with Link(other.link) as link:  # through his line it is still the other's
        assert made.server.post(link.report())[0] == 200
    assert [made.held(each) for each in made.units] == held


def directives_are_not_his(made, agent, other):
    """The processor takes one directive for its newest report, from its server."""
    status = agent.link.ask(Link.STATUS)
    older = agent.link.report()
    report = agent.link.report()
    _, stale = made.server.post(older)
    _, right = made.server.post(report)
    with Link(other.link) as link:
        _, others = made.server.post(link.report())
    own = forge(report, os.urandom(32), offer((b"x" * 99, b"", bytes(32)), bytes(40)))
    for wrong in (stale, others, own, report, right[:-1] + bytes([right[-1] ^ 1])):
        assert agent.link.ask(Link.DIRECTIVE, wrong)[0] == UNTRUSTED or wrong is report
    assert agent.link.ask(Link.DIRECTIVE, right)[0] == 0
    assert agent.link.ask(Link.DIRECTIVE, right)[0] == STATE - 9, "taken twice"
    assert agent.link.ask(Link.STATUS) == status


def frames(agent):
    """Requests out of turn, and nonsense: answered or dropped, and nothing changes."""
    before, random_ = agent.link.ask(Link.STATUS), random.Random(1)
    for kind in (Link.WRITE, Link.INSTALL):
        assert agent.link.ask(kind, bytes(8) + b"x" * 100 if kind == Link.WRITE else b"")[0] \
            == STATE - 9
    assert agent.link.ask(Link.CONTENT_KEY, bytes(40))[0] != 0
    assert agent.link.ask(Link.TAKEN, bytes(8))[0] != 0
    for _ in range(400):
        kind = random_.choice((*range(1, 12), 100, 127))
        payload = random_.randbytes(random_.choice((0, 1, 8, 16, 40, 300, 1400)))
        agent.link.ask(kind, payload)
    agent.link.socket.sendall(random_.randbytes(5000) + b"PL" + bytes([1, 0, 255, 255, 255, 255]))
    agent.link.socket.close()
    agent.link = Link(agent.unit.link)
    assert agent.link.ask(Link.STATUS) == before


def copy_of(made, unit, name):
    """All that can be copied of a device: its unit data, its flash, its counter in a file."""
    unit.stop()
    directory = f"{made.server.dir}/{name}"
    os.mkdir(directory)
    subprocess.run(["cp", "-a", "--sparse=always", unit.state, f"{directory}/state"], check=True)
    made.extra.append(Unit(directory, unit.pud_path, unit.device))
    unit.start()
    return made.extra[-1].start()


def cloned_device():
    """I5, SPEC 2.6, 11.5 g and j. Attacker: who copied a device with its secret, and lets the copy live
    beside it. Both are served until they differ; tries each order of who reports first, and copies
    that both took the download before either reported. Found by: the instance that each draws at a
    commit. Both are held, and a person decides."""
    for copy_first in (False, True):
        with world() as made:
            (unit,) = made.units
            made.resident("one")
            unit.updates(made.url)
            copy = copy_of(made, unit, "copy")
            # The ingredients: they are the same to the server as long as neither goes on.
            for each in (unit, copy, unit, copy):
                assert each.agent(made.url).code == NOTHING
            assert made.counts()["quarantined"] == 0
            made.resident("two", version=2)
            quick, slow = (copy, unit) if copy_first else (unit, copy)
            quick.updates(made.url)
            assert slow.agent(made.url).code == NOTHING, "it was served"
            found(made, unit, [unit, copy], "behind")
            recovers(made, unit, copy)
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        made.resident("one")
        unit.updates(made.url)
        copy = copy_of(made, unit, "copy")
        data = made.release("two", "true", version=2)[0]
        for each in (unit, copy):  # both commit, and neither has told
            agent = Agent(made, each)
            assert agent.exchange()[2] == DOWNLOAD
            agent.bring(data)
            agent.link.socket.close()
        assert made.counts() == {"confirmations": 1, "quarantined": 0, "sequence_total": 1}
        assert unit.agent(middle.url).code == NOTHING and made.held(unit)["sequence"] == 2
        copy.agent(middle.url)
        found(made, unit, [unit, copy], "other-instance")
        recovers(made, unit, copy)


def found(made, unit, both, reason):
    held = made.held(unit)
    assert (held["state"], held["quarantine_reason"]) == ("quarantined", reason), held
    made.resident(f"held-{reason}", version=2)
    for each in both:
        done = each.agent(made.url)
        assert done.code == NOTHING and "holds this device" in done.log, done
    assert made.server.expect(200, "GET", "/v1/quarantine")["items"][0]["device_id"] == unit.id.hex()


def recovers(made, unit, copy):
    """The copy is destroyed, an operator says so, and the device goes on."""
    copy.stop()
    made.server.expect(200, "POST", f"/v1/devices/{unit.id.hex()}/release", {"reason": "destroyed"})
    unit.updates(made.url)
    assert made.held(unit)["state"] == "active"


def cloned_device_that_listens():
    """SPEC 11.10: what remains. Attacker: the same, whose copy never reports, and gets what the device's
    line carries. Shown honestly: the server does not see it. The copy's own processor takes nothing
    of it, for the nonce is the device's; that the secret itself opens everything is what the secret
    is. With its first report after the next download it is found."""
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        made.resident("one")
        unit.updates(middle.url)
        copy = copy_of(made, unit, "copy")
        made.resident("two", version=2)
        unit.updates(middle.url)
        with Link(copy.link) as link:
            for _, directive in middle.exchanges:
                link.report()
                assert link.ask(Link.DIRECTIVE, directive)[0] == UNTRUSTED
        status = copy.status()
        assert (status["sequence"], status["running"]) == (1, True), status
        assert made.held(unit)["state"] == "active" and made.counts()["quarantined"] == 0
        copy.agent(made.url)
        assert made.held(unit)["state"] == "quarantined"
        recovers_after = made.resident("three", version=3)
        recovers(made, unit, copy)
        assert unit.status()["package_id"] == recovers_after[2].hex()


def database_size(server):
    """Bytes of the database and its log: what is put down of 1500 strangers would show."""
    return sum(os.path.getsize(path) for path in glob.glob(f"{server.data}/pawl.db*"))


def unknown_devices():
    """I9, SPEC 11.4. Attacker: anybody who reaches the server, with device ids of his own and of others.
    Tries: to fill its database, its memory or its log with devices that do not exist, and to find out
    which do. Stopped by: a report is nothing before its MAC held, and all refusals are alike. What
    floods of connections do is e2e_server_floods."""
    with world() as made:
        (unit,) = made.units
        made.resident("one")
        unit.updates(made.url)
        server, device = made.server, unit.device
        size, log = database_size(server), len(server.log())
        audit = len(server.expect(200, "GET", "/v1/audit?limit=10000")["items"])
        held, count = made.held(unit), 1500
        connection, answers = server.connection(), set()
        for number in range(count):
            known = number % 3 == 0
            report = device.report(id=device.id if known else os.urandom(16), key=os.urandom(32),
                                   sequence=number, instance=os.urandom(8))[0]
            connection.request("POST", "/v1/report", report, {"Content-Type": MEDIA_TYPE})
            response = connection.getresponse()
            headers = [pair for pair in response.getheaders() if pair[0] not in ("Date", "X-Request-Id")]
            answers.add((response.status, response.read(), tuple(headers)))
        connection.close()
        assert len(answers) == 1 and next(iter(answers))[0] == 403, answers
        assert made.held(unit) == held
        assert server.expect(200, "GET", "/v1/status")["devices"] == 1
        assert len(server.expect(200, "GET", "/v1/audit?limit=10000")["items"]) == audit
        assert database_size(server) - size < 100 * count
        assert len(server.log()) - log < 400 * count, "more than a line for each"
        made.resident("two")
        unit.updates(made.url)


if __name__ == "__main__":
    main(hostile_agent, cloned_device, cloned_device_that_listens, unknown_devices)
