#!/usr/bin/python3
"""Who may do what (SPEC 16.8, 16.11), for each operation of docs/openapi.json: every role, and those
who have none. Made from the file: a new operation is tested by being described."""
import json
import secrets
import time

from pawl_secure import SecureServer
from pawl_server import OPENAPI, run
from pawl_samples import body_of, target_of

ROLES = ("viewer", "operator", "admin", "factory")


def test_every_operation_and_role():
    """What x-pawl-roles names gets through, all others are told which role it takes."""
    with SecureServer("--token-rate", "1000") as server:
        tokens = {role: server.token(role, role) for role in ROLES}
        certificates = {}
        for role in ROLES:
            certificates[role] = server.authority.issue(f"{role}-client", client=True)
            server.expect(201, "POST", "/v1/tokens", {"name": f"{role}-client", "role": role,
                                                      "subject": f"CN={role}-client"})
        connection = server.remote()
        connections = {role: server.remote(certificates[role]) for role in ROLES}
        tried = 0
        for operation in OPENAPI.operations:
            if "operator" not in operation.listeners:
                continue
            target = target_of(operation, {})
            for role in ROLES:
                allowed = role in operation.roles or not operation.roles
                for via in ({"token": tokens[role], "connection": connection},
                            {"connection": connections[role]}):
                    body, headers = body_of(operation)
                    status, _, data = server.ask(operation.method, target, body, headers=headers, **via)
                    what = (str(operation), role, status, data)
                    tried += 1
                    assert status < 500, what
                    assert (status not in (401, 403)) == allowed or \
                        (allowed and b"roles" not in data and status == 403), what
                    if not allowed:
                        assert status == 403, what
                        error = json.loads(data)
                        assert error["class"] == "untrusted" and f"yours is {role}" in error["message"]
                        for other in operation.roles:
                            assert other in error["message"], what
        assert tried >= 8 * 15, tried
        server.alive()


def test_every_operation_without_a_role():
    """No token, a wrong one, an expired and a revoked one: 401 for each operation that has roles, and
    nothing was done."""
    with SecureServer() as server:
        soon = int(time.time()) + 1
        expired = server.token("expired", "admin", expires=soon)
        revoked = server.token("revoked", "admin")
        server.expect(200, "DELETE", "/v1/tokens/revoked")
        while time.time() <= soon:
            time.sleep(0.1)
        before = server.expect(200, "GET", "/v1/audit?limit=10000")["items"]
        for operation in OPENAPI.operations:
            if "operator" not in operation.listeners or not operation.roles:
                continue
            for token in (None, "pawl_" + secrets.token_hex(32), expired, revoked, "x"):
                body, headers = body_of(operation)
                status, answered, data = server.ask(operation.method, target_of(operation, {}), body,
                                                    token, headers)
                what = (str(operation), token, status, data)
                assert status in (401, 429), what  # one address may not fail without end
                assert "WWW-Authenticate" in answered or status == 429, what
        assert server.expect(200, "GET", "/v1/audit?limit=10000")["items"] == before
        server.alive()


run(test_every_operation_and_role, test_every_operation_without_a_role)
