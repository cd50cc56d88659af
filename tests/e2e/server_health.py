#!/usr/bin/python3
"""Health and readiness (SPEC 23.4), and what the service manager is told (SPEC 23.5): a server that cannot
do its work says so, and one that hangs is silent, so that it is restarted."""
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time

from pawl_server import OPENAPI, SANITIZED, Server, run, wait_for


class Managed(Server):
    """Started as a service manager would, with its socket and a watchdog."""

    def __init__(self, *options, watchdog=None):
        super().__init__(*options)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(f"{self.dir}/notify")
        self.environment = {"NOTIFY_SOCKET": f"{self.dir}/notify"}
        if watchdog is not None:
            self.environment["WATCHDOG_USEC"] = str(watchdog)

    def start(self):
        os.environ.update(self.environment)
        try:
            super().start()
        finally:
            for name in self.environment:
                del os.environ[name]

    def told(self, seconds):
        """The next message, or None when none came in time."""
        ready, _, _ = select.select([self.notify], [], [], seconds)
        return self.notify.recv(4096).decode() if ready else None

    def expect_told(self, wanted, seconds=30):
        """Reads messages up to one that has this line; all of them."""
        found, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            message = self.told(end - time.monotonic())
            found += (message or "").split("\n")
            if wanted in found:
                return found
        raise AssertionError(f"never told {wanted}, only {found}")

    def reasons(self, path="/readyz"):
        response = self.request("GET", path)
        OPENAPI.check_answer("device", "GET", path, None, response.status,
                             response.headers["Content-Type"], response.body)
        if response.status == 200:
            assert response.body == (b"ready\n" if path == "/readyz" else b"ok\n")
            return set()
        assert response.status == 503
        return {item["reason"] for item in json.loads(response.body)["reasons"]}

    def wait_reasons(self, wanted, path="/readyz", seconds=60):
        wait_for(lambda: self.reasons(path) == wanted,
                 lambda: f"{path}: {self.reasons(path)}, not {wanted}", seconds)


def test_ready_on_every_listener():
    """23.4: devices, operators and whoever gathers metrics may ask."""
    with Managed("--metrics-listen", "127.0.0.1:0") as server:
        assert server.reasons() == set() and server.reasons("/healthz") == set()
        assert server.operate("GET", "/readyz", raw=True) == (200, b"ready\n")
        assert server.operate("GET", "/healthz", raw=True) == (200, b"ok\n")


def test_manager_is_told():
    """23.5: ready, reloading and ready again, stopping; no watchdog where none was asked for."""
    with Managed() as server:
        first = server.expect_told("STATUS=ready")
        assert "READY=1" in first and "WATCHDOG=1" not in first
        server.process.send_signal(signal.SIGHUP)
        reload = server.expect_told("READY=1")
        assert "RELOADING=1" in reload
        assert any(line.startswith("MONOTONIC_USEC=") and line[15:].isdigit() for line in reload)
        server.stop()
        end = server.expect_told("STOPPING=1")
        assert "WATCHDOG=1" not in first + reload + end
        server.start()


def test_watchdog_of_another_process():
    """23.5: WATCHDOG_PID names for whom the watchdog is."""
    server = Managed(watchdog=2000000)
    server.environment["WATCHDOG_PID"] = "1"
    with server:
        server.expect_told("STATUS=ready")
        server.process.send_signal(signal.SIGHUP)
        assert "WATCHDOG=1" not in server.expect_told("READY=1")


def test_stopping_is_not_ready():
    """23.4: with --stop-delay there is time to be taken out of the load balancer."""
    with Managed("--stop-delay", "1") as server:
        server.expect_told("READY=1")
        server.process.send_signal(signal.SIGTERM)
        server.wait_reasons({"stopping"}, seconds=2)
        assert server.reasons("/healthz") == set()  # alive all the same
        assert server.process.wait(60) == 0
        server.start()


class Frozen:
    """One thread of the server stands while this lasts."""

    def __init__(self, server, thread):
        self.command = [f"{os.environ['PAWL_TOOLS']}/freeze", str(server.process.pid), thread]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"frozen\n":
            assert self.process.wait(60) == 3, "no such thread"
            print("skipped from here: tracing is not allowed")
            sys.exit(0)

    def __exit__(self, *exception):
        self.process.stdin.close()
        assert self.process.wait(60) == 0


def expect_silence(server):
    """No WATCHDOG=1 for longer than the watchdog's time."""
    while server.told(0) is not None:
        pass  # sent before
    silent = server.told(2.5)
    assert silent is None or "WATCHDOG" not in silent, silent


def test_hung_committer_stops_the_watchdog():
    """23.5: while a batch hangs there is no WATCHDOG=1, and the server says why; when it goes on
    all is well again, and what was reported is written."""
    with Managed(watchdog=2000000) as server:
        server.vendor()
        (device,) = server.personalize("a")
        server.expect_told("WATCHDOG=1")
        device.exchange()
        with Frozen(server, "committer"):
            device.sequence, device.instance = 1, os.urandom(8)
            waiting = threading.Thread(target=device.exchange)
            waiting.start()  # its confirmation waits
            server.wait_reasons({"committer"}, "/healthz", 30)
            assert "committer" in server.reasons()
            expect_silence(server)
        waiting.join()
        server.expect_told("WATCHDOG=1")
        server.wait_reasons(set())
        assert "event=unhealthy reason=committer" in server.log()
        assert "event=healthy-again reason=committer" in server.log()
        assert server.device(device)["sequence"] == 1


def test_hung_main_thread_stops_the_watchdog():
    """23.5: the same for the thread that looks after the others."""
    with Managed(watchdog=2000000) as server:
        server.expect_told("WATCHDOG=1")
        with Frozen(server, "pawld"):
            server.wait_reasons({"main-thread"}, "/healthz", 30)
            expect_silence(server)
        server.expect_told("WATCHDOG=1")
        server.wait_reasons(set())


run(test_ready_on_every_listener, test_manager_is_told, test_stopping_is_not_ready,
    test_hung_committer_stops_the_watchdog,
    *(() if SANITIZED else (test_watchdog_of_another_process,
                            test_hung_main_thread_stops_the_watchdog)))
