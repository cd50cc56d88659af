#!/usr/bin/python3
"""Packages: how they are published, proven and served (SPEC 7, 12, 16)."""
import hashlib
import http.client
import json
import os
import resource
import signal
import socket

from pawl_server import Server, UnixConnection, pawl, run


def package_path(package):
    return f"/v1/packages/{package[2].hex()}"


def test_ranges():
    """SPEC 12: GET and HEAD with ranges, validators and caching that never ends."""
    with Server() as server:
        server.vendor()
        package = server.package("a", "one", os.urandom(100000))
        data, path = package[0], package_path(package)
        server.publish(package)
        size, etag = len(data), f'"{package[2].hex()}"'

        whole = server.request("GET", path)
        assert whole.status == 200 and whole.body == data
        assert whole.headers["ETag"] == etag and whole.headers["Accept-Ranges"] == "bytes"
        assert whole.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        head = server.request("HEAD", path)
        assert head.status == 200 and head.body == b"" and int(head.headers["Content-Length"]) == size

        parts = {
            "bytes=0-0": data[:1], "bytes=5-20": data[5:21], f"bytes={size - 1}-": data[-1:],
            "bytes=-1": data[-1:], f"bytes=-{size + 5}": data, f"bytes=7-{size + 5}": data[7:],
            "BYTES=3-4": data[3:5], f"bytes=1-{2**64 - 1}": data[1:],
        }
        for text, expected in parts.items():
            part = server.request("GET", path, headers={"Range": text})
            assert part.status == 206 and part.body == expected, text
            first = size - len(expected) if text.startswith("bytes=-") else data.index(expected)
            assert part.headers["Content-Range"].endswith(f"/{size}"), text
            assert len(expected) < 8 or f" {first}-" in part.headers["Content-Range"], text
        for text in (f"bytes={size}-", f"bytes={2**63}-{2**63}", "bytes=-0"):
            part = server.request("GET", path, headers={"Range": text})
            assert part.status == 416 and part.body == b"", text
            assert part.headers["Content-Range"] == f"bytes */{size}", text
        for text in ("bytes=", "bytes=-", "bytes=5-4", "bytes=1-2,4-5", "lines=1-2", "bytes=a-b",
                     "bytes=1 -2", f"bytes=0-{2**64}", "bytes=-" + "9" * 40):
            assert server.request("GET", path, headers={"Range": text}).body == data, text
        for tag, status in ((etag, 206), ('"other"', 200), ("Mon, 23 Nov 2026 00:00:00 GMT", 200)):
            answer = server.request("GET", path, headers={"Range": "bytes=1-2", "If-Range": tag})
            assert answer.status == status, tag
        assert server.request("GET", path, headers={"If-None-Match": etag}).status == 304
        assert server.request("GET", path, headers={"If-None-Match": '"x"'}).status == 200

        for other in (bytes(32).hex(), package[2].hex().upper(), package[2].hex()[:-1], "..",
                      "%2e%2e%2fpawl.db", package[2].hex() + ".pawl", "a" * 500):
            assert server.request("GET", f"/v1/packages/{other}").status == 404, other


def test_only_proven_packages():
    """SPEC 16: a package is served and assigned only when its key has opened all of it."""
    with Server() as server:
        server.vendor()
        package = server.package("a", "one")
        data, key, package_id = package
        path, key_path = package_path(package), package_path(package) + "/content-key"
        target = {"package_id": package_id.hex(), "target": {"group": "g"}}
        server.expect(404, "PUT", key_path, key)
        answer = server.expect(201, "PUT", path, data)
        assert answer["state"] == "needs-key" and answer["name"] == "one", answer
        assert server.request("GET", path).status == 404
        server.expect(409, "PUT", "/v1/assignments", target)
        assert server.expect(422, "PUT", key_path, os.urandom(32))["class"] == "corrupt"
        assert server.expect(400, "PUT", key_path, key[:-1])["class"] == "malformed"
        assert server.expect(400, "PUT", key_path, b"")["class"] == "malformed"
        assert server.request("GET", path).status == 404

        altered = bytearray(data)  # the header holds, a chunk does not
        altered[-20] ^= 1
        server.expect(201, "PUT", path, bytes(altered))
        assert server.expect(422, "PUT", key_path, key)["class"] == "corrupt"
        server.expect(201, "PUT", path, data)
        assert server.expect(200, "PUT", key_path, key)["state"] == "ready"
        assert server.request("GET", path).body == data
        assert server.expect(200, "PUT", path, bytes(altered))["state"] == "ready"
        assert server.request("GET", path).body == data  # what is ready never changes
        server.expect(201, "PUT", "/v1/assignments", target)
        assert server.expect(200, "PUT", key_path, key)["state"] == "ready"
        listed = server.expect(200, "GET", "/v1/packages")["items"]
        assert [x["state"] for x in listed] == ["ready"], listed


def test_long_names():
    """SPEC 6, 16: a name that is longer than a list shows is cut between two characters."""
    with Server() as server:
        server.vendor()
        server.publish(server.package("a", "one", title="x" + "\u00e9" * 200))
        (listed,) = server.expect(200, "GET", "/v1/packages")["items"]
        assert listed["name"] == "x" + "\u00e9" * 127, listed


def test_vendor_keys():
    """SPEC 6.8, 16.4: what a release says of vendor keys and its profile is listed and audited; one
    that no device would take is refused."""
    with Server() as server:
        server.vendor()
        pawl("keygen", "--out", f"{server.dir}/old.pem")

        def kid(name):
            return json.loads(pawl("inspect", "--json", f"{server.dir}/{name}.pub.pem"))["key_id"]

        def signed(label, *options):
            stem = f"{server.dir}/{label}"
            with open(f"{stem}.image", "wb") as file:
                file.write(b"image" * 500)
            pawl("package", "--quiet", "--image", f"{stem}.image", "--key",
                 f"{server.dir}/vendor.pem", "--vendor", "example.com", "--class", "a", "--name",
                 label, "--version", "1", "--security-version", 1, "--out", f"{stem}.pawl", *options)
            with open(f"{stem}.pawl", "rb") as file, open(f"{stem}.key", "rb") as key:
                data, content_key = file.read(), key.read()
            about = json.loads(pawl("inspect", "--json", f"{stem}.pawl"))
            return data, content_key, bytes.fromhex(about["package_id"])

        server.publish(signed("plain"))
        revoking = signed("revoking", "--revoke", f"{server.dir}/old.pub.pem", "--profile",
                          "network")
        server.publish(revoking)
        listed = {item["name"]: item for item in server.expect(200, "GET", "/v1/packages")["items"]}
        plain, revoking_item = listed["plain"], listed["revoking"]
        assert (plain["signed_by"], plain["revokes"], plain["profile"]) == \
            (kid("vendor"), [], "confined"), plain
        assert (revoking_item["revokes"], revoking_item["profile"]) == \
            ([kid("old")], "network"), revoking_item
        assert revoking_item["signed_by"] == kid("vendor")
        assert kid("vendor").encode() in pawl("packages", "--socket", f"{server.data}/operator.sock")
        detail = server.audit("package-published")[-1]["detail"]
        assert (detail["signed_by"], detail["revokes"]) == (kid("vendor"), [kid("old")]), detail

        # The signer's id in place of the other: `pawl package` does not make such a release.
        data = bytearray(revoking[0])
        old, own = bytes.fromhex(kid("old")), bytes.fromhex(kid("vendor"))
        assert data.count(old) == 1
        data = bytes(data).replace(old, own)
        header = data[12:12 + int.from_bytes(data[8:12], "big")]
        name = hashlib.sha256(header).hexdigest()
        answer = server.expect(403, "PUT", f"/v1/packages/{name}", data)
        assert answer["class"] == "untrusted", answer
        assert len(server.expect(200, "GET", "/v1/packages")["items"]) == 2


def test_no_descriptors():
    """SPEC 16.2: who may not open a file now is not told, and no cache with it, that there is none."""
    with Server() as server:
        server.vendor()
        package = server.package("a", "one", os.urandom(1000))
        server.publish(package)
        connection = server.connection()

        def fetch(path):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer, answer.read()

        assert fetch("/healthz")[0].status == 200
        pid = server.process.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))  # all three are in use
        answer, body = fetch(package_path(package))
        assert answer.status == 503 and answer.headers["Retry-After"] == "1", (answer.status, body)
        assert json.loads(body)["class"] == "exhausted", body
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        assert fetch(package_path(package))[1] == package[0]
        assert fetch(f"/v1/packages/{'0' * 64}")[0].status == 404
        connection.close()


def test_key_encrypted_to_the_server():
    """SPEC 15: a content key in CMS; one for another server is untrusted."""
    with Server() as server, Server() as other:
        server.vendor()
        image = f"{server.dir}/image"
        with open(image, "wb") as file:
            file.write(os.urandom(5000))
        for name, where, status in (("ours", server, 200), ("theirs", other, 403)):
            stem = f"{server.dir}/{name}"
            pawl("package", "--image", image, "--key", f"{server.dir}/vendor.pem", "--vendor",
                 "example.com", "--class", "a", "--name", name, "--version", "1",
                 "--security-version", "1", "--kind", "opaque", "--content-key", f"{stem}.key",
                 "--server-cert", f"{where.data}/server.crt", "--out", f"{stem}.pawl")
            about = pawl("inspect", "--json", f"{stem}.pawl")
            package_id = __import__("json").loads(about)["package_id"]
            with open(f"{stem}.pawl", "rb") as file, open(f"{stem}.key", "rb") as key:
                server.expect(201, "PUT", f"/v1/packages/{package_id}", file.read())
                sealed = key.read()
            server.expect(status, "PUT", f"/v1/packages/{package_id}/content-key", sealed)


def test_hostile_uploads():
    """I9: whatever arrives as a package, a clear error and nothing kept."""
    with Server() as server:
        server.vendor()
        package = server.package("a", "one")
        data, path = package[0], package_path(package)
        other = f"/v1/packages/{bytes(32).hex()}"
        cases = [
            (path, b""), (path, b"PAWL"), (path, data[:11]), (path, data[:12]), (path, data[:100]),
            (path, data[:-1]), (path, data + b"\0"), (path, data + data), (other, data),
            (path, b"X" + data[1:]), (path, data[:8] + b"\xff\xff\xff\xff" + data[12:]),
            (path, data[:8] + bytes(4) + data[12:]), (path, os.urandom(300000)), (path, b"\0" * 5000),
        ]
        for where, body in cases:
            status, answer = server.operate("PUT", where, body)
            assert status in (400, 422) and answer["class"] in ("malformed", "corrupt",
                                                                "unsupported"), (answer, body[:20])
        for where in ("x", "g" * 64, package[2].hex()[:-2]):
            assert server.operate("PUT", f"/v1/packages/{where}", data)[0] == 400
        assert os.listdir(f"{server.data}/packages") == []
        assert server.expect(200, "GET", "/v1/packages")["items"] == []
        server.publish(package)


def test_interrupted_uploads():
    """A client that goes away, and kill -9 in the middle of an upload: nothing is left half done."""
    with Server() as server:
        server.vendor()
        package = server.package("a", "one", os.urandom(200000))
        path = package_path(package)

        def begin_upload():
            connection = UnixConnection(f"{server.data}/operator.sock")
            connection.putrequest("PUT", path)
            connection.putheader("Content-Length", str(len(package[0])))
            connection.endheaders()
            connection.send(package[0][:100000])
            for _ in range(200):
                names = os.listdir(f"{server.data}/packages")
                if names and os.path.getsize(f"{server.data}/packages/{names[0]}") > 0:
                    break
                __import__("time").sleep(0.02)
            return connection

        begin_upload().close()
        for _ in range(200):
            if not os.listdir(f"{server.data}/packages"):
                break
            __import__("time").sleep(0.02)
        assert os.listdir(f"{server.data}/packages") == []
        connection = begin_upload()
        assert len(os.listdir(f"{server.data}/packages")) == 1
        server.stop(signal.SIGKILL)
        connection.close()
        server.start()
        assert os.listdir(f"{server.data}/packages") == []
        server.stop()  # a file that was named, and not yet written down, when the server died
        orphan = f"{server.data}/packages/{package[2].hex()}.pending"
        with open(orphan, "wb") as file:
            file.write(package[0])
        server.start()
        assert not os.path.exists(orphan)
        server.publish(package)
        assert server.request("GET", path).body == package[0]
        os.unlink(f"{server.data}/packages/{package[2].hex()}.pawl")
        assert server.request("GET", path).status == 404
        server.publish(package)  # what was lost can be brought again
        assert server.request("GET", path).body == package[0]


def test_slow_and_broken_readers():
    """I9: a download that stops half way harms nobody."""
    with Server() as server:
        server.vendor()
        package = server.package("a", "one", os.urandom(3000000))
        server.publish(package)
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.send(f"GET {package_path(package)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                client.recv(1000)
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        for _ in range(3):  # keep-alive
            connection.request("GET", package_path(package))
            assert connection.getresponse().read() == package[0]
        connection.close()


run(test_ranges, test_only_proven_packages, test_long_names, test_vendor_keys, test_no_descriptors,
    test_key_encrypted_to_the_server, test_hostile_uploads, test_interrupted_uploads, test_slow_and_broken_readers)
