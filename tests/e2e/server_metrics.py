#!/usr/bin/python3
"""GET /metrics (SPEC 23.1 to 23.3): the format, that what happened is what was counted, and that no
client makes it grow. Request names and the log (23.6, 23.7)."""
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

from pawl_device import MEDIA_TYPE
from pawl_server import OPENAPI, Server, run, wait_for

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from prometheus_text import parse  # noqa: E402


class Watched(Server):
    """With a listener for metrics."""

    def __init__(self, *options):
        super().__init__()
        self.metrics_file = f"{self.dir}/metrics-port"
        self.options = ("--metrics-listen", "127.0.0.1:0", "--metrics-port-file", self.metrics_file,
                        *options)

    def fetch(self, path, method="GET"):
        with open(self.metrics_file, encoding="ascii") as file:
            connection = http.client.HTTPConnection("127.0.0.1", int(file.read()), timeout=60)
        connection.request(method, path)
        response = connection.getresponse()
        response.body = response.read()
        connection.close()
        OPENAPI.check_answer("metrics", method, path, None, response.status,
                             response.headers["Content-Type"], response.body)
        return response

    def scrape(self):
        response = self.fetch("/metrics")
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return parse(response.body.decode())

    def settled(self, condition, what):
        """A scrape for which the condition holds: a request is counted when its answer was sent, which
        its client may see first."""
        def scraped():
            families = self.scrape()
            return families if condition(families) else None
        return wait_for(scraped, what)


def test_what_happens_is_counted():
    """23.2: reports by outcome, verdicts, findings, offers, confirmations, failures by cause, batches,
    packages' bytes, requests by route and status."""
    with Watched() as server:
        server.vendor()
        device, clone, failing = server.personalize("a", 3)
        first = server.scrape()
        assert first["pawl_reports_total"].total() == 0
        assert first["pawl_devices"].value() == 3
        assert first["pawl_class_devices"].total() == 3
        package, _ = server.release("a", "one")
        server.assign(package, class_="a")
        assert device.exchange()[2] == 1
        body = server.request("GET", f"/v1/packages/{package.hex()}").body
        device.commit(package)
        device.exchange()
        clone.sequence, clone.instance = 1, os.urandom(8)
        clone.exchange()
        clone.exchange(sequence=0)  # behind: quarantined
        for _ in range(2):
            failing.exchange(failed=[package, 65])
        assert server.post(b"\xa0")[0] == 400
        found = server.settled(
            lambda families: families["pawl_http_requests_total"].total(status="400") == 1,
            "the refused report")
        reports = found["pawl_reports_total"]
        assert reports.value(outcome="download") >= 1 and reports.value(outcome="malformed") == 1
        assert reports.value(outcome="hold") == 1 and reports.value(outcome="repeat") >= 3
        assert found["pawl_verdicts_total"].value(verdict="confirm") == 2
        assert found["pawl_findings_total"].value(finding="behind") == 1
        assert found["pawl_confirmations_total"].value() == 2
        assert found["pawl_quarantines_total"].value() == 1
        assert found["pawl_devices_quarantined"].value() == 1
        assert found["pawl_attempt_failures_total"].value(cause="signal") == 1
        assert found["pawl_offers_total"].value(reason="failed") >= 1
        assert found["pawl_commits_total"].value(result="written") >= 4
        assert found["pawl_commit_batch_size"].samples[("pawl_commit_batch_size_sum", ())] == \
            found["pawl_commits_total"].total()
        assert found["pawl_package_bytes_total"].value() == len(body)
        requests = found["pawl_http_requests_total"]
        assert requests.value(listener="device", method="GET", route="/v1/packages/*",
                              status="200") == 1
        answered = reports.total()
        assert requests.total(listener="device", route="/v1/report") == answered
        assert found["pawl_ready"].value() == 1
        assert found["pawl_http_connections"].value(listener="metrics") == 1
        for name in ("cpu_seconds_total", "resident_memory_bytes", "open_fds", "max_fds", "threads"):
            assert found[f"process_{name}"].value() > 0, name
        assert abs(found["process_start_time_seconds"].value() - time.time()) < 600
        scraped = server.operate("GET", "/metrics", raw=True)
        assert scraped[0] == 200 and "pawl_build_info" in parse(scraped[1].decode())


def test_process_figures_are_the_kernels():
    """23.2: process_* are what the kernel says of this process."""
    with Watched() as server:
        found = server.scrape()
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file)
        resident = int(status["VmRSS"].split()[0]) * 1024
        assert 0.5 * resident < found["process_resident_memory_bytes"].value() < 2 * resident
        idle = int(status["Threads"])
        assert idle <= found["process_threads"].value() <= idle + 2
        assert found["process_open_fds"].value() > 3
        if os.geteuid() == 0:  # nobody else may look
            fds = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            assert fds - 2 <= found["process_open_fds"].value() <= fds + 3


def test_clients_do_not_make_it_grow():
    """23.3: neither paths, methods nor names that clients choose become labels."""
    with Watched() as server:
        def size():
            return sum(len(family.samples) for family in server.scrape().values())

        server.request("GET", "/none")
        server.request("GETT", "/none")
        server.settled(lambda families: families["pawl_http_requests_total"].total(
            listener="device") == 2, "two requests")
        before = size()
        for number in range(50):
            server.request("GET", f"/none/{number}", headers={"X-Request-Id": f"n{number}"})
            server.request(f"GET{number}", "/v1/report")
        found = server.settled(lambda families: families["pawl_http_requests_total"].total(
            listener="device") == 102, "all requests")
        assert "none" not in str([*found["pawl_http_requests_total"].samples])
        assert size() <= before + 1  # one more status


def test_promtool_agrees():
    """Prometheus' own checker, where it is installed."""
    promtool = shutil.which("promtool")
    if promtool is None:
        print("skipped: there is no promtool")
        return
    with Watched() as server:
        server.request("GET", "/healthz")
        done = subprocess.run([promtool, "check", "metrics"], input=server.fetch("/metrics").body,
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout.decode()


def lines_of(server, event, count):
    def found():
        lines = [json.loads(line) for line in server.log().splitlines()]
        lines = [line for line in lines if line.get("event") == event]
        return lines if len(lines) >= count else None
    return wait_for(found, lambda: f"{count} lines of {event}:\n{server.log()}")


def test_names_of_requests():
    """23.6: a good X-Request-Id is taken over, a bad one is not; the answer, the line of the request and
    the lines within it have it; answers to reports have it only when the report had."""
    with Watched("--log-format", "json", "--access-log", "all") as server:
        server.vendor()
        (device,) = server.personalize("a")
        good = server.request("GET", "/healthz", headers={"X-Request-Id": "trace-7.B_"})
        assert good.headers["X-Request-Id"] == "trace-7.B_"
        own = []
        for bad in ("a b", "x" * 65, "a\"b", "", "ä".encode().decode("latin-1")):
            answer = server.request("GET", "/healthz", headers={"X-Request-Id": bad})
            own.append(answer.headers["X-Request-Id"])
            assert re.fullmatch("[0-9a-f]{16}", own[-1]), (bad, own)
        assert len({*own}) == len(own)
        report, _ = device.report()
        for headers, expected in (({}, None), ({"X-Request-Id": "r1"}, "r1")):
            answer = server.request("POST", "/v1/report", report,
                                    {"Content-Type": MEDIA_TYPE, **headers})
            assert answer.status == 200 and answer.headers["X-Request-Id"] == expected
        device.exchange()
        device.sequence, device.instance = 5, os.urandom(8)
        report, _ = device.report()
        answer = server.request("POST", "/v1/report", report,
                                {"Content-Type": MEDIA_TYPE, "X-Request-Id": "12345"})
        assert answer.status == 200
        (finding,) = lines_of(server, "caught-up", 1)
        assert finding["request"] == "12345" and finding["reported"] == 5, finding
        server.operate("PUT", f"/v1/devices/{device.id.hex()}/group", {"group": "g"},
                       {"X-Request-Id": "op.1"})
        server.operate("PUT", f"/v1/devices/{device.id.hex()}/group", {"group": "h"})
        entries = server.expect(200, "GET", "/v1/audit?limit=10000")["items"]
        named = [entry["detail"].get("request") for entry in entries if "group" in entry["action"]]
        assert named[0] == "op.1" and re.fullmatch("[0-9a-f]{16}", named[1]), named
        requests = lines_of(server, "request", 12)
        names = [line["request"] for line in requests]
        assert {"trace-7.B_", "r1", "12345", *own} <= {*names}
        line = next(line for line in requests if line["request"] == "r1")
        assert (line["method"], line["path"], line["status"], line["listener"], line["peer"]) == \
            ("POST", "/v1/report", 200, "device", "127.0.0.1"), line


def test_which_requests_are_logged():
    """23.7: by default failures and operators; every line is JSON when that is asked for, whatever the
    client sent; the other choices."""
    hostile = '/"\\ x=1 event=forged\u00e4'.encode()
    for options, device, operator, failure in (
            ((), False, True, True), (("--access-log", "none"), False, False, False),
            (("--access-log", "failures"), False, False, True),
            (("--access-log", "all"), True, True, True),
            (("--access-log", "all", "--access-log-level", "debug"), False, False, False),
            (("--access-log", "all", "--access-log-level", "debug", "--log-level", "debug"), True, True,
             True)):
        with Watched("--log-format", "json", *options) as server:
            server.request("GET", "/healthz")
            server.expect(200, "GET", "/v1/status")
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
                client.sendall(b"GET " + hostile.replace(b" ", b"%20") + b" HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b" 404 " in client.recv(4096)
            server.settled(lambda families: families["pawl_http_requests_total"].total(
                listener="device") == 2, "the requests")
            server.stop()
            lines = [json.loads(line) for line in server.log().splitlines()]
            server.start()
        paths = [line["path"] for line in lines if line.get("event") == "request"]
        assert ("/healthz" in paths) == device, (options, paths)
        assert ("/v1/status" in paths) == operator, (options, paths)
        assert (hostile.decode() in paths) == failure, (options, paths)
        assert not [line for line in lines if line.get("event") == "forged"]


run(test_what_happens_is_counted, test_process_figures_are_the_kernels,
    test_clients_do_not_make_it_grow, test_promtool_agrees, test_names_of_requests,
    test_which_requests_are_logged)
