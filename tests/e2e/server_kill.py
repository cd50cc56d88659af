#!/usr/bin/python3
"""I5: pawld is killed with SIGKILL, or stopped, while devices confirm, again and again. What was
acknowledged is there, nothing is counted twice, and two undisturbed exchanges later both sides
agree."""
import http.client
import random
import signal
import sqlite3
import sys
import threading
import time

from pawl_device import DOWNLOAD, HOLD, IDLE, REPEAT, Refused
from pawl_server import SANITIZED, Server, pawl, run

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 4 if SANITIZED else 12
DEVICES = 24
THREADS = 8


class Fleet:
    """Devices that take whatever is offered, for as long as `running`."""

    def __init__(self, server, devices):
        self.server, self.devices = server, devices
        self.running = True
        self.acknowledged = {device.id: 0 for device in devices}
        self.trouble = []

    def post(self, connection, report):
        connection.request("POST", "/v1/report", report,
                           {"Content-Type": 'application/cose; cose-type="cose-mac0"'})
        response = connection.getresponse()
        return response.status, response.read()

    def step(self, device):
        directive = device.send(*device.report())
        if directive[2] != REPEAT:
            self.acknowledged[device.id] = device.sequence
        if directive[2] == HOLD:
            self.trouble.append(f"{device.id.hex()} is held at {device.sequence}")
        if directive[2] == DOWNLOAD:
            assert device.open(directive[5], directive[8]) is not None
            device.commit(directive[5])

    def work(self, devices):
        connection = None
        while self.running:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
                for device in devices:
                    device.post = lambda report, link=connection: self.post(link, report)
                    self.step(device)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)  # the server is dead; the message may have arrived or not
            except Refused as refused:
                if refused.status != 503:
                    self.trouble.append(str(refused))
            except Exception as error:  # pylint: disable=broad-except
                self.trouble.append(repr(error))
                return
            finally:
                connection.close()

    def run(self, kills):
        threads = [threading.Thread(target=self.work, args=(self.devices[i::THREADS],))
                   for i in range(THREADS)]
        for thread in threads:
            thread.start()
        for kill in kills:
            kill()
        self.running = False
        for thread in threads:
            thread.join()


def test_kill():
    """I5."""
    generator = random.Random(3)
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", DEVICES)
        packages = [server.release("a", f"r{number}")[0] for number in range(2)]
        numbers = [server.assign(packages[0], class_="a")]
        fleet = Fleet(server, devices)

        def kill():
            """Another release while they work, then the end at a random moment."""
            numbers.append(server.assign(packages[len(numbers) % 2], class_="a"))
            time.sleep(generator.uniform(0.0, 0.25))
            if len(numbers) % 3 == 0:
                code = server.stop(signal.SIGTERM)
                assert code == 0, f"stopped with {code}"
            else:
                server.stop(signal.SIGKILL)
            server.start()

        fleet.run([kill] * ROUNDS)
        assert not fleet.trouble, fleet.trouble[:5]
        total = 0
        for device in devices:
            held = server.device(device)["sequence"]
            assert fleet.acknowledged[device.id] <= held <= device.sequence, device.id.hex()
            device.post = server.post
            for _ in range(2):
                directive = device.exchange()
            if directive[2] == DOWNLOAD:
                device.commit(directive[5])
                directive = device.exchange()
            assert directive[2] == IDLE, directive
            held = server.device(device)
            assert held["sequence"] == device.sequence and held["state"] == "active", held
            assert held["package_id"] == device.package.hex()
            total += device.sequence
        status = server.expect(200, "GET", "/v1/status")
        assert status["sequence_total"] == status["confirmations"] == total, (status, total)
        assert status["quarantined"] == 0
        counts = server.expect(200, "GET", "/v1/assignments?limit=1000")["items"]
        assert all(item["confirmed"] <= DEVICES for item in counts), counts
        assert sum(item["confirmed"] for item in counts) <= total
        # The audit trail is whole, against each checkpoint in the log; no death looks like a restore.
        pawl("audit", "verify", "--checkpoint", f"{server.dir}/log", "--socket",
             f"{server.data}/operator.sock")
        assert server.audit("restored") == []
        print(f"{ROUNDS} kills, {total} confirmations")


def test_database_is_ours_alone():
    """I5: what the server remembers of the database holds because nobody else opens it."""
    with Server() as server:
        server.vendor()
        server.personalize("a", 1)
        for mode in ("ro", "rw"):
            other = sqlite3.connect(f"file:{server.data}/pawl.db?mode={mode}", uri=True, timeout=0)
            try:
                other.execute("SELECT count(*) FROM device")
            except sqlite3.OperationalError as error:
                assert "locked" in str(error), error
            else:
                raise AssertionError(f"opened beside pawld ({mode})")
            finally:
                other.close()
        assert server.expect(200, "GET", "/v1/status")["devices"] == 1


run(test_kill, test_database_is_ours_alone)
