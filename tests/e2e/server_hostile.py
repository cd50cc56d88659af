#!/usr/bin/python3
"""A scanner at the door (I9): every operation of docs/openapi.json, every method, every role and none,
with paths, queries, headers and bodies that are wrong in each way that comes to mind. Nothing may
answer 5xx, nothing may crash, leak or hang, and what is refused is refused as SPEC 16.2 says.

PAWL_HOSTILE_REQUESTS (1000, sanitized 300) of them, by the generator that PAWL_HOSTILE_SEED (1) starts."""
import copy
import http.client
import json
import os
import random
import socket
import ssl
import urllib.parse

from pawl_device import MEDIA_TYPE
from pawl_secure import SecureServer
from pawl_samples import target_of
from pawl_server import OPENAPI, SANITIZED, run

REQUESTS = int(os.environ.get("PAWL_HOSTILE_REQUESTS", "300" if SANITIZED else "1000"))
SEED = int(os.environ.get("PAWL_HOSTILE_SEED", "1"))
METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "FOO",
           "PROPFIND", "X" * 60)
TEXTS = ("", "0", "-1", "1", "a" * 64, "a" * 65, "x" * 3000, "null", "true", "../../etc/passwd",
         "..%2f..%2f", "'; DROP TABLE device; --", "\" OR 1=1 --", "%s%n%x", "${jndi:ldap://x}",
         "<script>", "\u0000", "\ud7ff", "\U0001f512", "\u202e", "\r\nX: y", "9" * 30, "1e400", "0x10",
         "18446744073709551615", "18446744073709551616", "9223372036854775808", "-9223372036854775809",
         "0" * 32, "f" * 32, "F" * 32, "0" * 64, "active", "name:*", "((((", "a and", "[", "{}")
VALUES = (*TEXTS, None, True, False, 0, -1, 1, 2**31, 2**63 - 1, 2**63, 2**64, -2**63, 1.5, 1e308, [], {},
          [[]], [None], {"": ""}, ["0" * 32] * 3, {"class": "a"}, {"group": "g"}, {"device": "0" * 32})
RAW = (b"", b"{", b"[", b"nul", b"{}" * 2, b"[" * 20000, b'{"a":' * 5000, b'"' + b"x" * 900, b"\xff\xfe",
       b"\x00" * 100, b'{"a": 1, "a": 2}', b'{"\xed\xa0\x80": 1}', b"1e999", b"-", b"\x30\x84\xff\xff\xff\xff",
       b"\xd2\x84", b"PAWLPKG1\xff\xff\xff\xff", b"\xa0", b"x" * 70000, b'{"name": "\\u0000"}')
STATUSES_OF_MICROHTTPD = (400, 405, 411, 413, 414, 417, 431, 501, 505)


def instance(schema, generator, depth=0):
    """Something that a schema allows, or nearly."""
    schema = OPENAPI.resolve(schema)
    if depth > 6:
        return None
    for name in ("oneOf", "anyOf"):
        if name in schema:
            return instance(generator.choice(schema[name]), generator, depth + 1)
    if "allOf" in schema:
        parts = [instance(part, generator, depth + 1) for part in schema["allOf"]]
        return {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return generator.choice(schema["enum"])
    kind = schema.get("type")
    kind = generator.choice(kind) if isinstance(kind, list) else kind
    if kind == "object":
        return {name: instance(value, generator, depth + 1)
                for name, value in schema.get("properties", {}).items()
                if name in schema.get("required", ()) or generator.random() < 0.7}
    if kind == "array":
        return [instance(schema.get("items", {}), generator, depth + 1)
                for _ in range(generator.randrange(4))]
    if kind == "integer":
        return generator.choice((schema.get("minimum", 0), schema.get("maximum", 10), 7))
    if kind == "boolean":
        return generator.random() < 0.5
    if kind == "string":
        if "{64}" in schema.get("pattern", "") or "{32}" in schema.get("pattern", ""):
            return generator.choice("0f") * (64 if "{64}" in schema["pattern"] else 32)
        return generator.choice(("a", "pilots", "2026-01-01", "x" * schema.get("maxLength", 8)))
    return None


def places(value, path=()):
    """The ways to each member of a value."""
    yield path
    members = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield from places(inner, (*path, key))


def spoil(value, generator):
    """The value with one thing in it that is wrong."""
    value = copy.deepcopy(value)
    path = generator.choice(list(places(value)))
    if not path:
        return generator.choice(VALUES)
    owner = value
    for key in path[:-1]:
        owner = owner[key]
    deed = generator.randrange(3)
    if deed == 0:
        del owner[path[-1]]
    elif deed == 1 or not isinstance(owner, dict):
        owner[path[-1]] = generator.choice(VALUES)
    else:
        owner[generator.choice(TEXTS)[:200]] = generator.choice(VALUES)
    return value


class Scanner:
    def __init__(self, server, known):
        self.server, self.known = server, known
        self.generator = random.Random(SEED)
        self.tokens = [server.token(role, role) for role in ("viewer", "operator", "admin", "factory")]
        self.connections = {}
        self.statuses = {}

    def path(self, operation):
        generator = self.generator
        if generator.random() < 0.6:
            return target_of(operation, self.known if generator.random() < 0.7 else {})
        nasty = urllib.parse.quote(generator.choice(TEXTS).encode("utf-8", "surrogatepass"), safe="%/")
        parts = [nasty if part.startswith("{") else part for part in operation.path.split("/")]
        return "/".join(parts) if generator.random() < 0.8 else f"{operation.path}/{nasty}"

    def query(self, operation):
        generator = self.generator
        names = [parameter["name"] for parameter in
                 map(OPENAPI.resolve, operation.item.get("parameters", [])) if parameter["in"] == "query"]
        chosen = [name for name in names + ["limit", "x"] if generator.random() < 0.4]
        if not chosen:
            return ""
        quote = urllib.parse.quote
        return "?" + "&".join(f"{name}={quote(generator.choice(TEXTS).encode('utf-8', 'replace'))}"
                              for name in chosen) + generator.choice(("", "&", "&&=", "&%", "&a=%ff"))

    def body(self, operation):
        generator = self.generator
        content = OPENAPI.resolve(operation.item.get("requestBody", {})).get("content", {})
        media = next(iter(content), "application/json")
        if generator.random() < 0.3:
            body = generator.choice(RAW)
        elif generator.random() < 0.2:
            body = generator.randbytes(generator.randrange(3000))
        else:
            value = instance(content.get("application/json", {}).get("schema", {}), generator)
            value = spoil(value, generator) if generator.random() < 0.8 else value
            body = json.dumps(value, ensure_ascii=generator.random() < 0.5).encode("utf-8", "replace")
        if media == "application/cose":
            media = MEDIA_TYPE
        return body, generator.choice((media, media, media, "text/plain", "", "x" * 500))

    def headers(self):
        generator, headers = self.generator, {}
        if generator.random() < 0.9:
            token = generator.choice(self.tokens + [self.tokens[2]] * 4)
            headers["Authorization"] = f"Bearer {token}"
        elif generator.random() < 0.5:
            headers["Authorization"] = generator.choice(("Bearer", "Basic x", "Bearer " + "a" * 5000, "\xff"))
        for name in ("Idempotency-Key", "Range", "If-None-Match", "Accept", "Cookie", "X-Request-Id",
                     "Expect"):
            if generator.random() < 0.1:
                text = generator.choice(TEXTS).encode("latin-1", "replace")[:500]
                headers[name] = text.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")
        return headers

    def connection(self, listener):
        if listener not in self.connections:
            self.connections[listener] = \
                self.server.connection() if listener == "device" else self.server.remote()
        return self.connections[listener]

    def request(self):
        generator = self.generator
        operation = generator.choice([operation for operation in OPENAPI.operations
                                      if {"device", "operator"} & set(operation.listeners)])
        listener = "operator" if "operator" in operation.listeners else "device"
        method = operation.method if generator.random() < 0.85 else generator.choice(METHODS)
        target = self.path(operation) + self.query(operation)
        body, media = self.body(operation) if method not in ("GET", "HEAD") or generator.random() < 0.1 \
            else (None, None)
        headers = self.headers()
        if media:
            headers["Content-Type"] = media
        what = f"{method} {target[:200]} {headers} {body[:200] if body else body}"
        connection = self.connection(listener)
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            data = response.read()
        except (http.client.HTTPException, OSError, ssl.SSLError) as error:
            self.connections.pop(listener).close()
            self.server.alive()
            self.note("hung up" if not isinstance(error, http.client.InvalidURL) else "not sent")
            return
        self.note(response.status)
        assert response.status < 500 or response.status in (501, 505, 507), (response.status, what, data)
        described = OPENAPI.find(listener, method, target) is not None
        media_type = response.headers["Content-Type"]
        if response.status in STATUSES_OF_MICROHTTPD and (not data or media_type != "application/json"):
            self.connections.pop(listener).close()
        elif described and response.status < 300:
            OPENAPI.check_answer(listener, method, target, None, response.status, media_type, data)
        elif response.status >= 400 and method != "HEAD":
            error = json.loads(data)
            assert set(error) == {"class", "message"}, (what, data)

    def note(self, status):
        self.statuses[status] = self.statuses.get(status, 0) + 1


def test_scanner():
    """I9, SPEC 16.2."""
    with SecureServer("--token-rate", "100000") as server:
        server.vendor()
        (device,) = server.personalize("a")
        device.exchange()
        package_id, _ = server.release("a", "one")
        known = {"device_id": device.id.hex(), "package_id": package_id.hex(),
                 "assignment": server.assign(package_id, class_="a")}
        scanner = Scanner(server, known)
        for _ in range(REQUESTS):
            scanner.request()
        print(f"answers: {scanner.statuses}")
        assert {200, 400, 401, 403, 404, 405} <= set(scanner.statuses), scanner.statuses
        assert scanner.statuses.get("hung up", 0) < REQUESTS / 10, scanner.statuses
        # It serves as before.
        assert server.ask("GET", "/v1/status", token=server.token("after", "viewer"))[0] == 200
        assert server.request("GET", "/healthz").status == 200
        server.alive()


def test_dropped_bodies():
    """I8, I9: a body that is refused by its head is dropped, whatever its size: what is wiped then is
    what was kept."""
    with SecureServer() as server:
        for operation in OPENAPI.operations:
            if "operator" not in operation.listeners or "requestBody" not in operation.item:
                continue
            for size in (1, 1024, 1025, 5000, 16385, 60000):
                connection = server.operator_connection()
                connection.request(operation.method, target_of(operation, {}), b"x" * size,
                                   {"Content-Type": "text/nonsense"})
                response = connection.getresponse()
                error = json.loads(response.read())
                connection.close()
                assert 400 <= response.status < 500 and "class" in error, (str(operation), size, error)
        server.alive()


def test_half_requests():
    """I9: requests that end anywhere, on either port, in TLS and before it."""
    with SecureServer() as server:
        whole = (b"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer pawl_" + b"0" * 64 +
                 b"\r\nContent-Length: 5\r\n\r\n{}   ")
        generator = random.Random(SEED)
        for port in (server.port, server.operator_port):
            for cut in sorted(generator.sample(range(len(whole)), 12)):
                with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, \
                        server.context.wrap_socket(plain, server_hostname="localhost") as secured:
                    secured.sendall(whole[:cut])
            for _ in range(12):
                with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
                    plain.sendall(generator.randbytes(generator.randrange(1, 400)))
        assert server.request("GET", "/healthz").status == 200
        assert server.ask("GET", "/v1/status")[0] in (401, 429)
        server.alive()


run(test_scanner, test_dropped_bodies, test_half_requests)
