#!/usr/bin/python3
"""Attacks with what was stolen: a vendor's signing key, an operator's token, the server's database, its
challenge secret, an old backup, the whole server. Invariants I1, I2, I6, I7, I8."""
import glob
import hashlib
import os
import shutil
import subprocess

from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from attack_download import directs
from attack_forged import forge, offer
from attack_network import content_secrets, found_in, secrets_of
from attack_world import (BIN, CORRUPT, ENVIRONMENT, MEDIA_TYPE, NOT_ENTITLED, NOTHING, OK, ROLLBACK,
                          TRIED_AND_FAILED, UNTRUSTED, Link, Middle, World, main, pawl, protocol, world)
from pawl_device import expand
from pawl_samples import target_of
from pawl_secure import SecureServer
from pawl_server import OPENAPI, Server
from server_keys import Stolen, read, unwrap


def stolen_signing_key():
    """I7, SPEC 3, 6.3, 8.1. Attacker: a thief of the vendor's signing key. Has: the key, and the
    network. Tries: to run his own software: as a server of his own, in the place of a package that
    the true server offers, at the processor itself, with an entitlement that he makes, at the
    server's door. Stopped by: nothing opens without an entitlement, and that takes a unit's secret.
    Together with the server's secrets the key does suffice, which shows that the package is sound."""
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        made.resident("one")
        unit.updates(middle.url)
        theirs = made.package("theirs", "sleep", "100000", success="contact", version=9)
        true = made.resident("honest")  # as long a name: the packages have one size
        assert len(true[0]) == len(theirs[0])
        before = unit.status()
        middle.on_get = lambda handler: handler.give(200, theirs[0])
        for secret in (bytes(32), os.urandom(32), theirs[1], unit.id * 2, read(
                f"{made.server.dir}/vendor.pem")[:32]):
            kek = protocol.entitlement_keys({**unit.pud, "unit_secret": secret}, 1, theirs[2])[0]
            middle.on_report = lambda handler, report, secret=secret, kek=kek: handler.give(
                200, forge(report, secret, offer(theirs, aes_key_wrap(kek, theirs[1]))), MEDIA_TYPE)
            assert unit.agent(middle.url).code == UNTRUSTED
            unit.still(before)
            opened(made, unit, theirs, aes_key_wrap(kek, theirs[1]), NOT_ENTITLED)
        right, _ = protocol.entitlement_keys(unit.pud, 1, theirs[2])
        opened(made, unit, theirs, aes_key_wrap(right, theirs[1]), OK)
        middle.on_report = None
        assert unit.agent(middle.url).code == CORRUPT  # another package than the one offered
        assert unit.status()["running"] and unit.status()["package_id"] == before["package_id"]
        at_the_processor(made, unit, theirs)
        for method, path in (("PUT", f"/v1/packages/{theirs[2].hex()}"), ("PUT", "/v1/assignments"),
                             ("POST", "/v1/entitlements")):
            assert made.server.request(method, path, theirs[0][:99]).status in (404, 405)
        middle.on_get = None
        assert unit.agent(middle.url).code == NOTHING  # the server hears of the failure
        made.server.expect(200, "POST", f"/v1/devices/{unit.id.hex()}/retry")
        unit.updates(middle.url)
        assert unit.status()["package_id"] == true[2].hex()
        directs(middle, unit, theirs)  # the ingredients: with the other half of the power it runs
        assert unit.agent(middle.url).code == OK
        assert unit.status()["package_id"] == theirs[2].hex()


def opened(made, unit, package, entitlement, code):
    """What `pawl open`, which checks as a device does, says of an entitlement."""
    path, out = f"{made.server.dir}/tried.pawl", f"{made.server.dir}/tried"
    with open(path, "wb") as file:
        file.write(package[0])
    sequence = str(unit.status()["sequence"])
    done = subprocess.run([f"{BIN}/pawl", "open", "--quiet", "--pud", unit.pud_path, "--sequence",
                           sequence, "--entitlement", entitlement.hex(), "--out", out, path],
                          env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          check=False)
    assert done.returncode == code, (done.returncode, done.stderr)


def at_the_processor(made, unit, theirs):
    """With the true server's directive in hand, he pours his own package into the processor."""
    with Link(unit.link) as link:
        link.ask(Link.CANCEL)
        assert link.ask(Link.WRITE, bytes(8) + theirs[0][:1000])[0] == 11, "written without a directive"
        for _ in range(2):
            status, directive = made.server.post(link.report())
            assert status == 200
            link.ask(Link.DIRECTIVE, directive)
        result, state, _ = link.ask(Link.WRITE, bytes(8) + theirs[0][:8192])
        assert (result, state) == (7, 6), (result, state)  # corrupt, REJECTED


def server_intruder():
    """I7, SPEC 6.7, 13.6. Attacker: an intruder who has the server with all its secrets. Tries: to run
    code of his own, signed by himself or not at all, or an image that a vendor signed and he changed;
    and to bring back a release below the floor. Stopped by: the vendor's signature and the floor,
    which the device keeps. What remains: any image that the vendor signed for the class, at or above
    the floor, and withholding."""
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        made.resident("one", version=1)
        made.resident("two", version=2)
        unit.updates(middle.url)
        before = unit.status()
        pawl("keygen", "--out", f"{made.server.dir}/own.pem")
        own = made.package("own", "true", key="own.pem", version=2)
        old = made.package("old", "true", version=1)
        good = made.package("good", "true", version=2)
        changed = reseal(made, good, made.image("good")[:-1] + b"!")
        unsigned = (good[0].replace(signature_of(good), bytes(64)), good[1])
        unsigned += (protocol.package_read(unsigned[0])[2],)
        for package, code in ((own, UNTRUSTED), (unsigned, UNTRUSTED), (old, ROLLBACK),
                              (changed, CORRUPT), (good, OK)):
            directs(middle, unit, package)
            done = unit.agent(middle.url)
            assert done.code == code or (package is changed and done.code == TRIED_AND_FAILED), done
            if code != OK:
                now = unit.status()
                assert now["last_failure"]["code"] == code - 9 and now["running"], now
                assert (now["sequence"], now["package_id"]) == (1, before["package_id"]), now
        assert not [line for line in unit.log().splitlines()
                    if "on trial" in line and ("own" in line or "old" in line)]
        middle.on_report = middle.on_get = None
        made.resident("three", version=3)
        unit.updates(middle.url)


def signature_of(package):
    return protocol.package_read(package[0])[1][2]


def reseal(made, package, image):
    """The same signed manifest around another image of the same size."""
    header = protocol.package_read(package[0])[0]
    text = protocol.package_header(header[1], header[2], 0, os.urandom(16))
    return (protocol.package_seal(text, header[2], package[1], image), package[1],
            protocol.package_id(text))


def stolen_operator_token():
    """I7, I8, SPEC 16.8 to 16.11. Attacker: a thief of a token. Has: one of each role in turn. Tries:
    to read secrets, to run his own code, to bring back what is below the floor, to give himself more
    rights, to put a secret of his own under a device's id. Stopped by: roles; no answer holds a
    secret; the device judges for itself. A token that is revoked is worth nothing at once, and the
    audit trail names it."""
    with world(server=SecureServer, ca=True) as made:
        server, (unit,) = made.server, made.units
        url = f"https://127.0.0.1:{server.port}"
        first = made.resident("one", version=2)
        unit.updates(url)
        before = unit.status()
        pawl("keygen", "--out", f"{server.dir}/own.pem")
        own = made.package("own", "true", key="own.pem", version=3)
        old = made.package("old", "true", version=1)
        tokens = {role: server.token(role, role) for role in ("viewer", "factory", "operator", "admin")}
        secrets = {**secrets_of(unit, range(3), [first]), **content_secrets(first)}
        known = {"device_id": unit.id.hex(), "package_id": first[2].hex()}
        for role, token in tokens.items():
            may_read(server, token, known, secrets, role)
            assign = {"package_id": own[2].hex(), "target": {"device": unit.id.hex()}}
            tries = {("PUT", f"/v1/packages/{own[2].hex()}"): own[0][:99], ("PUT", "/v1/assignments"): assign,
                     ("POST", "/v1/tokens"): {"name": "more", "role": "admin", "digest": "0" * 64},
                     ("POST", "/v1/backup"): None, ("POST", "/v1/keys/data/rotate"): None,
                     ("POST", f"/v1/devices/{unit.id.hex()}/decommission"): {"reason": "x"}}
            if role != "admin":
                for (method, path), body in tries.items():
                    if role == "operator" and method == "PUT":
                        continue
                    assert server.ask(method, path, body, token=token)[0] == 403, (role, path)
        # An operator can publish and assign what he likes; the device runs none of it.
        token = tokens["operator"]
        for package, code in ((own, UNTRUSTED), (old, ROLLBACK)):
            path = f"/v1/packages/{package[2].hex()}"
            assert server.ask("PUT", path, package[0], token=token)[0] in (200, 201)
            assert server.ask("PUT", f"{path}/content-key", package[1], token=token)[0] == 200
            body = {"package_id": package[2].hex(), "target": {"device": unit.id.hex()}}
            assert server.ask("PUT", "/v1/assignments", body, token=token)[0] == 201
            assert unit.agent(url).code == code
            now = unit.status()
            assert (now["package_id"], now["running"]) == (before["package_id"], True), now
        # A factory's token brings in units, not another secret for one that is there.
        forged = protocol.pud_write({**unit.pud, "unit_secret": os.urandom(32)})
        status, _, answer = server.ask("POST", "/v1/units", forged, token=tokens["factory"])
        assert status == 200 and b'"imported":0' in answer.replace(b" ", b""), answer
        acts = {entry["actor"] for entry in server.audit("assigned")}
        assert "token:operator" in acts, acts
        server.expect(200, "DELETE", "/v1/tokens/operator")
        assert server.ask("GET", "/v1/devices", token=token)[0] == 401
        made.resident("two", version=2)
        server.assign(read_id(server, "two"), device=unit.id.hex())
        unit.updates(url)


def read_id(server, label):
    with open(f"{server.dir}/{label}.pawl", "rb") as file:
        return protocol.package_read(file.read())[2]


def may_read(server, token, known, secrets, role):
    """Reads everything that there is to read; no secret is in it."""
    answers = 0
    connection = server.remote()
    for operation in OPENAPI.operations:
        if operation.method == "GET" and "operator" in operation.listeners:
            status, _, data = server.ask("GET", target_of(operation, known), token=token,
                                         connection=connection)
            answers += status == 200
            if "packages/" not in operation.path:
                assert not found_in(data, secrets), (role, str(operation))
    connection.close()
    assert answers > 10 or role == "factory", (role, answers)


def stolen_server_database():
    """I8, SPEC 22.7. Attacker: a thief of disk or backup. Has: the database with its log, and a backup of
    it. Tries: to find secrets in them, to unwrap them with what is there and what he can guess, to
    serve with them under a master key of his own. Stopped by: all secrets are wrapped, and the
    master key is elsewhere. What he learns: ids, numbers, names, and which device runs what."""
    with world(units=2) as made:
        unit = made.units[0]
        first = made.resident("one")
        unit.updates(made.url)
        server = made.server
        stolen = Stolen(server, "stolen")
        pawl("backup", "--socket", f"{server.data}/operator.sock", "--out", f"{server.dir}/backup")
        loot = stolen.bytes + read(f"{server.dir}/backup")
        guess(stolen, unit, loot)
        # The ingredients: with the master key all of it opens.
        master = read(f"{server.data}/master.key")
        data_key = stolen.data_key(master, 1)
        everything = stolen.open(data_key)
        assert everything[("unit", unit.id)] == unit.secret and unit.id in loot
        assert everything[("content", first[2])] == first[1]
        secrets = {"master key": master, "data key": data_key, **content_secrets(first),
                   **{str(name): value for name, value in everything.items()}}
        for each in made.units:
            secrets.update({f"{name} {each.id.hex()}": value
                            for name, value in secrets_of(each, range(3), [first]).items()})
        assert not found_in(loot, secrets), found_in(loot, secrets)
        his_own = Server()
        for path in glob.glob(f"{stolen.dir}/pawl.db*"):
            shutil.copy(path, his_own.data)
        done = subprocess.run([f"{BIN}/pawld", "--data", his_own.data, "--listen", "127.0.0.1:0"],
                              env=ENVIRONMENT, stderr=subprocess.PIPE, timeout=30, check=False)
        assert done.returncode == UNTRUSTED, (done.returncode, done.stderr)
        shutil.rmtree(his_own.dir)
        # Of what he learnt he can make no report and no directive.
        report = unit.device.report(sequence=1, key=hashlib.sha256(stolen.bytes).digest())[0]
        assert server.post(report)[0] == 403
        made.resident("two")
        unit.updates(made.url)


def guess(stolen, unit, loot):
    """Tries what he has, and what he can think of, as master key and as data key."""
    likely = [bytes(32), b"\xff" * 32, os.urandom(32), hashlib.sha256(stolen.bytes).digest(),
              hashlib.sha256(unit.id).digest(), unit.id * 2]
    pieces = {loot[at:at + 32] for at in range(0, len(stolen.bytes), 4)
              if loot[at:at + 32].count(0) < 4}
    assert len(pieces) > 1000
    for key in (*likely, *pieces):
        assert unwrap(key, stolen.data_keys[1]) is None, "a guess opens it"
    for key in likely:
        assert not stolen.open(key), "a guess opens it"


def stolen_challenge_secret():
    """I5, SPEC 11.1. Attacker: who has the server's challenge secret besides the traffic. Tries: to make
    challenges for what he recorded, and reports with them. Stopped by: the challenge is inside of
    what the device's MAC covers, and reaches the device in a directive alone. The secret only saves
    the server work; it is not what reports are trusted for."""
    with world() as made, Middle(made.server) as middle:
        (unit,) = made.units
        made.resident("one")
        unit.updates(middle.url)
        stolen = Stolen(made.server, "stolen")
        opened_ = stolen.open(stolen.data_key(read(f"{made.server.data}/master.key"), 1))
        secret = opened_[("server", b"challenge")]
        made.resident("two")
        unit.updates(middle.url)
        held = made.held(unit)
        _, newest = protocol.report_read(middle.reports[-1], unit.pud)
        # The ingredients: it is the secret, and he makes what the server would make.
        mine = challenge(secret, unit, newest[6])
        assert mine == newest[6], "this is not how challenges are made"
        for report in middle.reports:
            _, fields = protocol.report_read(report, unit.pud)
            _, payload, proof = protocol.cose_read(report, 17, 5, 16, 32)
            changed = protocol.encode({**fields, 6: mine})
            assert changed != payload or fields[6] == mine
            forged = protocol.encode(protocol.Tag(17, [protocol.encode({1: 5}), {4: unit.id},
                                                       changed, proof]))
            if changed != payload:
                assert made.server.post(forged)[0] == 403
            assert made.server.post(report)[0] == 200  # as it was: nothing either
        assert made.held(unit) == held and made.counts()["confirmations"] == 2
        assert unit.agent(middle.url).code == NOTHING
        made.resident("three")
        unit.updates(middle.url)


def challenge(secret, unit, like):
    """A challenge with the values of another one, by SPEC 11.1."""
    mac = protocol.hmac.digest(secret, b"pawl/1 challenge" + unit.id + like[:-16], "sha256")
    return like[:-16] + mac[:16]


def restored_server():
    """I2, I5, SPEC 11.5 e, 21.10. Attacker: an intruder who puts an old backup in the server's place, or
    plays server with one (and its master key). Has: what held before two downloads. Tries: to make
    devices take the release of that time again, with the entitlements of that time, to have them
    taken for copies. Stopped by: old entitlements are for numbers that are gone; the floor; the table
    takes the devices' word for what is ahead. What remains: signed releases at or above the floor."""
    with world(units=2) as made:
        first, second = made.units
        made.resident("one", version=1)
        first.updates(made.url)
        made.server.stop()
        old = Server("--poll-after", "1")
        shutil.rmtree(old.data)
        shutil.copytree(made.server.data, old.data)
        made.server.start()
        made.release("more", "true", version=2)
        first.updates(made.url)
        two = made.resident("two", version=2)
        for unit in made.units:
            unit.updates(made.url)
        before = [unit.status() for unit in made.units]
        with old:
            with Middle(old) as middle:
                for unit, code in ((first, ROLLBACK), (second, ROLLBACK)):
                    done = unit.agent(middle.url)
                    assert done.code == code, done  # it does offer "one", which is below the floor
                    now = unit.status()
                    assert (now["package_id"], now["running"]) == (two[2].hex(), True), now
                assert old.expect(200, "GET", "/v1/status")["quarantined"] == 0
                assert old.device(first.device)["sequence"] == 3  # two downloads at once: row e
                assert old.device(second.device)["sequence"] == 1
                offers = [protocol.directive_read(directive, unit.pud, fields[5])
                          for unit in made.units for report, directive in middle.exchanges
                          if unit.id in report
                          for fields in [protocol.report_read(report, unit.pud)[1]]]
                assert [offered for offered in offers if offered[2] == 1], "nothing was offered"
        # The true server again: nobody is suspect, and all go on.
        made.resident("three", version=3)
        for unit, was in zip(made.units, before):
            unit.updates(made.url)
            assert unit.status()["sequence"] == was["sequence"] + 1
        assert made.counts()["quarantined"] == 0


def delegate():
    """I6, SPEC 5.3. Attacker: a delegate who was given a link of a device's chain, good for the downloads
    up to number t. Tries: to entitle it to download t + 1, or to one of the next epoch; to report in
    its name. Stopped by: the chain runs one way, epochs have roots of their own, and reports another
    branch."""
    with Server() as server:
        made = World(server, 1)
        count, last = 8, 3
        (device,) = server.personalize("chained", 1, ("--chain-length", str(count)))
        package = made.package("one", "true", name="chained")
        (path,) = glob.glob(f"{server.dir}/chained/*.pud")
        pud = protocol.pud_read(read(path))
        link = expand(pud["unit_secret"], b"pawl/1 chain" + bytes(8), 32)
        for _ in range(count - last):
            link = step(pud, link)

        def open_at(sequence, key):
            kek = expand(key, b"pawl/1 entitle" + package[2], 40)[:32]
            with open(f"{server.dir}/entitlement", "wb") as file:
                file.write(aes_key_wrap(kek, package[1]))
            return subprocess.run(
                [f"{BIN}/pawl", "open", "--quiet", "--pud", path, "--sequence", str(sequence),
                 "--entitlement", f"{server.dir}/entitlement", "--out", f"{server.dir}/out",
                 f"{server.dir}/one.pawl"], env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, check=False).returncode

        reach = [link]
        for _ in range(2 * count):
            reach.append(step(pud, reach[-1]))
        for sequence in range(last + 1):  # the ingredients: these downloads are his to give
            assert open_at(sequence, reach[last - sequence]) == OK
        for sequence in (last + 1, last + 2, count - 1, count, count + last):
            for key in reach[:count]:
                assert open_at(sequence, key) == NOT_ENTITLED, sequence
        for key in (link, expand(link, b"pawl/1 report", 32), step(pud, link)):
            assert server.post(device.report(key=key)[0])[0] == 403
        assert server.post(device.report()[0])[0] == 200


def step(pud, link):
    return hashlib.sha256(b"pawl" + pud["device_id"] + link).digest()


if __name__ == "__main__":
    main(stolen_signing_key, server_intruder, stolen_operator_token, stolen_server_database,
         stolen_challenge_secret, restored_server, delegate)
