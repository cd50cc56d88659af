#!/usr/bin/python3
"""Clients that cost more than they should (I9): slow ones, many at once, endless ones. Each test asserts
that others are served meanwhile, and that the server gets rid of them."""
import os
import resource
import socket
import subprocess
import sys
import time

from pawl_server import SANITIZED, Server, run

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from prometheus_text import parse  # noqa: E402


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def healthy(server):
    assert server.request("GET", "/healthz").status == 200


def metric(server, name, **labels):
    return parse(server.operate("GET", "/metrics", raw=True)[1].decode())[name].total(**labels)


def closed(client):
    """Whether the server hung up."""
    client.settimeout(30)
    try:
        return client.recv(4096) == b""
    except ConnectionError:
        return True


def test_slow_heads_and_bodies():
    """Who sends a byte now and then, in a head or a body, is hung up on; who is quick stays."""
    with Server("--slow-after", "1") as server:
        body = b"POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n" \
               b"Content-Type: application/cose; cose-type=\"cose-mac0\"\r\n\r\n"
        slow = [connect(server) for _ in range(20)]
        for number, client in enumerate(slow):
            client.sendall(b"GET /healthz HTTP/1.1\r\n" if number % 2 else body)
        quick = server.connection()
        ended, deadline = set(), time.monotonic() + 60
        while len(ended) < len(slow) and time.monotonic() < deadline:
            quick.request("GET", "/healthz")
            assert quick.getresponse().read() == b"ok\n"
            for client in slow:
                try:
                    client.sendall(b"a")
                except OSError:
                    ended.add(client)
            time.sleep(0.1)
        assert len(ended) == len(slow), len(ended)
        assert metric(server, "pawl_http_slow_clients_total") == len(slow)
        assert metric(server, "pawl_http_connections", listener="device") == 1
        quick.close()
        for client in slow:
            client.close()


def test_slow_readers():
    """Who asks for packages and reads nothing holds memory of the kernel's only."""
    with Server() as server:
        server.vendor()
        server.personalize("a")
        package = server.package("a", "one", image=os.urandom(4 << 20))
        server.publish(package)
        before = metric(server, "process_resident_memory_bytes")
        slow = [connect(server) for _ in range(50)]
        for client in slow:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"GET /v1/packages/%s HTTP/1.1\r\nHost: x\r\n\r\n" %
                           package[2].hex().encode())
        for _ in range(20):
            healthy(server)
        assert server.request("GET", f"/v1/packages/{package[2].hex()}").body == package[0]
        grown = metric(server, "process_resident_memory_bytes") - before
        assert SANITIZED or grown < 32 << 20, grown
        for client in slow:
            client.close()


def test_connections_per_address():
    """One address has what it may have; more is closed at once, and an address is free again when
    its connections end."""
    with Server("--connections-per-address", "10") as server:
        clients = [connect(server) for _ in range(10)]
        for client in clients:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b" 200 " in client.recv(4096)
        with connect(server) as client:
            assert closed(client)
        for client in clients:
            client.close()
        for _ in range(500):
            with connect(server) as client:
                try:
                    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                    if b" 200 " in client.recv(4096):
                        return
                except ConnectionError:
                    pass
            time.sleep(0.02)
        raise AssertionError("the address stayed locked out")


def test_connections_per_address_of_all_threads():
    """The limit is one for all threads: whichever takes the connections, they are neither more nor
    fewer."""
    with Server("--connections-per-address", "10", "--threads", "2") as server:
        clients = [connect(server) for _ in range(40)]
        served = 0
        for client in clients:
            try:
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                served += b" 200 " in client.recv(4096)
            except ConnectionError:
                pass
        assert served == 10, served
        for client in clients:
            client.close()


def test_descriptors_run_out():
    """More connections than descriptors: those that exist are served, and new ones again later."""
    program = "import resource,os,sys;resource.setrlimit(resource.RLIMIT_NOFILE,(80,80));" \
              "os.execv(sys.argv[1],sys.argv[1:])"
    with Server() as server:
        server.stop()
        port_file = f"{server.dir}/port"
        os.unlink(port_file)
        with open(f"{server.dir}/log", "ab") as log:
            server.process = subprocess.Popen(
                [sys.executable, "-c", program, f"{os.environ['PAWL_BIN']}/pawld", "--data", server.data,
                 "--listen", f"127.0.0.1:{server.port}", "--port-file", port_file],
                stderr=log, env=dict(os.environ, PAWL_CONFIG="/dev/null"))
        while not (os.path.exists(port_file) and os.path.getsize(port_file) > 0):
            assert server.process.poll() is None, server.log()[-2000:]
            time.sleep(0.02)
        first = server.connection()
        first.request("GET", "/healthz")
        assert first.getresponse().read() == b"ok\n"
        flood = [connect(server) for _ in range(150)]
        for _ in range(20):
            first.request("GET", "/healthz")
            assert first.getresponse().read() == b"ok\n"
        assert "descriptors" in server.log()
        for client in flood:
            client.close()
        for _ in range(500):
            try:
                healthy(server)
                break
            except OSError:
                time.sleep(0.02)
        healthy(server)


def test_descriptors_allowed():
    """Each connection can have a file beside its socket; what the system allows is not made less."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for before in (min(hard, 1024), hard):
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))
        with Server() as server:
            now = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[0]
            assert now == max(before, min(hard, 2 * 16384 + 1024)), (before, hard, now)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_many_idle_connections():
    """Thousands of idle connections cost little, and nobody waits for them."""
    count = 500 if SANITIZED else 3000
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 500, resource.getrlimit(
        resource.RLIMIT_NOFILE)[1]))
    with Server() as server:
        before = metric(server, "process_resident_memory_bytes")
        idle = [connect(server) for _ in range(count)]
        for client in idle[::10]:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b" 200 " in client.recv(4096)
        for _ in range(500):
            if metric(server, "pawl_http_connections", listener="device") == count:
                break
            time.sleep(0.02)
        each = (metric(server, "process_resident_memory_bytes") - before) / count
        assert metric(server, "pawl_http_connections", listener="device") == count
        assert SANITIZED or each < 16384, each
        healthy(server)
        for client in idle:
            client.close()


run(test_slow_heads_and_bodies, test_slow_readers, test_connections_per_address,
    test_connections_per_address_of_all_threads, test_descriptors_run_out, test_descriptors_allowed,
    test_many_idle_connections)
