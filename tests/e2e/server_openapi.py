#!/usr/bin/python3
"""docs/openapi.json against a running server (SPEC 16): each operation is served where and how the
file says, its answers have the shape that the file gives, and nothing else is served. (Server.operate
checks the exchanges of all other tests too.)"""
from pawl_server import OPENAPI, Server, run
from pawl_samples import body_of, target_of

METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE")


def speak(server, listener, method, target, body=None, headers=None):
    """(status, headers, bytes), checked against the file."""
    connection = server.connection() if listener == "device" else server.operator_connection()
    connection.request(method, target, body, headers or {})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    OPENAPI.check_answer(listener, method, target, body, response.status,
                         response.headers["Content-Type"], data)
    return response.status, response.headers, data


def test_operations_are_served():
    """Each operation is there, for things that are known and for others; no other method is."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        package_id, _ = server.release("a", "one")
        known = {"device_id": device.id.hex(), "package_id": package_id.hex(),
                 "assignment": server.assign(package_id, class_="a")}
        plan = {"name": "one", "package_id": package_id.hex(), "target": {"group": "lab"}}
        known["campaign"] = server.expect(201, "POST", "/v1/campaigns", plan)["id"]
        succeeded = set()
        for operation in OPENAPI.operations:
            for listener in operation.listeners:
                for names in ({}, known):
                    target = target_of(operation, names)
                    body, headers = body_of(operation)
                    status, _, data = speak(server, listener, operation.method, target, body, headers)
                    assert status < 500 and status != 405, (str(operation), status, data)
                    assert b"no such resource" not in data, str(operation)
                    if status < 300:
                        succeeded.add(operation.id)
        assert {"status", "listDevices", "showDevice", "fetchPackage", "health", "unassign"} <= succeeded
        known["campaign"] = server.expect(201, "POST", "/v1/campaigns", plan)["id"]  # one is deleted
        for listener in ("device", "operator"):
            paths = {operation.path: operation for operation in OPENAPI.operations
                     if listener in operation.listeners}
            for path, operation in paths.items():
                described = {other.method for other in OPENAPI.operations
                             if other.path == path and listener in other.listeners}
                target = target_of(operation, {})
                for method in set(METHODS) - described:
                    status, headers, _ = speak(server, listener, method, target)
                    assert status == 405, (listener, method, path, status)
                    allowed = set(headers["Allow"].split(", ")) - {"HEAD"}
                    assert allowed == described, (listener, path, allowed)
                if "GET" in described and not path.startswith(("/v1/packages/", "/v1/content")):
                    status, _, data = speak(server, listener, "HEAD", target_of(operation, known))
                    assert (status, data) == (200, b""), (listener, path, status)
        server.alive()


def test_answers_of_success():
    """What people do in their first hour, each answer and each body as described."""
    with Server() as server:
        server.vendor()
        device, other = server.personalize("a", 2)
        name = f"/v1/devices/{device.id.hex()}"
        package_id, _ = server.release("a", "one")
        server.expect(200, "PUT", f"{name}/group", {"group": "pilots"})
        server.expect(200, "PUT", f"{name}/group", {"group": None, "reason": "moved"})
        server.expect(200, "PUT", f"{name}/labels", {"key": "site", "value": "berlin"})
        assert len(server.expect(200, "GET", "/v1/devices?filter=label.site=berlin")["items"]) == 1
        server.expect(200, "PUT", f"{name}/labels", {"key": "site", "value": None})
        for target in ({"class_": "a"}, {"group": "pilots"}, {"device": device.id.hex()}):
            server.assign(package_id, **target)
        assert len(server.expect(200, "GET", "/v1/assignments")["items"]) == 3
        device.exchange()
        device.exchange(failed=[package_id, 64])
        assert server.device(device)["last_failure"]["code"] == 64
        server.expect(200, "POST", f"{name}/retry")
        device.sequence = 3
        device.exchange()
        device.exchange(sequence=0)
        assert server.device(device)["quarantine_reason"]
        server.expect(200, "POST", f"{name}/release", {"reason": "seen"})
        for order in ({"target": {"group": "pilots"}}, {"devices": [device.id.hex()]},
                      {"target": {"devices": [device.id.hex()]}}):
            status, _ = server.operate("POST", "/v1/entitlements",
                                       {"package_id": package_id.hex(), **order}, raw=True)
            assert status == 200
        server.expect(200, "DELETE", "/v1/assignments/1")
        assert server.expect(200, "GET", "/v1/audit?limit=2")["next"] == 2
        assert server.expect(200, "GET", "/v1/packages?limit=1")["next"] == package_id.hex()
        assert server.expect(200, "GET", "/v1/devices?limit=1")["next"] is not None
        server.expect(200, "POST", f"/v1/devices/{other.id.hex()}/decommission", {"reason": "burnt"})


run(test_operations_are_served, test_answers_of_success)
