#!/usr/bin/python3
"""I8: what pawld is given and must not keep is not in its memory, its files or its log."""
import glob
import json
import os
import tempfile

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pawl_content import Content, grants, opened, wanting
from pawl_device import DOWNLOAD
from pawl_hsm import PIN, Token
from pawl_server import SANITIZED, Server, pawl, run, wait_for
from server_keys import Stolen, keys, read


PASSWORD = "brokers-must-not-tell-17"


def memory_of(pid):
    """All readable memory of a process, region by region."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
        for line in maps:
            span, rights = line.split()[:2]
            first, last = (int(x, 16) for x in span.split("-"))
            if "r" not in rights or "[v" in line:
                continue
            try:
                mem.seek(first)
                yield line.strip(), mem.read(last - first)
            except OSError:
                pass


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


def search(server, master, others=None, in_use=None):
    """Lets the server use all it is given, and looks for what it must not keep. What it has in use
    may be in its memory, and in the file that it is from, but nowhere else."""
    in_use = dict(in_use or {})
    if master is None:
        master = in_use["master key"]
    if not read(f"{server.data}/server.key").startswith(b"pkcs11:"):
        in_use["server key"] = private_value(f"{server.data}/server.key")
    in_use["audit key"] = private_value(f"{server.data}/audit.key")
    server.vendor()
    devices = server.personalize("a", 30)
    plain = server.personalize("b", 10, encrypted=False)
    image = f"{server.dir}/image"
    with open(image, "wb") as file:
        file.write(os.urandom(20000))
    options = ["--image", image, "--key", f"{server.dir}/vendor.pem", "--vendor", "example.com",
               "--class", "a", "--name", "one", "--version", "1", "--security-version", "1",
               "--kind", "opaque", "--content-key", f"{server.dir}/app.key",
               "--server-cert", f"{server.data}/server.crt", "--out", f"{server.dir}/app.pawl"]
    pawl("package", *options)
    with open(f"{server.dir}/app.pawl", "rb") as package, \
            open(f"{server.dir}/app.key", "rb") as key:
        package_id = json.loads(
            pawl("inspect", "--json", f"{server.dir}/app.pawl"))["package_id"]
        path = f"/v1/packages/{package_id}"
        server.expect(201, "PUT", path, package.read())
        server.expect(200, "PUT", f"{path}/content-key", key.read())
    package_id = bytes.fromhex(package_id)
    server.assign(package_id, class_="a")
    for device in devices[:10]:
        directive = device.exchange()
        assert directive[2] == DOWNLOAD
        content_key = device.open(package_id, directive[8])
        assert content_key is not None
        device.commit(package_id)
        device.exchange()
    content_keys = content_play(server, devices[0], package_id)
    order = {"package_id": package_id.hex(), "target": {"class": "a", "vendor": "example.com"}}
    status, _ = server.operate("POST", "/v1/entitlements", order, raw=True)
    assert status == 200
    raw = server.package("a", "two", os.urandom(20000))
    server.publish(raw)  # with its key as it is

    stolen = Stolen(server, "first")
    data_key = stolen.data_key(master, 1)
    own = {f"key of {name.decode()}": value
           for (kind, name), value in stolen.open(data_key).items() if kind == "server"}
    assert {"key of fingerprint", "key of challenge"} <= set(own)
    server.expect(200, "POST", "/v1/keys/data/rotate")
    server.expect(200, "POST", "/v1/keys/server/rotate")
    wait_for(lambda: keys(server)["data"]["rotation"] is None)
    second = Stolen(server, "second").data_key(master, 2)
    server.personalize("c", 5)  # to the new key
    secrets = {"master key": master, "content key": content_key, "raw key": raw[1],
               "data key": data_key, "second data key": second, **content_keys, **own,
               **(others or {})}
    for number, device in enumerate(devices + plain):
        secrets[f"unit secret {number}"] = device.secret
        secrets[f"download key {number}"] = device.download_key(device.sequence)
    known = {"a reported device": devices[0].id}
    seen, found = set(), []
    for where, data in memory_of(server.process.pid):
        seen |= {name for name, value in known.items() if value in data}
        found += [(name, where) for name, value in secrets.items()
                  if value in data and name not in in_use]
    assert seen == set(known), "the search found nothing at all"
    assert not found, found[:10]

    server.stop()
    files = glob.glob(f"{server.data}/**", recursive=True) + [f"{server.dir}/log"]
    for path in filter(os.path.isfile, files):
        with open(path, "rb") as file:
            data = file.read()
        for name, value in {**secrets, **in_use}.items():
            if not path.endswith("master.key"):
                assert value not in data and value.hex().encode() not in data, (name, path)
    server.start()


if os.geteuid() != 0 or SANITIZED:
    print("skipped: needs root, and memory that is not kept for diagnosis")
else:
    run(test_memory_and_files, test_memory_and_files_with_an_hsm)
