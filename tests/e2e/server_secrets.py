#!/usr/bin/python3
"""I8: what pawld is given and must not keep is not in its memory, its files or its log."""
import glob
import os

from pawl_device import DOWNLOAD
from pawl_server import SANITIZED, Server, pawl, run


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
    if os.geteuid() != 0 or SANITIZED:
        print("skipped: needs root, and memory that is not kept for diagnosis")
        return
    with Server("--log-level", "debug") as server:
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
            package_id = __import__("json").loads(
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
        order = {"package_id": package_id.hex(), "target": {"class": "a", "vendor": "example.com"}}
        status, _ = server.operate("POST", "/v1/entitlements", order, raw=True)
        assert status == 200
        raw = server.package("a", "two", os.urandom(20000))
        server.publish(raw)  # with its key as it is

        with open(f"{server.data}/master.key", "rb") as file:
            secrets = {"master key": file.read(), "content key": content_key, "raw key": raw[1]}
        for number, device in enumerate(devices + plain):
            secrets[f"unit secret {number}"] = device.secret
            secrets[f"download key {number}"] = device.download_key(device.sequence)
        known = {"a reported device": devices[0].id}
        seen, found = set(), []
        for where, data in memory_of(server.process.pid):
            seen |= {name for name, value in known.items() if value in data}
            found += [(name, where) for name, value in secrets.items() if value in data]
        assert seen == set(known), "the search found nothing at all"
        assert not found, found[:10]

        server.stop()
        files = glob.glob(f"{server.data}/**", recursive=True) + [f"{server.dir}/log"]
        for path in filter(os.path.isfile, files):
            with open(path, "rb") as file:
                data = file.read()
            for name, value in secrets.items():
                if not path.endswith("master.key"):
                    assert value not in data and value.hex().encode() not in data, (name, path)
        server.start()


run(test_memory_and_files)
