#!/usr/bin/python3
"""SPEC 21.7 to 21.9, I5: a backup made while devices download, put back after they went on. Everybody
agrees after two exchanges, nobody is quarantined, counts are right, and the server says what it
learnt. And everything that is not to be put back is refused."""
import glob
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading

from pawl_device import DOWNLOAD, HOLD, IDLE, REPEAT
from pawl_hsm import Token
from pawl_server import BIN, SANITIZED, Server, run, wait_for

ENVIRONMENT = dict(os.environ, PAWL_CONFIG="/dev/null")


def command(*arguments):
    """(exit code, standard output, standard error)."""
    done = subprocess.run([str(argument) for argument in arguments], env=ENVIRONMENT, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def backup(server, out, *options):
    return command(f"{BIN}/pawl", "backup", "--socket", f"{server.data}/operator.sock", "--out",
                   out, *options)


def restore(server, file, *options, data=None):
    return command(f"{BIN}/pawld", "restore", "--data", data or server.data, *options, file)


def verify(server, *options):
    code, text, error = command(f"{BIN}/pawl", "audit", "verify", "--json", "--socket",
                                f"{server.data}/operator.sock", *options)
    return code, json.loads(text), error


def download(device):
    """One download and its confirmation, as an honest device does it."""
    directive = device.exchange()
    assert directive[2] == DOWNLOAD, directive
    assert device.open(directive[5], directive[8]) is not None
    device.commit(directive[5])
    assert device.exchange()[2] in (IDLE, DOWNLOAD)


class Worker(threading.Thread):
    """Devices that take whatever is offered, while a backup is made."""

    def __init__(self, devices):
        super().__init__()
        self.devices, self.running, self.trouble = devices, True, None

    def run(self):
        try:
            while self.running:
                for device in self.devices:
                    directive = device.send(*device.report())
                    assert directive[2] != HOLD
                    if directive[2] == DOWNLOAD:
                        device.commit(directive[5])
        except Exception as error:  # pylint: disable=broad-except
            self.trouble = repr(error)


def test_backup_while_devices_go_on():
    """I5, 21.7: a backup in the middle of downloads; later ones; kill; restore; all agree again."""
    with Server("--poll-after", "1") as server:
        server.vendor()
        devices = server.personalize("a", 24)
        packages = [server.release("a", f"r{number}")[0] for number in range(4)]
        server.assign(packages[0], class_="a")
        worker = Worker(devices)
        worker.start()
        files = []
        for number in range(3):
            files.append(f"{server.dir}/backup{number}")
            code, text, error = backup(server, files[-1], "--json")
            assert code == 0, error
            assert json.loads(text)["size"] == os.path.getsize(files[-1])
            assert os.stat(files[-1]).st_mode & 0o777 == 0o600
            server.assign(packages[number + 1], class_="a")
            wait_for(lambda: any(device.package == packages[number + 1] for device in devices))
        wait_for(lambda: all(device.package == packages[3] for device in devices))
        worker.running = False
        worker.join()
        assert worker.trouble is None, worker.trouble
        assert not glob.glob(f"{server.data}/backup.*"), "a partial copy is left"
        code, _, error = backup(server, files[0])
        assert code == 20 and "exists" in error, error
        before = backup_facts(files[0])
        checkpoints = f"{server.dir}/log"
        server.stop(signal.SIGKILL)

        code, text, error = restore(server, files[0])
        assert code == 0, error
        assert "assigned" in text and "kept" in text, text
        kept = glob.glob(f"{server.data}/pawl.db.before-*")
        assert len(kept) == 1 and not os.path.exists(f"{server.data}/restore.db")
        server.start()
        status = server.expect(200, "GET", "/v1/status")
        assert status["confirmations"] == before["confirmations"], "it counts from what it held"
        ahead = {device.id: device.sequence - before["sequences"].get(device.id, 0)
                 for device in devices}
        resynchronise(server, devices)
        learn_check(server, ahead)
        # The chain is whole, and a checkpoint of the history that is gone is explained.
        code, told, _ = verify(server)
        assert (code, told["result"], told["restores"]) == (0, "sound", 1), told
        code, told, error = verify(server, "--checkpoint", checkpoints)
        assert before["entry"] < newest_signed(kept[0]), "nothing was signed after the backup"
        assert (code, told["result"]) == (15, "replaced"), (told, error)
        (entry,) = server.audit("restored")
        assert entry["detail"]["gone"]["assigned"] == 3 and entry["actor"].startswith(str(os.geteuid()))


def newest_signed(path):
    database = sqlite3.connect(path)
    (entry,) = database.execute("SELECT coalesce(max(entry), 0) FROM audit_checkpoint").fetchone()
    database.close()
    return entry


def backup_facts(path):
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    sequences = dict(database.execute("SELECT device_id, sequence FROM record JOIN device "
                                      "ON device = number"))
    (confirmations,) = database.execute("SELECT confirmations FROM total").fetchone()
    (entry,) = database.execute("SELECT max(id) FROM audit").fetchone()
    assert database.execute("SELECT entry FROM backup_mark").fetchall() == [(entry,)]
    database.close()
    return {"sequences": sequences, "confirmations": confirmations, "entry": entry}


def resynchronise(server, devices):
    """Two undisturbed exchanges: both sides agree, and nobody is accused."""
    for device in devices:
        for _ in range(2):
            directive = device.exchange()
            assert directive[2] != HOLD, device.id.hex()
        held = server.device(device)
        assert held["sequence"] == device.sequence and held["state"] == "active", held
        package = device.package.hex() if device.package else None
        assert held["package_id"] == package, held
    assert server.expect(200, "GET", "/v1/status")["quarantined"] == 0


def learn_check(server, ahead):
    """What the server says that it learnt is what there was to learn; then it says that it is done."""
    status = server.expect(200, "GET", "/v1/status")
    caught = [number for number in ahead.values() if number > 1]
    assert status["restored"]["caught_up"] == len(caught) == len(server.audit("caught-up"))
    assert status["restored"]["downloads_learnt"] == sum(caught)
    wait_for(lambda: server.audit("restore-settled"))
    (settled,) = server.audit("restore-settled")
    told = server.expect(200, "GET", "/v1/status")["restored"]
    assert told["settled"] is not None
    assert settled["detail"]["caught_up"] == told["caught_up"] == len(caught)
    assert settled["detail"]["downloads_learnt"] == sum(caught)
    assert settled["detail"]["unattributed"] == told["unattributed"]


def test_subtle_cases():
    """11.5 after a restore: one ahead, far ahead, as it was, without an instance, behind; an
    assignment that is gone; a challenge from after the backup; a second start says nothing new."""
    with Server() as server:
        server.vendor()
        one, far, same, null, clone, lost = devices = server.personalize("a", 6)
        first, second, third = [server.release("a", name)[0] for name in ("x", "y", "z")]
        server.assign(first, class_="a")
        for device in devices:
            download(device)
        stale = {device.id: device.challenge for device in devices}
        file = f"{server.dir}/backup"
        assert backup(server, file)[0] == 0
        number = server.assign(second, class_="a")
        for device in (one, far, null):
            download(device)
        server.assign(third, class_="a")
        download(far)
        order = {"target": {"device": lost.id.hex()}, "kind": "check-in"}
        command = server.expect(201, "POST", "/v1/commands", order)["number"]
        challenge = far.challenge
        server.stop()
        assert restore(server, file)[0] == 0
        server.start()
        confirmations = server.expect(200, "GET", "/v1/status")["confirmations"]
        assert confirmations == 6
        # A challenge for the state that is gone does not fit: asked once more, then caught up.
        far.challenge = challenge
        assert far.send(*far.report())[2] == REPEAT
        # What was recorded just before the backup is good for the state that is back, and harmless.
        assert one.send(*one.report(sequence=1, instance=same.instance,
                                    challenge=stale[same.id], key=one.auth))[2] == REPEAT
        for device in (one, far, same, lost):
            resynchronise(server, [device])
        null.instance = None
        assert null.exchange(package=null.package)[2] != HOLD
        status = server.expect(200, "GET", "/v1/status")
        assert status["confirmations"] == 8, "one and null were one ahead: two confirmations"
        assert status["restored"]["unattributed"] == 2, "their assignment is gone"
        assert (status["restored"]["caught_up"], status["restored"]["downloads_learnt"]) == (1, 2)
        assert [item["id"] for item in server.expect(200, "GET", "/v1/assignments")["items"]] == [1]
        # Numbers that were given since the backup are not given again, for something else.
        assert server.assign(third, class_="a") > number + 1
        assert server.expect(201, "POST", "/v1/commands", order)["number"] > command
        # The tripwire still works: behind what is held now.
        clone.exchange(sequence=0, instance=None, package=None)
        assert server.device(clone)["state"] == "quarantined"
        server.stop()
        server.start()
        assert len(server.audit("restored")) == 1
        assert verify(server)[0] == 0


def test_copy_put_back_by_hand():
    """21.9: a plain copy of the files, too, is noticed by what is noted outside of the database; a
    note that is lost or torn is harmless."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        packages = [server.release("a", name)[0] for name in ("x", "y")]
        server.assign(packages[0], class_="a")
        server.stop()
        copy = f"{server.dir}/copy.db"
        shutil.copy(f"{server.data}/pawl.db", copy)
        server.start()
        download(device)  # a confirmation, which is not in the audit trail
        server.stop()
        shutil.copy(copy, f"{server.data}/pawl.db")
        server.start()
        (entry,) = server.audit("restored")
        assert entry["detail"]["backup"] is False and entry["actor"] == "pawld"
        assert entry["detail"]["known_confirmations"] == 1 and entry["detail"]["confirmations"] == 0
        assert "an older database was put back" in server.log()
        assert "revoke them anew" in server.log()
        resynchronise(server, [device])
        server.stop()
        note = f"{server.data}/history"
        for content in (None, b"", b"pawl history 1\nserver 00\n", os.urandom(4000)):
            os.unlink(note)
            if content is not None:
                with open(note, "wb") as file:
                    file.write(content)
            server.start()
            assert len(server.audit("restored")) == 1
            server.stop()
            assert os.path.getsize(note) > 100
        server.start()


def test_what_is_refused():
    """21.8: another server's, a newer schema, a damaged or tampered one, no backup at all, a server
    that runs: each is refused with its class, and nothing changes."""
    with Server() as server, Server() as stranger:
        server.vendor()
        (device,) = server.personalize("a")
        package_id, _ = server.release("a", "x")
        server.assign(package_id, class_="a")
        download(device)
        good, other = f"{server.dir}/good", f"{server.dir}/other"
        assert backup(server, good)[0] == 0 and backup(stranger, other)[0] == 0
        code, _, error = restore(server, good)
        assert code == 20 and "in use" in error, error
        server.stop()
        present = open(f"{server.data}/pawl.db", "rb").read()
        cases = [(other, 12)]
        for name, statements, expected in (
                ("newer", "PRAGMA user_version = 99", 11),
                ("tampered", "DROP TRIGGER audit_is_final;"
                 "UPDATE audit SET actor = 'x' WHERE id = 3", 16),
                ("cut", "DROP TRIGGER audit_is_kept; DELETE FROM audit WHERE id > 2", 16),
                ("cut-too", "DROP TRIGGER audit_is_kept; DELETE FROM audit WHERE id > 2;"
                 "UPDATE backup_mark SET entry = 2", 16),
                ("foreign", "PRAGMA application_id = 7", 18)):
            path = f"{server.dir}/{name}"
            shutil.copy(good, path)
            database = sqlite3.connect(path)
            database.executescript(statements)
            database.close()
            cases.append((path, expected))
        data = open(good, "rb").read()
        for name, content in (("short", data[:9000]), ("empty", b""), ("text", b"hello\n" * 999)):
            with open(f"{server.dir}/{name}", "wb") as file:
                file.write(content)
            cases.append((f"{server.dir}/{name}", (16, 18)))
        damaged = bytearray(data)
        for at in range(8192, len(damaged) - 4096, 8192):
            damaged[at:at + 512] = bytes([0xa5]) * 512
        with open(f"{server.dir}/damaged", "wb") as file:
            file.write(damaged)
        cases.append((f"{server.dir}/damaged", (16, 18)))
        cases.append((f"{server.dir}/none", 17))
        files = sorted(os.listdir(server.data))
        for path, expected in cases:
            code, text, error = restore(server, path)
            assert code in (expected if isinstance(expected, tuple) else (expected,)), (
                path, code, text, error)
            assert open(f"{server.data}/pawl.db", "rb").read() == present, path
            assert sorted(os.listdir(server.data)) == files, path
        code, text, error = restore(server, good, "--check")
        assert code == 0 and "sound" in text, error
        assert open(f"{server.data}/pawl.db", "rb").read() == present
        server.start()


def test_present_database_is_left_alone():
    """21.8: what is there is looked at and not changed: not the log that a kill left, and not the
    schema of an older one, which has nothing to be compared with."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        package_id, _ = server.release("a", "x")
        good = f"{server.dir}/good"
        assert backup(server, good)[0] == 0
        server.assign(package_id, class_="a")
        download(device)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()

        def content():
            return {name: open(name, "rb").read() for name in sorted(glob.glob(f"{server.data}/pawl.db*"))}

        before = content()
        assert len(before[f"{server.data}/pawl.db-wal"]) > 0
        code, text, error = restore(server, good, "--check")
        assert code == 0 and "sound" in text and "not compared" not in error, error
        assert content() == before
        server.start()
        server.stop()
        before = content()
        assert list(before) == [f"{server.data}/pawl.db"]
        assert restore(server, good, "--check")[0] == 0 and content() == before
        for name in before:
            os.unlink(name)
        with open(f"{os.environ['PAWL_SOURCE']}/src/store/schema/sqlite-1.sql", encoding="utf-8") as file:
            database = sqlite3.connect(f"{server.data}/pawl.db")
            database.executescript(file.read() + "PRAGMA user_version = 1;")
            database.close()
        before = content()
        code, text, error = restore(server, good, "--check")
        assert code == 0 and "sound" in text and "unsupported" in error, error
        assert content() == before
        code, text, error = restore(server, good)
        assert code == 0, error
        (kept,) = glob.glob(f"{server.data}/pawl.db.before-*")
        assert open(kept, "rb").read() == before[f"{server.data}/pawl.db"]
        server.start()


def test_full_disk():
    """21.8: a backup whose log cannot be written into it does not take the database's place."""
    if SANITIZED:  # nothing can be preloaded there
        return
    with Server() as server:
        server.vendor()
        server.personalize("a")
        file = f"{server.dir}/backup"
        assert backup(server, file)[0] == 0
        server.stop()
        present = open(f"{server.data}/pawl.db", "rb").read()
        files = sorted(os.listdir(server.data))
        preload = {"LD_PRELOAD": f"{os.environ['PAWL_TOOLS']}/libfail_write.so",
                   "PAWL_FAIL_WRITE": "restore.db",
                   "PAWL_FAIL_WHEN": f"{server.data}/restore.db-wal"}
        ENVIRONMENT.update(preload)
        code, _, error = restore(server, file)
        for name in preload:
            del ENVIRONMENT[name]
        assert code == 19 and "its log cannot be written" in error, (code, error)
        assert open(f"{server.data}/pawl.db", "rb").read() == present
        assert sorted(os.listdir(server.data)) == files
        code, _, error = restore(server, file)
        assert code == 0, error
        server.start()
        assert server.audit("restored")


def test_master_key_in_an_hsm():
    """21.8, 22.1: a backup opens with the key in the HSM, also of a time before a rotation of the
    data key; away, or with another key under the name, it is refused and nothing changes."""
    with tempfile.TemporaryDirectory(prefix="pawl-hsm-") as directory:
        token, other = Token(f"{directory}/one"), Token(f"{directory}/two")
        other.key_make("master")
        with Server(init=token.options("master"), environment=token.environment()) as server:
            server.vendor()
            (device,) = server.personalize("a")
            package_id, _ = server.release("a", "x")
            server.assign(package_id, class_="a")
            file = f"{server.dir}/backup"
            assert backup(server, file)[0] == 0
            server.expect(200, "POST", "/v1/keys/data/rotate")
            wait_for(lambda: server.expect(200, "GET", "/v1/keys")["data"]["rotation"] is None)
            download(device)
            server.stop()
            present = open(f"{server.data}/pawl.db", "rb").read()
            files = sorted(os.listdir(server.data))
            for conf, pin_file, expected in (
                    (f"{directory}/none", token.pin_file, 17),  # no token
                    (other.environment()["SOFTHSM2_CONF"], other.pin_file, 12)):
                ENVIRONMENT["SOFTHSM2_CONF"] = conf
                code, _, error = restore(server, file, "--hsm-pin-file", pin_file)
                assert code == expected and "master key" in error, (code, error)
                assert open(f"{server.data}/pawl.db", "rb").read() == present
                assert sorted(os.listdir(server.data)) == files
            ENVIRONMENT.update(token.environment())
            code, text, error = restore(server, file, "--check")
            assert code == 0 and "sound" in text, error
            code, _, error = restore(server, file)
            del ENVIRONMENT["SOFTHSM2_CONF"]
            assert code == 0, error
            server.start()
            assert server.expect(200, "GET", "/v1/keys")["data"]["generation"] == 1
            device.exchange()
            device.exchange()
            assert server.device(device)["sequence"] == device.sequence
            server.expect(200, "POST", "/v1/keys/data/rotate")
            wait_for(lambda: server.expect(200, "GET", "/v1/keys")["data"]["rotation"] is None)
            device.exchange()


def test_new_machine():
    """A backup, its packages and the keys are what a new machine needs."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        package_id, _ = server.release("a", "x")
        pending, _, pending_id = server.package("a", "pending")
        server.expect(201, "PUT", f"/v1/packages/{pending_id.hex()}", pending)
        server.assign(package_id, class_="a")
        file, packages = f"{server.dir}/backup", f"{server.dir}/packages"
        code, text, error = backup(server, file, "--packages", packages, "--json")
        assert code == 0 and json.loads(text)["packages_fetched"] == 1, error
        assert os.listdir(packages) == [f"{package_id.hex()}.pawl"]
        code, text, _ = backup(server, file, "--packages", packages, "--json", "--force")
        assert code == 0 and json.loads(text)["packages_fetched"] == 0
        server.stop()
        old = f"{server.dir}/old"
        os.rename(server.data, old)
        os.mkdir(server.data, 0o700)
        code, _, error = restore(server, file)
        assert code == 20, error  # no keys
        for name in ("master.key", "server.key", "server.crt", "audit.key", "audit.pub.pem"):
            shutil.copy(f"{old}/{name}", server.data)
        code, text, error = restore(server, file, "--check")
        assert code == 0 and "sound" in text, error
        code, _, error = restore(server, file, "--packages", packages)
        assert code == 0, error
        server.start()
        download(device)
        assert server.request("GET", f"/v1/packages/{package_id.hex()}").status == 200
        assert verify(server, "--key", f"{server.data}/audit.pub.pem")[0] == 0


run(test_backup_while_devices_go_on, test_subtle_cases, test_copy_put_back_by_hand,
    test_what_is_refused, test_present_database_is_left_alone, test_full_disk,
    test_master_key_in_an_hsm, test_new_machine)
