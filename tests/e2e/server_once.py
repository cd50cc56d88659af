#!/usr/bin/python3
"""SPEC 16.14: a request with an Idempotency-Key is done once, however often it is sent."""
import json
import sqlite3
import threading
import time

from pawl_server import OPENAPI, Server, run

KEY = "Idempotency-Key"
DAY = 24 * 3600


def ask(server, method, path, body, key):
    """(status, whether it is an answer given again, value)"""
    connection = server.operator_connection()
    body = body if isinstance(body, (str, bytes)) else json.dumps(body)
    connection.request(method, path, body, {KEY: key})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    OPENAPI.check_answer("operator", method, path, body, response.status,
                         response.headers["Content-Type"], data)
    return response.status, response.headers["Idempotency-Replayed"] == "true", json.loads(data)


def assignments(server):
    return [item["id"] for item in server.expect(200, "GET", "/v1/assignments")["items"]]


def database(server, *statement):
    """Changes the database of a server that is stopped."""
    connection = sqlite3.connect(f"{server.data}/pawl.db")
    changed = connection.execute(*statement).rowcount
    connection.commit()
    connection.close()
    return changed


def test_done_once():
    """The same request is answered as it was, also after a restart; another one is refused."""
    with Server() as server:
        server.vendor()
        server.personalize("a")
        package, _ = server.release("a", "one")
        order = {"package_id": package.hex(), "target": {"group": "pilots"}}
        first = ask(server, "PUT", "/v1/assignments", order, "k1")
        assert first[0] == 201 and not first[1], first
        assert ask(server, "PUT", "/v1/assignments", order, "k1") == (201, True, first[2])
        server.stop()
        server.start()
        assert ask(server, "PUT", "/v1/assignments", order, "k1") == (201, True, first[2])
        other = {**order, "target": {"group": "others"}}
        status, _, error = ask(server, "PUT", "/v1/assignments", other, "k1")
        assert status == 409 and "another request" in error["message"], error
        status, _, error = ask(server, "POST", "/v1/tokens", order, "k1")
        assert status == 409, error
        assert assignments(server) == [first[2]["id"]]
        assert len(server.audit("assigned")) == 1
        assert ask(server, "PUT", "/v1/assignments", order, "k2")[1:] == \
            (False, {**first[2], "id": first[2]["id"] + 1})
        token = {"name": "ci", "role": "viewer", "digest": "0" * 64}
        made = ask(server, "POST", "/v1/tokens", token, "k3")
        assert made[0] == 201 and ask(server, "POST", "/v1/tokens", token, "k3") == (201, True, made[2])
        # Without a key nothing is remembered.
        assert server.operate("PUT", "/v1/assignments", order)[0] == 201
        assert len(assignments(server)) == 3


def test_refused_requests_keep_no_key():
    """What was refused did nothing: its key may be used for what was meant."""
    with Server() as server:
        server.vendor()
        server.personalize("a")
        package, _ = server.release("a", "one")
        order = {"package_id": "0" * 64, "target": {"group": "pilots"}}
        assert ask(server, "PUT", "/v1/assignments", order, "k")[0] == 409
        assert ask(server, "PUT", "/v1/assignments", "nonsense", "k")[0] == 400
        order["package_id"] = package.hex()
        assert ask(server, "PUT", "/v1/assignments", order, "k")[:2] == (201, False)
        for key in ("", "a b", "x" * 65, "\xe4"):
            assert ask(server, "PUT", "/v1/assignments", order, key)[0] == 400, key
        assert ask(server, "PUT", "/v1/assignments", order, "x" * 64)[0] == 201
        assert len(assignments(server)) == 2


def test_at_the_same_time():
    """Of many at once one is done; the others get its answer, or are told to wait."""
    with Server() as server:
        server.vendor()
        server.personalize("a")
        package, _ = server.release("a", "one")
        order = {"package_id": package.hex(), "target": {"group": "pilots"}}
        answers = []
        threads = [threading.Thread(
            target=lambda: answers.append(ask(server, "PUT", "/v1/assignments", order, "k")))
            for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted({status for status, _, _ in answers}) in ([201], [201, 409]), answers
        assert len([answer for answer in answers if answer[:2] == (201, False)]) == 1, answers
        for status, _, value in answers:
            assert status == 201 or "is being done" in value["message"], value
        assert len(assignments(server)) == 1 and len(server.audit("assigned")) == 1


def test_interrupted_and_old():
    """What was under way when the server died is not done again unseen; keys are forgotten after a
    day, and the oldest when there are too many."""
    with Server() as server:
        server.vendor()
        server.personalize("a")
        package, _ = server.release("a", "one")
        order = {"package_id": package.hex(), "target": {"group": "pilots"}}
        assert ask(server, "PUT", "/v1/assignments", order, "old")[0] == 201
        assert ask(server, "PUT", "/v1/assignments", order, "cut")[0] == 201
        server.stop()
        # As a kill between the deed and its answer leaves it.
        assert database(server, "UPDATE once SET status = NULL, answer = NULL, created = created - 9 "
                                "WHERE key = 'cut'") == 1
        assert database(server, "UPDATE once SET created = ? WHERE key = 'old'",
                        (int(time.time()) - DAY,)) == 1
        server.start()
        status, _, error = ask(server, "PUT", "/v1/assignments", order, "cut")
        assert status == 409 and "the server was stopped while it did this" in error["message"], error
        assert ask(server, "PUT", "/v1/assignments", order, "old")[:2] == (201, False)
        assert len(assignments(server)) == 3

        server.stop()
        assert database(
            server, "INSERT INTO once WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
            "WHERE i < 12000) SELECT 'a', 'filler' || i, zeroblob(32), ?, 200, '{}' FROM n",
            (int(time.time()) - 100,)) == 12000
        server.start()
        assert ask(server, "PUT", "/v1/assignments", order, "new")[:2] == (201, False)
        assert ask(server, "PUT", "/v1/assignments", order, "new")[:2] == (201, True)
        server.stop()
        connection = sqlite3.connect(f"{server.data}/pawl.db")
        assert connection.execute("SELECT count(*) FROM once").fetchone() == (10000,)
        assert connection.execute("SELECT count(*) FROM once WHERE key = 'new'").fetchone() == (1,)
        connection.close()
        server.start()


run(test_done_once, test_refused_requests_keep_no_key, test_at_the_same_time,
    test_interrupted_and_old)
