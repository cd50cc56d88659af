#!/usr/bin/python3
"""Operators over HTTPS (SPEC 16.10 to 16.15): tokens and client certificates, what is said to those
who have none, and how often one may ask."""
import json
import os
import secrets
import subprocess
import time

from pawl_secure import Authority, SecureServer, name_of
from pawl_server import BIN, SANITIZED, Server, run


def refused(answer, status, *words):
    """The message of an answer that refuses."""
    got, headers, data = answer
    error = json.loads(data)
    assert got == status, (got, data)
    for word in words:
        assert word in error["message"], (word, error)
    if status == 401:
        assert headers["WWW-Authenticate"].startswith('Bearer realm="pawld"')
        assert error["class"] == "untrusted"
    if status == 429:
        assert int(headers["Retry-After"]) >= 1 and error["class"] == "exhausted"
    return headers


def test_tokens():
    """SPEC 16.10, 16.11: a token opens what its role may do, until it expires or is revoked."""
    with SecureServer() as server:
        ask = server.ask
        refused(ask("GET", "/v1/status"), 401, "a token is needed", "Authorization: Bearer")
        for value in ("", "Basic YTpi", "Bearer", "Bearer a b", "pawl_" + "0" * 64):
            refused(ask("GET", "/v1/status", headers={"Authorization": value}), 401)
        refused(ask("GET", "/v1/status", token="pawl_" + "A" * 64), 401, "no token of pawld")
        unknown = refused(ask("GET", "/v1/status", token="pawl_" + "0" * 64), 401, "not known")
        assert 'error="invalid_token"' in unknown["WWW-Authenticate"]
        refused(ask("GET", "/v1/nonsense"), 401)  # what there is, is nobody else's business

        viewer, soon = server.token("eve", "viewer"), int(time.time()) + 2
        short = server.token("short", "admin", expires=soon)
        connection = server.remote()
        assert ask("GET", "/v1/status", token=viewer, connection=connection)[0] == 200
        refused(ask("PUT", "/v1/assignments", {}, viewer), 403, "roles operator, admin",
                "yours is viewer")
        refused(ask("GET", "/v1/nonsense", token=viewer), 404)
        assert ask("GET", "/v1/tokens", token=short)[0] == 200
        assert [item["actor"] for item in server.audit("token-created")] == ["0/root"] * 2 or \
            os.geteuid() != 0
        while time.time() <= soon:
            time.sleep(0.1)
        refused(ask("GET", "/v1/tokens", token=short), 401, '"short" expired on 20')

        # An admin over HTTPS makes and revokes tokens; the revoked one's open connection ends too.
        admin = server.token("root", "admin")
        status, _, data = ask("DELETE", "/v1/tokens/eve?reason=left%20us", token=admin)
        assert (status, data) == (200, b"{}")
        refused(ask("GET", "/v1/status", token=viewer, connection=connection), 401, "revoked")
        refused(ask("DELETE", "/v1/tokens/eve", token=admin), 404)
        (entry,) = server.audit("token-revoked")
        assert (entry["actor"], entry["detail"]) == ("token:root", {"name": "eve", "reason": "left us"})
        again = server.token("eve", "operator")
        assert ask("GET", "/v1/status", token=again)[0] == 200
        items = {item["id"]: item for item in
                 server.expect(200, "GET", "/v1/tokens")["items"]}
        assert [items[i]["name"] for i in sorted(items)] == ["eve", "short", "root", "eve"]
        assert items[1]["revoked"] and not items[4]["revoked"] and items[4]["last_used"]

        # They survive a restart, and no token is in any file or in the log.
        server.stop()
        server.start()
        assert ask("GET", "/v1/status", token=again)[0] == 200
        refused(ask("GET", "/v1/status", token=viewer), 401)
        assert server.expect(200, "GET", "/v1/tokens")["items"][3]["last_used"]
        for folder, _, names in os.walk(server.dir):
            for name in filter(lambda name: not name.endswith(".sock"), names):
                with open(f"{folder}/{name}", "rb") as file:
                    content = file.read()
                for token in (viewer, short, admin, again):
                    assert token.encode() not in content and \
                        bytes.fromhex(token[5:]) not in content, name


def test_answers_of_a_revoked_token():
    """SPEC 16.14: a token that gets the name of a revoked one is not told the other's answers."""
    with SecureServer() as server:
        order = {"name": "made", "role": "viewer", "digest": secrets.token_hex(32)}
        headers = {"Idempotency-Key": "k"}
        first = server.token("eve", "admin")
        for replayed in (None, "true"):
            status, got, _ = server.ask("POST", "/v1/tokens", order, first, headers)
            assert (status, got["Idempotency-Replayed"]) == (201, replayed), status
        assert server.ask("DELETE", "/v1/tokens/eve", token=first)[0] == 200
        second = server.token("eve", "admin")
        refused(server.ask("POST", "/v1/tokens", order, second, headers), 409, "a token of this name")
        order = {**order, "name": "other", "digest": secrets.token_hex(32)}
        status, got, _ = server.ask("POST", "/v1/tokens", order, second, headers)
        assert (status, got["Idempotency-Replayed"]) == (201, None), status


def test_bodies_of_tokens():
    """SPEC 16.10: what a token may be made of."""
    with SecureServer() as server:
        digest = secrets.token_hex(32)
        good = {"name": "a", "role": "viewer", "digest": digest}
        for changes in ({"name": ""}, {"name": "a" * 49}, {"name": "a b"}, {"name": 1}, {"name": "ä"},
                        {"role": "root"}, {"role": 1}, {"role": "Admin"}, {"digest": "00"},
                        {"digest": None}, {"subject": "CN=a"}, {"expires": 5}, {"expires": "soon"},
                        {"expires": -1}, {"expires": 1.5}, {"token": "x"}):
            server.expect(400, "POST", "/v1/tokens", {**good, **changes})
        for subject in ("", "x" * 257, 5):
            server.expect(400, "POST", "/v1/tokens", {"name": "a", "role": "viewer",
                                                      "subject": subject})
        server.expect(400, "POST", "/v1/tokens", {"name": "a", "role": "viewer"})
        server.expect(201, "POST", "/v1/tokens", {**good, "expires": None})
        server.expect(409, "POST", "/v1/tokens", good)
        server.expect(409, "POST", "/v1/tokens", {**good, "name": "b"})
        server.expect(409, "POST", "/v1/tokens", {**good, "digest": secrets.token_hex(32)})
        for name in ("%20", "a%2fb", "x" * 60):
            assert server.operate("DELETE", f"/v1/tokens/{name}")[0] in (400, 404)
        server.expect(400, "DELETE", "/v1/tokens/a?reason=")
        server.expect(400, "DELETE", "/v1/tokens/a?reason=%ff")
        assert len(server.expect(200, "GET", "/v1/tokens")["items"]) == 1


def test_client_certificates():
    """SPEC 16.13: a certificate of the authority, whose subject was given a role, needs no token."""
    with SecureServer() as server:
        alice = server.authority.issue("alice", name_of(("O", "Example"), ("CN", "alice")), client=True)
        subject = subprocess.run(["openssl", "x509", "-in", alice[0], "-noout", "-subject", "-nameopt",
                                  "RFC2253"], check=True, stdout=subprocess.PIPE).stdout.decode()
        subject = subject.strip().removeprefix("subject=")
        assert subject == "CN=alice,O=Example"
        refused(server.ask("GET", "/v1/status", certificate=alice), 401, subject, "no role")
        server.expect(201, "POST", "/v1/tokens", {"name": "alice", "role": "operator",
                                                  "subject": subject})
        assert server.ask("GET", "/v1/status", certificate=alice)[0] == 200
        refused(server.ask("GET", "/v1/tokens", certificate=alice), 403, "yours is operator")
        status, _, _ = server.ask("PUT", "/v1/assignments", {"package_id": "0" * 64,
                                                             "target": {"group": "g"}},
                                  certificate=alice)
        assert status == 409
        # A token beside it counts, good or bad.
        viewer = server.token("eve", "viewer")
        refused(server.ask("PUT", "/v1/assignments", {}, viewer, certificate=alice), 403)
        refused(server.ask("GET", "/v1/status", token="x", certificate=alice), 401)

        stranger = Authority(server.dir, "another authority")
        same_name = name_of(("O", "Example"), ("CN", "alice"))
        for bad in (stranger.issue("mallory", same_name, client=True),
                    server.authority.issue("late", same_name, client=True, start=-9, end=-2),
                    server.authority.issue("early", same_name, client=True, start=2, end=9),
                    server.authority.issue("wrong-use", same_name)):
            try:
                refused(server.ask("GET", "/v1/status", certificate=bad), 401, "not one that this")
            except OSError as error:  # a client may not even be willing to show it
                print(f"{bad[0]}: {error}")
        connection = server.remote(alice)
        assert server.ask("GET", "/v1/status", connection=connection)[0] == 200
        server.expect(200, "DELETE", "/v1/tokens/alice")
        refused(server.ask("GET", "/v1/status", connection=connection), 401, "no role")


def test_rates():
    """SPEC 16.15: a token that asks too often waits, others do not; so does an address that keeps
    failing, but not its good tokens."""
    with SecureServer("--token-rate", "2") as server:
        busy, other = server.token("busy", "viewer"), server.token("other", "viewer")
        connection, statuses = server.remote(), []
        for _ in range(12):
            answer = server.ask("GET", "/v1/status", token=busy, connection=connection)
            statuses.append(answer[0])
        assert statuses[:8] == [200] * 8 and 429 in statuses, statuses
        for _ in range(20):
            answer = server.ask("GET", "/v1/status", token=busy, connection=connection)
            if answer[0] == 429:
                break
        refused(answer, 429, '"busy" makes too many requests')
        assert server.ask("GET", "/v1/status", token=other)[0] == 200
        assert server.operate("GET", "/v1/status")[0] == 200

        for _ in range(40):
            answer = server.ask("GET", "/v1/status", token="pawl_" + secrets.token_hex(32))
            if answer[0] == 429:
                break
            refused(answer, 401)
        headers = refused(answer, 429, "too many failed attempts from this address")
        assert headers["Connection"].lower() == "close"
        assert 18 <= server.log().count("event=authentication-failed") <= 40
        assert server.ask("GET", "/v1/status", token=other)[0] == 200
        server.alive()


def test_connections():
    """I9: strangers who connect and say nothing, or little, keep nobody out for long."""
    with SecureServer() as server:
        viewer = server.token("eve", "viewer")
        held = [server.remote() for _ in range(8 if SANITIZED else 40)]
        for connection in held:
            connection.connect()
            connection.sock.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\nAutho")
        assert server.ask("GET", "/v1/status", token=viewer)[0] == 200
        for connection in held:
            connection.close()
        connection = server.remote()
        try:  # libmicrohttpd answers this by itself
            connection.request("GET", "/v1/status", headers={"Authorization": "x" * 300000})
            assert connection.getresponse().status in (401, 413, 431)
        except OSError:
            pass
        connection.close()
        server.alive()


def test_start_errors():
    """SPEC 16.11: tokens never travel in the clear, but on loopback by express wish."""
    with Server() as server:
        server.stop()

        def start(*options):
            done = subprocess.run([f"{BIN}/pawld", "--data", server.data, "--listen", "127.0.0.1:0",
                                   *options], stderr=subprocess.PIPE, timeout=60, check=False,
                                  env=dict(os.environ, PAWL_CONFIG="/dev/null"))
            return done.returncode, done.stderr.decode()

        code, text = start("--operator-listen", "127.0.0.1:0")
        assert code == 2 and "must not travel in the clear" in text, text
        for address in ("0.0.0.0:0", ":0", "192.0.2.1:0", "[::]:0", "nonsense"):
            code, text = start("--operator-listen", address, "--plain-operators")
            assert code == 2 and "no loopback address" in text, text
        assert start("--client-ca", "/dev/null")[0] == 2
        authority = Authority(server.dir)
        certificate, key = authority.issue("server")
        secure = ("--tls-cert", certificate, "--tls-key", key, "--operator-listen", "127.0.0.1:0")
        assert start(*secure, "--client-ca", "/dev/null")[0] == 10
        assert start(*secure, "--client-ca", f"{server.dir}/none")[0] == 17
        assert start(*secure, "--token-rate", "0")[0] == 2
        server.options = ("--operator-listen", "127.0.0.1:0", "--plain-operators")
        server.start()
        assert "serving plain HTTP to operators of this machine" in server.log()


run(test_tokens, test_answers_of_a_revoked_token, test_bodies_of_tokens, test_client_certificates,
    test_rates, test_connections, test_start_errors)
