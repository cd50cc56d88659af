#!/usr/bin/python3
"""A hostile client that writes its own HTTP (I9): requests whose heads lie about bodies, repeat, never end
or are no HTTP at all, for operations of docs/openapi.json on all listeners, beside bodies that are no
JSON. Never a 5xx (but 503 where the server says that it is not ready, and 505), never a crash; it serves
afterwards, and in a sanitized build nothing leaked. server_hostile.py has the well-formed half.

usage: server_scan.py [ROUNDS [SEED]]      a sample of operations by default; make soak runs all"""
import json
import os
import random
import re
import socket
import ssl
import sys
import time

from pawl_device import MEDIA_TYPE
from pawl_server import OPENAPI, SANITIZED, Server

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 1
SAMPLE = 1000 if len(sys.argv) > 1 else 6 if SANITIZED else 16
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "G\0T",
           "X" * 3000)
generator = random.Random(SEED)

# Values that are wrong for nearly every member and parameter.
ODD = (None, True, False, 0, -1, 1 << 31, 1 << 63, 1 << 64, 10 ** 400, -0.0, 1e308, "", "\0", "a" * 5000,
       "\ud800", "\u202e", "../../etc/passwd", "%00", "' OR 1=1 --", "0" * 32, "f" * 64, "F" * 32, [], {},
       [[]], {"a": {}}, [None] * 1000, "2026-02-30T00:00:00Z", "'\";`$(id)")
TEXTS = ("", "%00", "%", "%zz", "%ff%fe", "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "a" * 4000, "-1", "0",
         "18446744073709551615", "18446744073709551616", "9" * 400, "1e9", "%0d%0aX-Injected:%201", "*",
         "'%20OR%201=1", "%e2%80%ae", "a%00b", "0x10", "null", "true")


OVERLONG_EXTENSION = b"0;" + b"x" * 9000 + b"\r\n\r\n"


def depth(levels):
    return b"[" * levels + b"]" * levels


# Bodies that are no JSON, or JSON that no reader should like.
BODIES = (b"", b"{", b"}", b"null", b"[]", b'""', b"0", b"{}", b"\xff\xfe", b'{"a":1,"a":2}', b"\0" * 100,
          b'{"package_id":"' + b"0" * 64, depth(50), depth(5000), depth(200000), b'{"a":' * 3000, b"1" * 5000,
          b'{"\\u0000":1}', b'{"a":"\xc0\x80"}', b'{"a":1e999999}', b'"\\ud800"', b"\xef\xbb\xbf{}",
          b"<?xml version='1.0'?><!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>", b"%PDF", b"PAWLPKG1\0\0\0\4abcd",
          b"PAWLPKG1\xff\xff\xff\xff", b"\x30\x84\xff\xff\xff\xff", b"\xa1" * 200, b"\x9f" * 1000)


class Scanner:
    def __init__(self, server, known):
        self.server, self.known = server, known
        self.count, self.statuses = 0, {}

    # --- one exchange ---

    def connect(self, listener):
        if listener == "device":
            client = socket.create_connection(("127.0.0.1", self.server.port), timeout=3)
        elif listener == "metrics":
            client = socket.create_connection(("127.0.0.1", self.server.metrics_port()), timeout=3)
        else:
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.settimeout(3)
            client.connect(f"{self.server.data}/operator.sock")
        return client

    def send(self, listener, data, what, close=True):
        """Sends bytes; the status of the answer, 0 for none."""
        self.count += 1
        answer = b""
        with self.connect(listener) as client:
            try:
                client.sendall(data)
                if close:
                    client.shutdown(socket.SHUT_WR)
                while len(answer) < 1000:
                    part = client.recv(65536)
                    if not part:
                        break
                    answer += part
            except OSError:  # it hung up on us, as it may
                pass
        match = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
        status = int(match.group(1)) if match else 0
        self.statuses[status] = self.statuses.get(status, 0) + 1
        # Libmicrohttpd itself has no better word for a chunk's extension longer than its buffer.
        if data.endswith(OVERLONG_EXTENSION) and b"GNU libmicrohttpd" in answer:
            status = 400
        assert status < 500 or status in (501, 503, 505), \
            f"{listener}: {what}: {answer[:300]}\n{self.server.log()[-3000:]}"
        self.server.alive()
        return status

    def request(self, listener, method, target, body=b"", headers=(), close=False):
        if isinstance(method, str):
            method = method.encode("latin-1")
        if isinstance(target, str):
            target = target.encode("utf-8", "surrogatepass")
        head = method + b" " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        for name, value in headers:
            head += name + b": " + value + b"\r\n"
        if body or method in (b"PUT", b"POST"):
            head += b"Content-Length: %d\r\n" % len(body)
        return self.send(listener, head + b"\r\n" + body, f"{method[:20]} {target[:200]} {body[:200]!r}",
                         close)

    # --- operations ---

    def target(self, operation, part=None):
        """Its path with things that exist, or with `part` for all of them."""
        def fill(match):
            return part if part is not None else str(self.known.get(match.group(1), "0" * 32))
        return re.sub(r"\{([a-z_]+)\}", fill, operation.path)

    def sample(self, schema, levels=0):
        """A value that the schema allows, as far as this goes."""
        schema = OPENAPI.resolve(schema)
        if levels > 6:
            return None
        for choice in ("oneOf", "anyOf", "allOf"):
            if choice in schema:
                return self.sample(generator.choice(schema[choice]), levels + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return generator.choice(schema["enum"])
        kind = schema.get("type")
        kind = generator.choice(kind) if isinstance(kind, list) else kind
        if kind == "object" or "properties" in schema:
            return {name: self.sample(value, levels + 1)
                    for name, value in schema.get("properties", {}).items()}
        if kind == "array":
            return [self.sample(schema.get("items", {}), levels + 1)]
        if kind == "integer":
            return generator.choice((schema.get("minimum", 0), schema.get("maximum", 100)))
        if kind == "boolean":
            return generator.random() < 0.5
        if kind == "null":
            return None
        digits = re.search(r"\{(\d+)\}", schema.get("pattern", ""))
        if digits:
            return generator.choice((self.known["package_id"], self.known["device_id"]))[:int(digits[1])]
        return "a"

    def bodies(self, operation):
        """Hostile bodies of an operation: each member of a good one replaced by what it must not be."""
        content = OPENAPI.resolve(operation.item.get("requestBody", {})).get("content", {})
        media = content.get("application/json")
        if media is not None:
            good = self.sample(media["schema"])
            yield json.dumps(good).encode()
            for name in good if isinstance(good, dict) else ():
                for value in generator.sample(ODD, 6):
                    yield json.dumps({**good, name: value}).encode()
                yield json.dumps({key: value for key, value in good.items() if key != name}).encode()
            yield json.dumps({**good, "unknown": 1} if isinstance(good, dict) else [good]).encode()
        yield from generator.sample(BODIES, 6)
        yield generator.randbytes(generator.randrange(3000))

    def media_types(self, operation):
        content = OPENAPI.resolve(operation.item.get("requestBody", {})).get("content", {})
        own = MEDIA_TYPE if "application/cose" in content else next(iter(content), "application/json")
        return (own, own, own, "text/plain", "application/json; charset=\xff", "", "a" * 3000)

    def operation(self, operation, listener):
        for body in self.bodies(operation):
            kind = generator.choice(self.media_types(operation)).encode("latin-1")
            self.request(listener, operation.method, self.target(operation), body,
                         ((b"Content-Type", kind),))
        for text in generator.sample(TEXTS, 5):
            self.request(listener, operation.method, self.target(operation, text))
            name = generator.choice([parameter["name"] for parameter in
                                     map(OPENAPI.resolve, operation.item.get("parameters", []))
                                     if parameter["in"] == "query"] or ["limit"])
            self.request(listener, operation.method, f"{self.target(operation)}?{name}={text}")
        for method in generator.sample(METHODS, 3):
            self.request(listener, method, self.target(operation), generator.choice(BODIES))
        self.headers(operation, listener)

    def headers(self, operation, listener):
        """Heads that lie, repeat or go on for ever."""
        target = self.target(operation).encode()
        head = operation.method.encode() + b" " + target + b" HTTP/1.1\r\nHost: x\r\n"
        lies = (
            b"Content-Length: 10\r\n\r\nabc", b"Content-Length: -1\r\n\r\n",
            b"Content-Length: 99999999999999999999999\r\n\r\n", b"Content-Length: 0x10\r\n\r\n" + b"a" * 16,
            b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 2000 + b"0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n" + OVERLONG_EXTENSION,
            b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"Transfer-Encoding: x\r\n\r\n",
            b"Authorization: Bearer " + b"a" * 5000 + b"\r\n\r\n", b"Authorization: Bearer\r\n\r\n",
            b"Authorization: Basic Og==\r\nAuthorization: Bearer x\r\n\r\n",
            b"Range: bytes=" + b"0-0," * 1000 + b"\r\n\r\n", b"Range: bytes=-\r\nRange: bytes=0-\r\n\r\n",
            b"Range: bytes=18446744073709551615-18446744073709551616\r\n\r\n",
            b"If-None-Match: \"" + b"a" * 3000 + b"\r\n\r\n", b"X-Request-Id: a\r\n b\r\n\r\n",
            b"Idempotency-Key: " + b"k" * 3000 + b"\r\n\r\n", b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
            b"Expect: x\r\n\r\n", b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
            b"Cookie: " + b"a=b;" * 1000 + b"\r\n\r\n", b"A\0B: c\r\n\r\n", b": x\r\n\r\n", b"A\r\n\r\n", b"\r\n",
            b"".join(b"H%d: v\r\n" % i for i in range(3000)) + b"\r\n",
        )
        for lie in generator.sample(lies, 8):
            self.send(listener, head + lie, head[:100] + lie[:100])
        self.send(listener, (head + b"\r\n") * 20, "pipelined")
        self.send(listener, head[:generator.randrange(1, len(head))], "cut off")

    def noise(self, listener):
        for line in (b"GET / HTTP/9.9\r\n\r\n", b"GET  / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\n\n", b"\x16\x03\x01\x02",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET http://other/v1/status HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET /" + b"%2e%2e/" * 500 + b" HTTP/1.1\r\n\r\n", b"GET //v1/../../v1/status HTTP/1.1\r\n\r\n",
                     b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", generator.randbytes(2000), b"\r\n" * 500, b"\0" * 5000):
            self.send(listener, line, line[:100])


class Target(Server):
    def __init__(self):
        super().__init__()
        self.options = ("--metrics-listen", "127.0.0.1:0", "--metrics-port-file", f"{self.dir}/metrics",
                        "--access-log", "all", "--log-format", "json")

    def metrics_port(self):
        with open(f"{self.dir}/metrics", encoding="ascii") as file:
            return int(file.read())


def main():
    with Target() as server:
        server.vendor()
        (device,) = server.personalize("a")
        package, _ = server.release("a", "one")
        server.assign(package, class_="a")
        device.exchange()
        scanner = Scanner(server, {"device_id": device.id.hex(), "package_id": package.hex(), "assignment": 1,
                                   "key": "data", "campaign": 1})
        began = time.monotonic()
        for _ in range(ROUNDS):
            for operation in generator.sample(OPENAPI.operations, min(SAMPLE, len(OPENAPI.operations))):
                for listener in operation.listeners:
                    scanner.operation(operation, listener)
            for listener in ("device", "operator", "metrics"):
                scanner.noise(listener)
        # It serves as before, also a device that it did not know, and its log is JSON to the end.
        assert server.request("GET", "/healthz").body == b"ok\n"
        assert server.operate("GET", "/v1/status")[0] == 200
        server.stop()
        for line in server.log().splitlines():
            json.loads(line)
        server.start()
        (another,) = server.personalize("b")
        assert another.exchange()[2] in (0, 1)
        hit = {status for status in scanner.statuses if 200 <= status < 300}
        assert hit and {400, 404, 405, 413} <= {*scanner.statuses}, scanner.statuses
        print(f"seed {SEED}: {scanner.count} requests in {time.monotonic() - began:.1f} s: "
              f"{dict(sorted(scanner.statuses.items()))}")


main()
