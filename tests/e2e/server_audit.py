#!/usr/bin/python3
"""SPEC 21: the audit trail is chained and signed, and whatever is done to a copy of it is found and
named. The hashes are made here from SPEC alone, with hashlib and cbor2."""
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from pawl_server import BIN, Server, run

CORRUPT, ROLLBACK, UNTRUSTED, MALFORMED, USAGE = 16, 15, 12, 10, 2


def audit(server, *arguments, socket=True):
    """pawl audit: (exit code, standard output, standard error)."""
    where = ("--socket", f"{server.data}/operator.sock") if socket else ()
    done = subprocess.run([f"{BIN}/pawl", "audit", *map(str, arguments), *where],
                          env=dict(os.environ, PAWL_CONFIG="/dev/null"), check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def events_make(server, device, count):
    for number in range(count):
        server.expect(200, "PUT", f"/v1/devices/{device.id.hex()}/group",
                      {"group": f"g{number} \u00fc\"\\"})


def chain_of(lines):
    """The hash of the last entry of an export, computed from SPEC 21.1; each must be as it says."""
    previous = bytes.fromhex(lines[0]["previous"])
    for line in lines[1:]:
        if "hash" not in line or "end" in line:
            continue
        device = bytes.fromhex(line["device_id"]) if line["device_id"] else None
        item = cbor2.dumps([line["id"], line["time"], line["actor"], line["action"], device,
                            line["detail"]], canonical=True)
        previous = hashlib.sha256(b"pawl/1 audit" + previous + item).digest()
        assert previous.hex() == line["hash"], line
    return previous


def checkpoint_verify(public_key, message, lines):
    """A checkpoint against SPEC 21.3, and the trail against it."""
    protected, unprotected, payload, signature = cbor2.loads(message).value
    assert cbor2.loads(message).tag == 18 and protected == cbor2.dumps({1: -7})
    point = public_key.public_bytes(serialization.Encoding.X962,
                                    serialization.PublicFormat.UncompressedPoint)
    assert unprotected == {4: hashlib.sha256(point).digest()[:8]}
    signed = cbor2.dumps(["Signature1", protected, b"pawl/1 checkpoint", payload])
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    public_key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    fields = cbor2.loads(payload)
    assert fields[0] == 1 and fields[1].hex() == lines[0]["server_id"]
    (entry,) = [line for line in lines if line.get("id") == fields[2]]
    assert entry["hash"] == fields[3].hex()
    return fields[2]


def test_export_verifies_by_spec_alone():
    """SPEC 21.1, 21.3, 21.5."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        events_make(server, device, 5)
        code, text, _ = audit(server, "checkpoint", "--json")
        assert code == 0
        made = json.loads(text)
        export = f"{server.dir}/export"
        assert audit(server, "export", "--out", export)[0] == 0
        assert os.stat(export).st_mode & 0o777 == 0o600
        with open(export, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        assert lines[0]["pawl_audit"] == 1 and lines[0]["after"] == 0
        assert lines[-1] == {"end": made["entry"], "hash": chain_of(lines).hex()}
        with open(f"{server.data}/audit.pub.pem", "rb") as file:
            pem = file.read()
        assert lines[0]["key"].encode() == pem
        key = serialization.load_pem_public_key(pem)
        checkpoints = [line["checkpoint"] for line in lines if "checkpoint" in line]
        signed = [checkpoint_verify(key, bytes.fromhex(text), lines) for text in checkpoints]
        assert signed[-1] == made["entry"] and checkpoints[-1] == made["checkpoint"]
        assert f"checkpoint={made['checkpoint']}" in server.log(), "it did not leave the server"
        # The same by pawl: offline, from an entry on, and online.
        public = ("--key", f"{server.data}/audit.pub.pem")
        code, text, _ = audit(server, "verify", "--file", export, *public, "--json", socket=False)
        told = json.loads(text)
        assert (code, told["result"], told["last"]) == (0, "sound", made["entry"]), told
        assert told["signed_to"] == made["entry"] and told["hash"] == lines[-1]["hash"]
        assert audit(server, "verify")[0] == 0
        assert audit(server, "export", "--after", 3, "--out", export)[0] == 0
        code, text, _ = audit(server, "verify", "--file", export, *public, socket=False)
        assert code == 0 and text.startswith("sound: entries 4 to "), text
        assert audit(server, "export", "--after", 4000)[0] != 0
        # A checkpoint from before where the trail begins is not compared, which is said.
        kept = f"{server.dir}/kept"
        with open(kept, "w", encoding="utf-8") as file:
            file.write(made["checkpoint"] + "\n")
        events_make(server, device, 2)
        for after, said in ((made["entry"] - 1, False), (made["entry"], False),
                            (made["entry"] + 1, True)):
            code, _, error = audit(server, "verify", "--after", after, "--checkpoint", kept)
            assert code == 0 and ("1 checkpoint is" in error) == said, (after, error)


def test_filters():
    """Who, what, which device, when; newest first; a table for people."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 3)
        for device in devices:
            events_make(server, device, 2)
        items = server.expect(200, "GET", "/v1/audit?action=group-*&order=newest&limit=4")
        ids = [item["id"] for item in items["items"]]
        assert ids == sorted(ids, reverse=True) and len(ids) == 4 and items["next"] == ids[-1]
        rest = server.expect(200, "GET", f"/v1/audit?action=group-*&order=newest&after={ids[-1]}")
        assert len(rest["items"]) == 2 and rest["items"][0]["id"] < ids[-1]
        name = devices[1].id.hex()
        about = server.expect(200, "GET", f"/v1/audit?device={name}&action=group-set")["items"]
        assert [item["device_id"] for item in about] == [name] * 2
        assert server.expect(200, "GET", "/v1/audit?until=1000")["items"] == []
        assert len(server.expect(200, "GET", "/v1/audit?since=1000")["items"]) > 6
        for wrong in ("device=12", "since=x", "order=up", "since=-1"):
            assert server.operate("GET", f"/v1/audit?{wrong}")[0] == 400, wrong
        code, text, _ = audit(server, "--action", "group-set", "--newest", "--since", "1h", "-n", 2)
        assert code == 0 and text.splitlines()[0].split()[:4] == ["ENTRY", "TIME", "(UTC)", "ACTOR"]
        assert len(text.splitlines()) == 4 and "more: --after" in text
        assert audit(server, "--until", "2001-02-03 04:05")[1] == ""
        assert audit(server, "--since", "yesterday")[0] == USAGE
        assert audit(server, "--key", "x")[0] == USAGE and audit(server, "sing")[0] == USAGE


def test_changes_tell_before_and_after():
    """16.7: what an operator changed says what it was before and is now, and why."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        path = f"/v1/devices/{device.id.hex()}"
        package_id, _ = server.release("a", "x")
        number = server.assign(package_id, class_="a")
        server.expect(200, "PUT", f"{path}/group", {"group": "one", "reason": "pilot"})
        server.expect(200, "PUT", f"{path}/group", {"group": "two"})
        device.exchange(failed=[package_id, 64])
        server.expect(200, "POST", f"{path}/retry")
        device.commit(package_id)
        device.exchange()
        device.exchange(sequence=0)
        server.expect(200, "POST", f"{path}/release", {"reason": "board replaced"})
        server.expect(200, "DELETE", f"/v1/assignments/{number}")

        def detail(action, at=-1):
            entry = server.audit(action)[at]
            assert entry["actor"].startswith(str(os.geteuid())) or entry["actor"] == "device"
            return entry["detail"]

        assert detail("units-imported") == {"imported": 1, "refused": 0, "group": None}
        published = detail("package-published")
        assert published["name"] == "x" and published["before"] is None
        assert published["after"] == "needs-key"
        assert (detail("content-key-set")["before"], detail("content-key-set")["after"]) == \
            ("needs-key", "ready")
        assert detail("assigned")["assignment"] == number
        first, second = detail("group-set", -2), detail("group-set")
        assert (first["before"], first["after"], first["reason"]) == (None, "one", "pilot"), first
        assert (second["before"], second["after"]) == ("one", "two"), second
        assert detail("attempt-failed")["code"] == 64
        assert detail("retry-asked")["before"] == "failed with code 64", detail("retry-asked")
        found = [item for item in server.expect(200, "GET", "/v1/audit?limit=1000")["items"]
                 if item["device_id"] and "recorded" in item["detail"]][-1]["detail"]
        assert (found["recorded"], found["reported"]) == (1, 0), found
        assert found["recorded_instance"] and found["source"], found
        released = detail("released")
        assert released["reason"] == "board replaced", released
        assert (released["finding"], released["before"], released["after"]) == \
            ("behind", "quarantined", "released"), released
        gone = detail("unassigned")
        assert gone["before"]["package_id"] == package_id.hex() and gone["after"] is None
        assert gone["before"]["target"] and gone["before"]["confirmed"] == 1
        assert audit(server, "verify")[0] == 0


def test_one_device_cannot_fill_the_trail():
    """I9: a device that tells of another failure at each report is audited 20 times an hour."""
    with Server() as server:
        server.vendor()
        noisy, quiet = server.personalize("a", 2)
        package_id, _ = server.release("a", "x")
        server.assign(package_id, class_="a")
        for number in range(40):
            noisy.exchange(failed=[package_id, 64 + number % 4])
        quiet.exchange(failed=[package_id, 65])
        told = [entry["device_id"] for entry in server.audit("attempt-failed")]
        assert told.count(noisy.id.hex()) == 20 and told.count(quiet.id.hex()) == 1, told


TRIGGERS = "DROP TRIGGER audit_is_kept; DROP TRIGGER audit_is_final;"
MOVE_UP = "UPDATE audit SET id = -id - 1 WHERE id >= {n}; UPDATE audit SET id = -id WHERE id < 0;"
MOVE_DOWN = "UPDATE audit SET id = 1 - id WHERE id > {n}; UPDATE audit SET id = -id WHERE id < 0;"
# What is done to the trail, what it is called, and the first bad entry (n is 5).
MANIPULATIONS = (
    ("UPDATE audit SET actor = '0/nobody' WHERE id = {n}", "altered", 5),
    ("UPDATE audit SET detail = '{{}}' WHERE id = {n}", "altered", 5),
    ("UPDATE audit SET time = time - 1 WHERE id = {n}", "altered", 5),
    ("DELETE FROM audit WHERE id = {n}", "removed", 5),
    ("DELETE FROM audit WHERE id = {n};" + MOVE_DOWN, "removed", 5),
    ("UPDATE audit SET id = -1 WHERE id = {n}; UPDATE audit SET id = {n} WHERE id = {n} + 1;"
     "UPDATE audit SET id = {n} + 1 WHERE id = -1", "reordered", 5),
    (MOVE_UP + "INSERT INTO audit SELECT {n}, time, actor, 'forged', NULL, '{{}}', hash FROM audit "
     "WHERE id = {n} - 1", "inserted", 5),
    ("DELETE FROM audit WHERE id > {n} + 2", "truncated", 7),
)


def test_manipulated_copies():
    """Removed, altered, reordered, inserted, cut off, written anew: each is found and named."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        events_make(server, device, 12)
        server.stop()
        clean = f"{server.dir}/clean.db"
        shutil.copy(f"{server.data}/pawl.db", clean)
        for statements, name, entry in MANIPULATIONS:
            manipulate(server, clean, statements.format(n=5))
            server.start()
            code, text, error = audit(server, "verify", "--json")
            told = json.loads(text)
            assert (code, told["result"], told["entry"]) == (CORRUPT, name, entry), (statements, told)
            assert error.startswith("pawl: audit: corrupt: "), error
            # The server does not put its name under it.
            events_make(server, device, 1)
            status, answer = server.operate("POST", "/v1/audit/checkpoints")
            if name == "truncated":
                assert status == 422 and answer["class"] == "corrupt", answer
            server.stop()
            if name == "truncated":
                assert "event=audit-broken" in server.log()
        rewritten_is_found(server, clean, device)
        shutil.copy(clean, f"{server.data}/pawl.db")
        server.start()
        assert audit(server, "verify")[0] == 0


def manipulate(server, clean, statements):
    for suffix in ("-wal", "-shm"):
        if os.path.exists(f"{server.data}/pawl.db{suffix}"):
            os.unlink(f"{server.data}/pawl.db{suffix}")
    shutil.copy(clean, f"{server.data}/pawl.db")
    database = sqlite3.connect(f"{server.data}/pawl.db")
    database.executescript(TRIGGERS + statements)
    database.close()


def rewritten_is_found(server, clean, device):
    """Good hashes all along, no checkpoints in the database: one that left the server tells."""
    manipulate(server, clean, "DELETE FROM audit_checkpoint;")
    database = sqlite3.connect(f"{server.data}/pawl.db")
    database.execute("UPDATE audit SET actor = '0/nobody' WHERE id = 5")
    previous = bytes(32)
    for row in database.execute("SELECT id, time, actor, action, device_id, detail FROM audit "
                                "ORDER BY id").fetchall():
        previous = hashlib.sha256(b"pawl/1 audit" + previous
                                  + cbor2.dumps(list(row), canonical=True)).digest()
        database.execute("UPDATE audit SET hash = ? WHERE id = ?", (previous, row[0]))
    database.commit()
    database.close()
    server.start()
    events_make(server, device, 1)
    assert audit(server, "verify")[0] == 0
    code, text, _ = audit(server, "verify", "--checkpoint", f"{server.dir}/log", "--json")
    told = json.loads(text)
    assert (code, told["result"]) == (CORRUPT, "rewritten"), told
    server.stop()


def test_what_is_no_export():
    """Other files, cut exports, others' keys and checkpoints: a clear error, its class as the code."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        events_make(server, device, 3)
        audit(server, "checkpoint")
        export, other = f"{server.dir}/export", f"{server.dir}/other"
        audit(server, "export", "--out", export)
        with open(export, "rb") as file:
            data = file.read()
        cases = (
            (b"", MALFORMED), (b"\n\n", MALFORMED), (b"{}\n", MALFORMED), (b"x" * 99, MALFORMED),
            (data[:-30], CORRUPT), (data.split(b"\n")[0] + b"\n", CORRUPT),
            (data.replace(b'"pawl_audit":1', b'"pawl_audit":2'), 11),
            (data + b'{"id":99}\n', MALFORMED), (b"A" * 3000000, MALFORMED),
            (data.replace(b'"id":2,', b'"id":2.5,'), MALFORMED),
            (data.replace(b'"id":2,', b'"id":3,'), CORRUPT),
        )
        for content, expected in cases:
            with open(other, "wb") as file:
                file.write(content)
            code, text, error = audit(server, "verify", "--file", other, socket=False)
            assert code == expected and text == "", (content[:50], code, error)
            assert len(error.splitlines()) <= 2, error
        vendor = f"{server.dir}/vendor.pub.pem"
        assert audit(server, "verify", "--file", export, "--key", vendor, socket=False)[0] == UNTRUSTED
        assert audit(server, "verify", "--checkpoint", vendor)[0] == MALFORMED
        assert audit(server, "verify", "--file", f"{server.dir}/none", socket=False)[0] == 17
        with Server() as stranger:
            stranger.vendor()
            stranger.personalize("a")
            audit(stranger, "checkpoint")
            code, _, error = audit(stranger, "checkpoints", "--json")
            assert code == 0
            with open(other, "w", encoding="utf-8") as file:
                file.write(audit(stranger, "checkpoints")[1])
            both = ("--key", f"{server.data}/audit.pub.pem", "--key", f"{stranger.data}/audit.pub.pem")
            code, _, error = audit(server, "verify", "--checkpoint", other, *both)
            assert code == UNTRUSTED and "another server" in error, error


run(test_export_verifies_by_spec_alone, test_filters, test_changes_tell_before_and_after,
    test_one_device_cannot_fill_the_trail, test_manipulated_copies, test_what_is_no_export)
