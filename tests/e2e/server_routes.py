#!/usr/bin/python3
"""Every route with good and hostile requests (I9): never a 5xx, never a crash, always JSON errors."""
import http.client
import json
import os
import random
import socket
import subprocess
import sys

from pawl_device import MEDIA_TYPE
from pawl_server import SANITIZED, Server, UnixConnection, pawl, run, wait_for

OPERATOR_ROUTES = (
    ("GET", "/v1/status"), ("GET", "/v1/audit"), ("POST", "/v1/units"), ("GET", "/v1/packages"),
    ("PUT", "/v1/packages/ID"), ("PUT", "/v1/packages/ID/content-key"),
    ("GET", "/v1/assignments"), ("PUT", "/v1/assignments"), ("DELETE", "/v1/assignments/1"),
    ("GET", "/v1/devices"), ("GET", "/v1/devices/DEV"), ("PUT", "/v1/devices/DEV/group"),
    ("POST", "/v1/devices/DEV/release"), ("POST", "/v1/devices/DEV/retry"),
    ("PUT", "/v1/devices/DEV/labels"), ("POST", "/v1/devices/DEV/decommission"),
    ("POST", "/v1/entitlements"),
)
METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS")


def raw(server, data, read=True):
    """Sends bytes to the device listener; the first bytes of the answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=2) as client:
        try:
            client.sendall(data)
            return client.recv(4096) if read else b""
        except OSError:
            return b""


def test_device_routes():
    """SPEC 12: methods, media types and sizes of the device listener."""
    with Server() as server:
        typed = {"Content-Type": MEDIA_TYPE}
        assert server.request("GET", "/healthz").body == b"ok\n"
        for method in METHODS:
            answer = server.request(method, "/v1/report", b"x" if method != "GET" else None, typed)
            assert answer.status == (400 if method == "POST" else 405), method
            assert method == "POST" or answer.headers["Allow"] == "POST"
            answer = server.request(method, "/healthz", headers=typed)
            assert answer.status == (200 if method == "GET" else 405), method
            assert method == "GET" or answer.headers["Allow"] == "GET, HEAD"
        for text in (None, "application/json", "application/cose", "text/plain",
                     'application/cose; cose-type="cose-sign1"', MEDIA_TYPE + "x", "", "a" * 300):
            headers = {} if text is None else {"Content-Type": text}
            assert server.request("POST", "/v1/report", b"x", headers).status == 415, text
        for text in ("application/cose;cose-type=cose-mac0",
                     'Application/COSE ; cose-type="cose-mac0"'):
            answer = server.request("POST", "/v1/report", b"x", {"Content-Type": text})
            assert answer.status == 400, text
        for size, status in ((0, 400), (1024, 400), (1025, 413), (5000, 413), (60000, 413)):
            answer = server.request("POST", "/v1/report", b"x" * size, typed)
            assert answer.status == status, size
            assert json.loads(answer.body)["class"] in ("malformed", "exhausted")
        chunked = b"POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Type: " + MEDIA_TYPE.encode() + \
            b"\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert b" 413 " in raw(server, chunked + b"500\r\n" + b"x" * 0x500 + b"\r\n0\r\n\r\n")
        assert b" 400 " in raw(server, chunked + b"3\r\nabc\r\n0\r\n\r\n")
        huge = chunked.replace(b"Transfer-Encoding: chunked", b"Content-Length: 1000000000")
        assert b" 413 " in raw(server, huge)
        for path in ("/", "/v1", "/v1/report/", "/v1/packages/", "/v1/packages", "/v2/report", "//",
                     "/v1/status", "/v1/devices", "/v1/units", "/%00", "/" + "a" * 3000):
            assert server.request("GET", path).status == 404, path


def test_hostile_reports():
    """I9, SPEC 9: altered reports never pass and never hurt."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        device.exchange()
        report, _ = device.report()
        generator = random.Random(1)
        connection = server.connection()

        def status_of(body):
            connection.request("POST", "/v1/report", body, {"Content-Type": MEDIA_TYPE})
            response = connection.getresponse()
            response.read()
            return response.status

        assert status_of(report) == 200
        for at in range(len(report)):  # each byte, and each length
            altered = bytearray(report)
            altered[at] ^= 1 << generator.randrange(8)
            assert status_of(bytes(altered)) in (400, 403), at
            assert status_of(report[:at]) == 400, at
        for _ in range(100 if SANITIZED else 500):
            noise = generator.randbytes(generator.randrange(1024))
            assert status_of(noise) == 400
        authentic = (  # well signed, badly said
            dict(extra={8: 1}), dict(extra={127: b""}), dict(state=8), dict(state=-1),
            dict(sequence=-1), dict(instance=b"x"), dict(package=b"x"), dict(nonce=b"x" * 9),
            dict(challenge=b"x" * 129), dict(failed=[b"x", 1]), dict(failed=[bytes(32)]),
            dict(failed=[]), dict(failed=[bytes(32), -1]), dict(nonce=None), dict(sequence=None),
        )
        for changes in authentic:
            status = status_of(device.report(**changes)[0])
            assert status == 400, (status, changes)
        assert status_of(device.report(extra={128: "an extension"})[0]) == 200
        connection.close()
        server.alive()


def test_hostile_http():
    """I9: bytes that are no HTTP, heads that are too large, requests that never end."""
    with Server() as server:
        generator = random.Random(2)
        for _ in range(50):
            raw(server, generator.randbytes(generator.randrange(1, 3000)) + b"\r\n\r\n", read=False)
        for data in (b"GET / HTTP/9.9\r\n\r\n", b"GET\r\n\r\n", b"\r\n" * 1000, b"\0" * 100,
                     b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
                     b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n",
                     b"POST /v1/report HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                     b"POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n"
                     b"\r\n",
                     b"POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                     b"Content-Length: 5\r\n\r\nabcd"):
            answer = raw(server, data)
            assert b" 50" not in answer[:12] or b" 505 " in answer[:13], answer[:100]
        idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
        for client in idle:
            client.send(b"POST /v1/rep")
        assert server.request("GET", "/healthz").status == 200
        for client in idle:
            client.close()
        server.alive()


def test_operator_routes():
    """SPEC 16: methods, arguments and bodies of the operator socket."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        package = server.package("a", "one")
        server.publish(package)
        paths = [(method, path.replace("ID", package[2].hex()).replace("DEV", device.id.hex()))
                 for method, path in OPERATOR_ROUTES]
        known = {}
        for method, path in paths:
            known.setdefault(path, set()).add(method)
        for path, methods in known.items():
            for method in METHODS:
                if method not in methods:
                    status, answer = server.operate(method, path)
                    assert (status, answer["class"]) == (405, "unsupported"), (method, path)
        bodies = (b"", b"{", b"[]", b"null", b"{}", b'{"x": 1}', b"\xff\xfe", b'{"a":1,"a":2}',
                  b'{"package_id": "00"}', b'{"package_id": 5, "target": 7}', b"{" * 1000,
                  json.dumps({"package_id": package[2].hex(), "target": {}}).encode(),
                  json.dumps({"package_id": package[2].hex(), "target": {"class": "a"}}).encode(),
                  json.dumps({"package_id": package[2].hex(), "target": {"device": "zz"}}).encode(),
                  json.dumps({"package_id": package[2].hex(), "target": {"group": ""}}).encode(),
                  json.dumps({"package_id": package[2].hex(), "target": {"group": "g" * 65}}).encode(),
                  json.dumps({"package_id": package[2].hex(), "target": {"group": "a\nb"}}).encode(),
                  json.dumps({"package_id": package[2].hex(), "devices": []}).encode(),
                  json.dumps({"package_id": package[2].hex(), "devices": ["x"]}).encode(),
                  json.dumps({"package_id": bytes(32).hex(), "target": {"group": "g"}}).encode(),
                  json.dumps({"group": 5}).encode(), json.dumps({"reason": "x" * 300}).encode(),
                  b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", os.urandom(3000))
        for method, path in paths:
            if method in ("PUT", "POST") and not path.endswith("/retry"):
                if "packages/" in path and not path.endswith("key"):
                    continue  # ready: whatever comes is dropped; see server_packages.py
                for body in bodies:
                    status, answer = server.operate(method, path, body, raw=True)
                    assert 400 <= status < 500, (method, path, body[:40], status, answer)
                    assert "class" in json.loads(answer), answer
        for query in ("limit=0", "limit=10001", "limit=x", "limit=-1", "limit=", "after=x",
                      "after=-1", f"after={2**64}", "after=" + "9" * 300):
            for path in ("audit", "packages", "assignments", "devices"):
                status, answer = server.operate("GET", f"/v1/{path}?{query}")
                assert (status, answer["class"]) == (400, "malformed"), (path, query)
        for query in ("state=x", "class=a", "class=&vendor=", "group=", "group=%ff", "group=" + "g" * 65):
            assert server.operate("GET", f"/v1/devices?{query}")[0] == 400, query
        for path in ("devices/x", "devices/" + "0" * 31, "devices/" + "g" * 32):
            assert server.operate("GET", f"/v1/{path}")[0] == 400, path
        for method, path, body in (("GET", "", None), ("PUT", "/group", {"group": None}),
                                   ("POST", "/release", {"reason": "r"}), ("POST", "/retry", None),
                                   ("PUT", "/labels", {"key": "a", "value": "b"}),
                                   ("POST", "/decommission", {"reason": "r"})):
            assert server.operate(method, f"/v1/devices/{bytes(16).hex()}{path}", body)[0] == 404
        for number in ("x", "-1", "0", "99", str(2**64)):
            assert server.operate("DELETE", f"/v1/assignments/{number}")[0] in (400, 404), number
        status, _ = server.operate("PUT", "/v1/assignments", b"x" * 2000)
        assert status == 413
        assert server.expect(200, "GET", "/v1/status")["devices"] == 1


def test_lists():
    """SPEC 16: cursors walk through whole lists, filters hold."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 25) + server.personalize("b", 5)
        for device in devices[:3]:
            server.expect(200, "PUT", f"/v1/devices/{device.id.hex()}/group", {"group": "pilots"})

        def walk(path):
            items, after = [], ""
            while True:
                page = server.expect(200, "GET", f"{path}limit=4{after}")
                items += page["items"]
                if page["next"] is None:
                    return items
                after = f"&after={page['next']}"

        ids = [item["device_id"] for item in walk("/v1/devices?")]
        assert len(ids) == 30 and set(ids) == {device.id.hex() for device in devices}
        assert len(walk("/v1/devices?class=b&vendor=example.com&")) == 5
        class_id = walk("/v1/devices?class=b&vendor=example.com&")[0]["class_id"]
        assert len(walk(f"/v1/devices?class={class_id}&")) == 5
        assert len(walk("/v1/devices?group=pilots&")) == 3
        assert len(walk("/v1/devices?vendor=example.com&")) == 30
        assert len(walk("/v1/devices?vendor=example.org&")) == 0
        for label in "one", "two", "three", "four", "five":
            server.assign(server.release("a", label)[0], class_="a")
        waiting = server.package("a", "six")
        server.expect(201, "PUT", f"/v1/packages/{waiting[2].hex()}", waiting[0])
        for query, count in (("class=a&vendor=example.com", 6), (f"class={class_id}", 0),
                             ("name=one", 1), ("name=one&state=ready", 1), ("state=needs-key", 1),
                             ("state=ready", 5), ("name=six&state=ready", 0), ("name=none", 0)):
            assert len(walk(f"/v1/packages?{query}&")) == count, query
        for query in ("state=x", "class=a", "vendor=example.com", "class=&vendor="):
            assert server.operate("GET", f"/v1/packages?{query}")[0] == 400, query
        assert len(walk("/v1/packages?")) == 6 and len(walk("/v1/assignments?")) == 5
        numbers = [item["id"] for item in walk("/v1/audit?")]
        assert numbers == list(range(1, len(numbers) + 1))


def test_units():
    """SPEC 3, 15: units are imported once; what is refused is told; a bad stream stops where it is
    bad."""
    with Server() as server, Server() as other:
        server.vendor()
        server.personalize("a", 3)
        with open(f"{server.dir}/a/units.import", "rb") as file:
            sealed = file.read()
        answer = server.expect(200, "POST", "/v1/units", sealed)
        assert (answer["imported"], answer["refused_count"]) == (0, 3), answer
        assert {item["class"] for item in answer["refused"]} == {"state"}
        assert other.expect(403, "POST", "/v1/units", sealed)["class"] == "untrusted"
        altered = bytearray(sealed)
        altered[len(altered) // 2] ^= 1
        assert server.operate("POST", "/v1/units", bytes(altered))[0] in (400, 403)
        for cut in (1, 15, 16, 100, len(sealed) - 1):
            assert server.operate("POST", "/v1/units", sealed[:cut])[0] == 400, cut

        def plain(name, count, *options):
            pawl("personalize", "--vendor", "example.com", "--class", name, "--count", count,
                 "--trust", f"{server.dir}/vendor.pub.pem", "--out", f"{server.dir}/{name}", *options)
            with open(f"{server.dir}/{name}/units.import", "rb") as file:
                return file.read()

        units = plain("b", 40)
        status, answer = server.operate("POST", "/v1/units", units[:-1])
        assert status == 400 and "unit 40" in answer["message"], answer
        assert "39 before it were imported" in answer["message"], answer
        answer = server.expect(200, "POST", "/v1/units?group=pilots", units)
        assert (answer["imported"], answer["refused_count"]) == (1, 39), answer
        assert server.operate("POST", "/v1/units?group=%0a", units)[0] == 400

        import cbor2
        twin = cbor2.loads(units)
        twin[2] = os.urandom(16)  # the secret of another device
        answer = server.expect(200, "POST", "/v1/units", cbor2.dumps(twin, canonical=True))
        assert (answer["imported"], answer["refused_count"]) == (0, 1), answer
        many = plain("c", 40000, "--no-pud-files") if not SANITIZED else plain("c", 2000)
        connection = UnixConnection(f"{server.data}/operator.sock")
        connection.request("POST", "/v1/units", iter([many[i:i + 70001] for i in
                                                      range(0, len(many), 70001)]),
                           encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        answer = json.loads(connection.getresponse().read())
        assert answer["imported"] == (2000 if SANITIZED else 40000), answer
        assert server.expect(200, "GET", "/v1/status")["devices"] == 43 + answer["imported"]


def test_entitlements():
    """SPEC 8, 16: rows for a target, each at the sequence number that is held; none for devices in
    quarantine, of another class, or at their maximum."""
    with Server() as server:
        server.vendor()
        devices = server.personalize("a", 5)
        (stranger,) = server.personalize("b")
        (spent,) = server.personalize("c", 1, ("--maximum", "1"))
        package, key = server.release("a", "one")
        ordered = {"package_id": package.hex(),
                   "target": {"class": "a", "vendor": "example.com"}}
        devices[1].sequence, devices[1].instance = 3, os.urandom(8)
        devices[1].exchange()
        devices[2].sequence, devices[2].instance = 1, os.urandom(8)
        devices[2].exchange()
        devices[2].exchange(sequence=0)  # quarantine

        def rows_of(body, status=200):
            got, data = server.operate("POST", "/v1/entitlements", body, raw=True)
            assert got == status, (got, data[:200])
            if status != 200:
                return data
            count = int.from_bytes(data[:8], "big")
            assert len(data) == 8 + 48 * count
            return {data[i:i + 8]: data[i + 8:i + 48] for i in range(8, len(data), 48)}

        rows = rows_of(ordered)
        assert len(rows) == 4
        for device in devices:
            row = rows.get(device.tag(package, device.sequence))
            assert (row is None) == (device is devices[2])
            assert row is None or device.open(package, row) == key
        rows = rows_of({"package_id": package.hex(), "devices": [devices[0].id.hex(),
                                                                 stranger.id.hex()]})
        assert list(rows) == [devices[0].tag(package, 0)]
        assert len(rows_of({"package_id": package.hex(), "target": {"device": devices[3].id.hex()}})) == 1
        assert rows_of({"package_id": package.hex(), "target": {"group": "none"}}) == {}
        rows_of({"package_id": package.hex(), "devices": [bytes(16).hex()]}, 404)
        rows_of({"package_id": bytes(32).hex(), "devices": [devices[0].id.hex()]}, 404)
        other, _ = server.release("c", "two")
        assert len(rows_of({"package_id": other.hex(), "devices": [spent.id.hex()]})) == 1
        spent.sequence, spent.instance = 1, os.urandom(8)
        spent.exchange()
        assert rows_of({"package_id": other.hex(), "devices": [spent.id.hex()]}) == {}
        assert len(server.audit("entitlements-made")) == 6


def test_who_may_operate():
    """SPEC 16: the peer's user decides, not who can open the socket."""
    if os.geteuid() != 0:
        print("skipped: needs root for another user")
        return
    client = ["setpriv", "--reuid=65534", "--clear-groups", "curl", "-s", "-o", "/dev/stdout", "-w",
              "%{http_code}", "http://x/v1/status", "--unix-socket"]
    for options, expected in ((("--operator-uid", "12345"), "403"),
                              (("--operator-uid", "12345", "65534"), "200"), ((), "000")):
        with Server(*options) as server:
            os.chmod(server.dir, 0o755), os.chmod(server.data, 0o711)
            done = subprocess.run(client + [f"{server.data}/operator.sock"], check=False,
                                  stdout=subprocess.PIPE)
            assert done.stdout.decode().endswith(expected), (options, done.stdout)


def test_strangers_leave_room():
    """SPEC 16: a user who may not operate cannot keep those who may from it."""
    if os.geteuid() != 0:
        print("skipped: needs root for another user")
        return
    flood = "import socket,sys\n" \
            "fds = [socket.socket(socket.AF_UNIX) for _ in range(40)]\n" \
            "for fd in fds: fd.connect(sys.argv[1])\n" \
            "print('connected', flush=True)\n" \
            "sys.stdin.read()\n"
    with Server("--operator-uid", "12345") as server:
        os.chmod(server.dir, 0o755), os.chmod(server.data, 0o711)
        with subprocess.Popen([sys.executable, "-c", flood, f"{server.data}/operator.sock"],
                              user=65534, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stranger:
            assert stranger.stdout.readline() == b"connected\n"

            def answered():
                """False while all forty still stand before the server, which lets 32 in at once."""
                try:
                    return server.operate("GET", "/v1/status")[0] == 200
                except OSError:
                    return False

            wait_for(answered, "an operator's answer", 5)
            for _ in range(20):
                server.expect(200, "GET", "/v1/status")
            stranger.stdin.close()
            assert stranger.wait(30) == 0


def test_addresses():
    """One address, or all of them: IPv4 always, IPv6 where there is any."""
    try:
        with open("/proc/net/if_inet6", encoding="ascii") as file:
            has_ipv6 = "lo" in file.read().split()
    except OSError:
        has_ipv6 = False
    for listen, hosts in ((":0", ("127.0.0.1", "::1")), ("127.0.0.1:0", ("127.0.0.1",)),
                          ("[::1]:0", ("::1",))):
        hosts = [host for host in hosts if has_ipv6 or ":" not in host]
        if not hosts:
            continue
        with Server("--listen", listen) as server:
            for host in hosts:
                connection = http.client.HTTPConnection(host, server.port, timeout=20)
                connection.request("GET", "/healthz")
                assert connection.getresponse().read() == b"ok\n", (listen, host)
                connection.close()


def test_start_errors():
    """Errors of the command line and of the data directory: one line, a class, the exit code."""
    binary = f"{os.environ['PAWL_BIN']}/pawld"

    def start(*arguments):
        done = subprocess.run([binary, *arguments], check=False, stderr=subprocess.PIPE, timeout=60,
                              env=dict(os.environ, PAWL_CONFIG="/dev/null"))
        return done.returncode, done.stderr.decode()

    with Server() as server:
        data = server.data
        assert start("--data", data)[0] == 20  # state: another one runs
        assert start("init", "--data", data)[0] == 20
        server.stop()
        keys = {name: open(f"{data}/{name}", "rb").read()
                for name in ("master.key", "server.key", "server.crt")}
        assert start("init", "--data", data) == (0, "")
        for name, content in keys.items():
            with open(f"{data}/{name}", "rb") as file:
                assert file.read() == content, name  # nothing was overwritten
        os.chmod(f"{data}/master.key", 0o644)
        code, text = start("--data", data)
        assert code == 12 and "others may read it" in text and "chmod 600" in text, text
        os.chmod(f"{data}/master.key", 0o600)
        with open(f"{data}/master.key", "wb") as file:
            file.write(os.urandom(32))
        assert start("--data", data)[0] == 12
        with open(f"{data}/master.key", "wb") as file:
            file.write(b"short")
        assert start("--data", data)[0] == 10
        os.unlink(f"{data}/master.key")
        assert start("--data", data)[0] == 20
        assert start("init", "--data", data)[0] == 20  # a new key would only hide the loss
        for arguments in ((), ("--data",), ("--data", data, "--threads", "0"),
                          ("--data", data, "--operator-uid", "root"), ("--data", data, "extra"),
                          ("--data", data, "--log-level", "loud"), ("--what",)):
            code, text = start(*arguments)
            assert code == 2 and text.startswith("pawld: usage:"), (arguments, text)
        with open(f"{data}/master.key", "wb") as file:
            file.write(keys["master.key"])
        os.chmod(f"{data}/master.key", 0o600)
        for listen in ("nonsense", "127.0.0.1:99999999", "host.invalid:80", "127.0.0.1"):
            assert start("--data", data, "--listen", listen)[0] == 10, listen
        assert start("--data", f"{data}/none")[0] == 20
        server.start()


run(test_device_routes, test_hostile_reports, test_hostile_http, test_operator_routes, test_lists,
    test_units, test_entitlements, test_who_may_operate, test_strangers_leave_room, test_addresses,
    test_start_errors)
