#!/usr/bin/python3
"""I8: what pawld is given and must not keep is in neither its memory nor its files and log, after any
phase of its work; and no program that holds secrets leaves a core file."""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pawl_content import Content, grants, opened, wanting
from pawl_device import DOWNLOAD, expand
from pawl_hsm import PIN, Token
from pawl_server import BIN, SANITIZED, Server, pawl, run, wait_for
from server_keys import Stolen, keys, read

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from memory_scan import Secrets, cores_are_seen  # noqa: E402

PASSWORD = "brokers-must-not-tell-17"


def test_memory_and_files():
    """I8: unit secrets, content keys and the master key, after all that uses them."""
    with tempfile.TemporaryDirectory(prefix="pawl-push-") as directory:
        path = f"{directory}/password"
        with open(path, "w", encoding="ascii") as file:
            os.chmod(path, 0o600)
            file.write(f"{PASSWORD}\n")
        with Server("--log-level", "debug", "--push-broker", "mqtt://127.0.0.1:1", "--push-user",
                    "pawld", "--push-password-file", path) as server:
            search(server, read(f"{server.data}/master.key"),
                   in_use={"push password": PASSWORD.encode()})


def test_memory_and_files_with_an_hsm():
    """I8: the same with the master key in an HSM: nothing of it is in a file, and the PIN nowhere.
    SoftHSM is a library and has its keys in the memory of whoever uses it, so there the master key
    is not looked for; that pawld cannot have it otherwise follows from what the token refuses."""
    with tempfile.TemporaryDirectory(prefix="pawl-hsm-") as directory:
        token, master = Token(directory), os.urandom(32)
        token.key_put("master", master)
        with Server("--log-level", "debug", environment=token.environment(),
                    init=[*token.options("master"), "--hsm-existing"]) as server:
            search(server, None, {"PIN": PIN.encode()}, {"master key": master})
        assert b"CKR_ATTRIBUTE_SENSITIVE" in token.read_out("master")


def private_value(path):
    """What a private key in a file consists of."""
    return load_pem_private_key(read(path), None).private_numbers().private_value.to_bytes(32, "big")


def content_play(server, device, package_id):
    """Content for the release that the device runs, and a grant of each of its keys."""
    (row,) = [item for item in server.expect(200, "GET", "/v1/packages")["items"]
              if item["package_id"] == package_id.hex()]
    content = Content(bytes.fromhex(row["release_id"]))
    content.add(server)
    found = grants(device.exchange(**wanting(*(key_id for key_id, _ in content.keys))))
    assert {key_id: opened(device, grant) for key_id, grant in found.items()} == dict(content.keys)
    return {f"content object key {number}": key for number, (_, key) in enumerate(content.keys)}


class Watch:
    """Searches the server's memory and files after each phase, for all secrets that are known by
    then. `in_use` are those of the server's own that its memory may hold; a device's report key it
    may remember, in memory that is locked and left out of core files (SECURITY.md)."""

    def __init__(self, server, in_use, **secrets):
        self.server, self.in_use, self.secrets = server, in_use, dict(secrets)
        self.reporters, self.phases = {}, []

    def devices(self, devices):
        for device in devices:
            number = len(self.reporters)
            self.reporters[f"report key {number}"] = device
            self.secrets[f"unit secret {number}"] = device.secret
            self.secrets[f"chain root {number}"] = expand(device.secret,
                                                          b"pawl/1 chain" + bytes(8), 32)
            for sequence in range(2):
                self.secrets[f"download key {number} at {sequence}"] = \
                    device.download_key(sequence)

    def phase(self, phase, expected=0):
        """At least `expected` report keys are found, which is what shows that the search works."""
        keys_of = {name: device.auth for name, device in self.reporters.items()}
        secrets = Secrets({**self.secrets, **keys_of})
        # A thread may still be on its way to wipe what another has answered from.
        for _ in range(10):
            found = secrets.in_process(self.server.process.pid)
            remembered = {one for one in found if one[0] in keys_of and not isinstance(one[1], str)
                          and one[1].locked and not one[1].dumped}
            found = {one for one in found - remembered if one[0] not in self.in_use}
            if not found:
                break
            time.sleep(0.02)
        assert not found, (phase, sorted((name, str(where)) for name, where in found)[:10])
        assert len({name for name, _ in remembered}) >= expected, \
            f"{phase}: the search finds no key of those that are remembered"
        everywhere = Secrets({**self.secrets, **keys_of, **self.in_use})
        for name, path in everywhere.in_files(self.server.data, f"{self.server.dir}/log"):
            assert os.path.basename(path) in OWN_FILES.get(name, []), (phase, name, path)
        self.phases.append(phase)


# Where a secret of the server's own lies.
OWN_FILES = {"master key": ["master.key"], "audit key": ["audit.key"],
             "server key": ["server.key", "server-previous.key"]}


def search(server, master, others=None, in_use=None):
    """Lets the server use all it is given, and looks for what it must not keep."""
    in_use = dict(in_use or {})
    secrets = dict(others or {})
    if master is None:
        master = in_use["master key"]
    else:
        secrets["master key"] = master
    if not read(f"{server.data}/server.key").startswith(b"pkcs11:"):
        in_use["server key"] = private_value(f"{server.data}/server.key")
    in_use["audit key"] = private_value(f"{server.data}/audit.key")
    watch = Watch(server, in_use, **secrets)
    watch.phase("start")
    server.vendor()
    devices = server.personalize("a", 30)
    plain = server.personalize("b", 10, encrypted=False)
    watch.devices(devices + plain)
    watch.phase("import")

    package_id, content_key = sealed_publish(server)
    if content_key is not None:  # else it is known when a device has opened it
        watch.secrets["content key"] = content_key
    watch.phase("publish")
    raw = server.package("a", "two", os.urandom(20000))
    server.publish(raw)  # with its key as it is
    watch.secrets["raw key"] = raw[1]
    watch.phase("publish with a key as it is")

    server.assign(package_id, class_="a")
    for device in devices[:10]:
        directive = device.exchange()
        assert directive[2] == DOWNLOAD
        opened_key = device.open(package_id, directive[8])
        assert opened_key is not None and content_key in (None, opened_key)
    watch.secrets["content key"] = opened_key
    watch.phase("polls and entitlements", expected=10)
    for device in devices[:10]:
        device.commit(package_id)
        device.exchange()
    watch.phase("confirmations", expected=10)
    watch.secrets.update(content_play(server, devices[0], package_id))
    watch.phase("grants", expected=10)
    order = {"package_id": package_id.hex(), "target": {"class": "a", "vendor": "example.com"}}
    status, _ = server.operate("POST", "/v1/entitlements", order, raw=True)
    assert status == 200
    watch.phase("table", expected=10)

    stolen = Stolen(server, "first")
    data_key = stolen.data_key(master, 1)
    watch.secrets["data key"] = data_key
    own = {f"key of {name.decode()}": value
           for (kind, name), value in stolen.open(data_key).items() if kind == "server"}
    assert {"key of fingerprint", "key of challenge"} <= set(own)
    watch.secrets.update(own)
    watch.phase("backup", expected=10)
    server.expect(200, "POST", "/v1/keys/data/rotate")
    server.expect(200, "POST", "/v1/keys/server/rotate")
    wait_for(lambda: keys(server)["data"]["rotation"] is None)
    watch.secrets["second data key"] = Stolen(server, "second").data_key(master, 2)
    watch.devices(server.personalize("c", 5))  # to the new key
    watch.phase("rotation")
    server.stop()
    server.start()
    watch.phase("restart")
    devices[0].exchange()
    watch.phase("first poll", expected=1)
    print(f"{len(watch.phases)} phases, {len(watch.secrets) + len(watch.reporters)} secrets")


def sealed_publish(server):
    """A release whose content key is sealed for the server; its id and that key."""
    image = f"{server.dir}/image"
    with open(image, "wb") as file:
        file.write(os.urandom(20000))
    pawl("package", "--image", image, "--key", f"{server.dir}/vendor.pem", "--vendor", "example.com",
         "--class", "a", "--name", "one", "--version", "1", "--security-version", "1",
         "--kind", "opaque", "--content-key", f"{server.dir}/app.key",
         "--server-cert", f"{server.data}/server.crt", "--out", f"{server.dir}/app.pawl")
    package_id = json.loads(pawl("inspect", "--json", f"{server.dir}/app.pawl"))["package_id"]
    path = f"/v1/packages/{package_id}"
    server.expect(201, "PUT", path, read(f"{server.dir}/app.pawl"))
    sealed = read(f"{server.dir}/app.key")
    server.expect(200, "PUT", f"{path}/content-key", sealed)
    return bytes.fromhex(package_id), cms_open(server, sealed)


def cms_open(server, sealed):
    """What was sealed for the server, by another implementation than its own; None where its key
    is in an HSM."""
    if read(f"{server.data}/server.key").startswith(b"pkcs11:"):
        return None
    done = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-binary", "-inkey",
                           f"{server.data}/server.key"], input=sealed, check=True,
                          stdout=subprocess.PIPE)
    return done.stdout


def test_no_core_files():
    """Programs that hold secrets leave no core file, where an ordinary one does."""
    if not cores_are_seen():
        return
    with tempfile.TemporaryDirectory(prefix="pawl-cores-") as directory:
        os.chdir(directory)  # where a core file would lie
        try:
            core_files_look(directory)
        finally:
            os.chdir("/")


def core_files_look(directory):
    with Server() as server:
        silent = socket.socket(socket.AF_UNIX)  # a processor that never answers
        silent.bind("link")
        silent.listen()
        server.vendor()
        server.personalize("a", 1)
        programs = {
            "sleep": ["sleep", "1000"],
            # Whatever it does, it is at it for long enough.
            "pawl": [f"{BIN}/pawl", "personalize", "--vendor", "example.com", "--class", "b",
                     "--count", "300000", "--trust", f"{server.dir}/vendor.pub.pem",
                     "--server-cert", f"{server.data}/server.crt", "--out", "many"],
            "pawl-agent": [f"{BIN}/pawl-agent", "--server", "http://127.0.0.1:1", "--processor",
                           f"unix:{directory}/link"],
        }
        for name, command in programs.items():
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL)
            wait_for(lambda: "many" in "".join(os.listdir(".")) if name == "pawl" else
                     sleeps(process.pid))
            crash(process, name, control=name == "sleep")
        crash(server.process, "pawld")
        server.process = None


def sleeps(pid):
    """Whether it came as far as to wait for something; it must not have ended."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        state = file.read().rpartition(")")[2].split()[0]
    assert state != "Z", "it ended by itself"
    return state == "S"


def crash(process, name, control=False):
    process.send_signal(signal.SIGSEGV)
    assert process.wait() == -signal.SIGSEGV, name
    cores = [one for one in os.listdir(".") if one.startswith("core")]
    assert bool(cores) == control, f"{name}: {cores}"
    for one in cores:
        os.remove(one)


if os.geteuid() != 0 or SANITIZED:
    print("skipped: needs root, and memory that is not kept for diagnosis")
else:
    run(test_memory_and_files, test_memory_and_files_with_an_hsm, test_no_core_files)
