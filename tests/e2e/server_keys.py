#!/usr/bin/python3
"""Keys of the server at rest and their rotation (SPEC 22; invariants I5, I8). What a database is
worth to a thief is judged from copies of its files, with nothing of Pawl's C code."""
import glob
import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from pawl_content import Content
from pawl_device import DOWNLOAD, Device, expand
from pawl_server import SANITIZED, Server, pawl, run, wait_for

DEVICES = 600
LABELS = {"unit": b"pawl/vault unit secret", "content": b"pawl/vault content key",
          "object": b"pawl/vault content object key", "server": b"pawl/vault server key"}


class Stolen:
    """The files of a database, copied while the server runs, as a thief or a backup has them."""

    def __init__(self, server, name):
        self.dir = f"{server.dir}/{name}"
        os.mkdir(self.dir)
        for path in glob.glob(f"{server.data}/pawl.db*"):
            shutil.copy(path, self.dir)
        self.bytes = b""
        for path in sorted(glob.glob(f"{self.dir}/*")):
            with open(path, "rb") as file:
                self.bytes += file.read()
        database = sqlite3.connect(f"{self.dir}/pawl.db")
        self.data_keys = dict(database.execute("SELECT generation, wrapped FROM data_key"))
        self.objects = [("unit", *row) for row in
                        database.execute("SELECT device_id, wrapped_secret FROM device")]
        self.objects += [("content", *row) for row in database.execute(
            "SELECT package_id, wrapped_content_key FROM package "
            "WHERE wrapped_content_key IS NOT NULL")]
        self.objects += [("object", *row) for row in
                         database.execute("SELECT key_id, wrapped_key FROM content_key")]
        slots = {2: b"fingerprint", 3: b"challenge", 4: b"challenge", 5: b"push"}
        self.objects += [("server", slots[slot], wrapped) for slot, wrapped in
                         database.execute("SELECT slot, wrapped FROM server_key")]
        database.close()

    def generations(self):
        """How many objects are under each data key."""
        counts = {}
        for _, _, wrapped in self.objects:
            generation = int.from_bytes(wrapped[:4], "big")
            counts[generation] = counts.get(generation, 0) + 1
        return counts

    def data_key(self, master, generation):
        return unwrap(master, self.data_keys[generation])

    def open(self, data_key):
        """All objects that a data key opens, whatever generation they say."""
        opened = {}
        for kind, name, wrapped in self.objects:
            value = unwrap(expand(data_key, LABELS[kind] + name, 32), wrapped[4:])
            if value is not None:
                opened[(kind, name)] = value
        return opened


def unwrap(key, wrapped):
    try:
        return aes_key_unwrap(key, wrapped)
    except InvalidUnwrap:
        return None


def read(path):
    with open(path, "rb") as file:
        return file.read()


def keys(server):
    return server.expect(200, "GET", "/v1/keys")


def scrubbed(server, needle):
    """Waits until the files of the database do not hold some bytes any more."""
    def gone():
        return all(needle not in read(path) for path in glob.glob(f"{server.data}/pawl.db*"))
    wait_for(gone)


def test_stolen_database():
    """SPEC 22.7: without the master key nothing opens; with it everything does, which shows that
    the thief looked in the right places."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 20)
        package_id, content_key = server.release("a", "one")
        server.assign(package_id, class_="a")
        assert devices[0].exchange()[2] == DOWNLOAD
        stolen = Stolen(server, "stolen")
        master = read(f"{server.data}/master.key")
        data_key = stolen.data_key(master, 1)
        opened = stolen.open(data_key)
        assert len(opened) == len(stolen.objects) == 20 + 1 + 2
        for device in devices:
            assert opened[("unit", device.id)] == device.secret
        assert opened[("content", package_id)] == content_key
        for secret in (*opened.values(), data_key, master, read(f"{server.data}/server.key")):
            assert secret not in stolen.bytes
        for stranger in (bytes(32), os.urandom(32), hashlib.sha256(stolen.bytes).digest()):
            assert unwrap(stranger, stolen.data_keys[1]) is None


def rotate_and_kill(server):
    """Lets it die when it is about to make the second batch of a rotation durable, if not earlier;
    a sanitized build, which bears nothing preloaded, is killed from outside."""
    if SANITIZED:
        server.expect(200, "POST", "/v1/keys/data/rotate")
        server.stop(signal.SIGKILL)
    else:
        server.stop()
        mark = f"{server.dir}/mark"
        server.start_to_die(PAWL_DIE_SYNC=mark)
        with open(mark, "wb"):
            server.dies("POST", "/v1/keys/data/rotate")
    halfway = Stolen(server, "halfway")
    assert set(halfway.data_keys) == {1, 2}, "the kill did not hit a rotation"
    assert 1 in halfway.generations()


def test_rotation_of_the_data_key():
    """SPEC 22.4, I5: killed in the middle it goes on; in the end the old data key is gone and opens
    nothing. 22.7: nor does what it wrapped remain in the files."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", DEVICES)
        package_id, _ = server.release("a", "one")
        server.assign(package_id, class_="a")
        devices[0].exchange()
        (row,) = server.expect(200, "GET", "/v1/packages")["items"]
        content = Content(bytes.fromhex(row["release_id"]))
        server.expect(201, "PUT", content.path, content.bundle())
        server.expect(200, "PUT", f"{content.path}/keys", content.keys_body())
        count = DEVICES + 1 + len(content.keys) + 2
        before = Stolen(server, "before")
        master = read(f"{server.data}/master.key")
        old_key = before.data_key(master, 1)
        assert before.generations() == {1: count}

        rotate_and_kill(server)
        server.start()
        assert devices[1].exchange()[2] == DOWNLOAD  # whichever key it is under
        assert devices[-1].exchange()[2] == DOWNLOAD
        devices[0].commit(package_id)
        devices[0].exchange()
        wait_for(lambda: keys(server)["data"]["rotation"] is None)
        assert server.log().count("event=data-key-rotation-resumed") == 1
        (begun,), (ended,) = server.audit("data-key-rotated"), server.audit("data-key-destroyed")
        assert begun["detail"] == {"before": 1, "after": 2} and begun["id"] < ended["id"]
        assert ended["detail"]["generation"] == 1
        scrubbed(server, before.data_keys[1])

        after = Stolen(server, "after")
        assert after.generations() == {2: count} and set(after.data_keys) == {2}
        assert not after.open(old_key), "the retired data key opens something"
        opened = after.open(after.data_key(master, 2))
        assert len(opened) == count
        for key_id, key in content.keys:
            assert opened[("object", key_id)] == key + bytes(16)
        for _, _, wrapped in before.objects:
            assert wrapped not in after.bytes, "what the retired key opens is still in the files"
        assert old_key not in after.bytes

        # A device that was remembered, one that was not, a stranger and a unit that arrives now.
        for device in (devices[0], devices[1], devices[DEVICES // 2]):
            device.exchange()
        assert server.device(devices[0])["sequence"] == 1
        (late,) = server.personalize("b")
        late.exchange()
        status, _ = server.post(late.report(id=os.urandom(16), key=os.urandom(32))[0])
        assert status == 403  # the decoy outlives the keys


def test_rotation_while_units_arrive():
    """SPEC 22.4: the old data key is not deleted while an import may still store what it wrapped;
    a second rotation is refused until the first is done."""
    with Server() as server:
        server.vendor()
        (known,) = server.personalize("a")
        pawl("personalize", "--vendor", "example.com", "--class", "a", "--count", 3, "--trust",
             f"{server.dir}/vendor.pub.pem", "--out", f"{server.dir}/more", "--server-cert",
             f"{server.data}/server.crt")
        units = read(f"{server.dir}/more/units.import")
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(60)
        stream.connect(f"{server.data}/operator.sock")
        stream.sendall(b"POST /v1/units HTTP/1.1\r\nHost: pawl\r\nExpect: 100-continue\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(units))
        assert b" 100 " in stream.recv(100)  # it has begun
        stream.sendall(units[:len(units) // 2])

        assert keys(server)["data"]["rotation"] is None
        answer = json.loads(pawl("key", "rotate", "data", "--json", "--socket",
                                 f"{server.data}/operator.sock"))
        assert answer["data"]["generation"] == 2
        wait_for(lambda: (keys(server)["data"]["rotation"] or {})["left"] == 0)
        assert set(Stolen(server, "held").data_keys) == {1, 2}
        status, refused = server.operate("POST", "/v1/keys/data/rotate")
        assert (status, refused["class"]) == (409, "state")
        known.exchange()

        stream.sendall(units[len(units) // 2:])
        assert b" 200 " in stream.recv(65536).split(b"\r\n")[0]
        stream.close()
        wait_for(lambda: keys(server)["data"]["rotation"] is None)
        assert Stolen(server, "done").generations() == {2: 4 + 2}
        for path in glob.glob(f"{server.dir}/more/*.pud"):
            Device(read(path), server.post).exchange()
        known.exchange()


def test_rotation_of_the_challenge_secret():
    """SPEC 22.6: what was made with the secret before is still taken, and with the one before that
    is not; not twice in a minute."""
    def age(seconds):
        """Lets the secret be older than it is."""
        server.stop()
        database = sqlite3.connect(f"{server.data}/pawl.db")
        database.execute("UPDATE server_key SET created = created - ?", (seconds,))
        database.commit()
        database.close()
        server.start()

    with Server("--challenge-days", "2") as server:
        server.vendor()
        devices = server.personalize("a", 3)
        for device in devices:
            device.exchange()
        status, refused = server.operate("POST", "/v1/keys/challenge/rotate")
        assert (status, refused["class"]) == (409, "state")
        age(120)
        answer = server.expect(200, "POST", "/v1/keys/challenge/rotate")
        assert answer["challenge"]["previous"] is True
        assert devices[0].send(*devices[0].report())[2] == 0  # idle at once: the challenge held
        age(120)
        server.expect(200, "POST", "/v1/keys/challenge/rotate")
        assert devices[1].send(*devices[1].report())[2] == 3  # repeat: made two secrets ago
        assert devices[0].send(*devices[0].report())[2] == 0
        age(3600)
        assert keys(server)["challenge"]["previous"] is False  # its challenges are all too old
        assert len(server.audit("challenge-secret-rotated")) == 2
        age(3 * 86400)
        wait_for(lambda: keys(server)["challenge"]["previous"])
        assert server.audit("challenge-secret-rotated")[-1]["actor"] == "pawld"


if __name__ == "__main__":
    run(test_stolen_database, test_rotation_of_the_data_key, test_rotation_while_units_arrive,
        test_rotation_of_the_challenge_secret)
