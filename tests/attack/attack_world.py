"""What the attacks on network, server and agent's host have in common: a pawld, devices of real
processes (pawl-processor, pawl-agent), and somebody in between.

Secrets that an attacker must not have are known to the tests through the second implementation of
SPEC.md (tests/vectors/protocol.py), so that they can be looked for, and forged with."""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

for folder in ("tests/e2e", "tests/support", "tests/vectors"):
    sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], folder))

import protocol  # noqa: E402
from http_peer import PeerHandler, PeerServer  # noqa: E402
from pawl_device import MEDIA_TYPE  # noqa: E402
from pawl_link import Link  # noqa: E402, F401
from pawl_server import BIN, SANITIZED, Server, pawl, run, wait_for  # noqa: E402, F401

BUSYBOX = shutil.which("busybox")
ENVIRONMENT = dict(os.environ, PAWL_CONFIG="/dev/null", NO_COLOR="1")
OK, TRIED_AND_FAILED, NOTHING, MALFORMED, UNSUPPORTED, UNTRUSTED = 0, 1, 3, 10, 11, 12
WRONG_CLASS, NOT_ENTITLED, ROLLBACK, CORRUPT, IO, STATE = 13, 14, 15, 16, 17, 20
WRITING = "writing"


def main(*tests):
    """Runs the tests, or those that the command line names."""
    names = sys.argv[1:]
    chosen = [test for test in tests if not names or test.__name__ in names]
    assert len(chosen) == len(names) or not names, names
    run(*chosen)


class Run:
    """What became of a program: exit code, log, and the most memory it had, in KiB."""

    def __init__(self, code, log, peak):
        self.code, self.log, self.peak = code, log, peak

    def __repr__(self):
        return f"exit code {self.code}, {self.peak} KiB:\n{self.log[-2000:]}"


def peak_run(command, seconds):
    """Runs a command for at most so long."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stderr=log, stdout=log, env=ENVIRONMENT)
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        timer.cancel()
        log.seek(0)
        text = log.read().decode(errors="replace")
    return Run(process.returncode, text, usage.ru_maxrss)


class Unit:
    """A device: its processor runs until `stop`, an agent when it is told to."""

    def __init__(self, directory, pud_path, device, ca=None):
        self.dir, self.pud_path, self.device, self.ca = directory, pud_path, device, ca
        os.makedirs(directory, exist_ok=True)
        with open(pud_path, "rb") as file:
            self.pud = protocol.pud_read(file.read())
        self.id, self.secret = self.pud["device_id"], self.pud["unit_secret"]
        self.state, self.link = f"{directory}/state", f"{directory}/link"
        self.process = None

    def start(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.link)
        with open(f"{self.dir}/log", "ab") as log:
            self.process = subprocess.Popen(
                [f"{BIN}/pawl-processor", "--pud", self.pud_path, "--state", self.state, "--link",
                 f"unix:{self.link}"], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env=ENVIRONMENT)
        wait_for(lambda: os.path.exists(self.link) or self.process.poll() is not None, "a link")
        assert self.process.poll() is None, self.log()[-2000:]
        return self

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
        self.process = None

    def log(self):
        with open(f"{self.dir}/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def command(self, url, *options):
        ca = ("--ca", self.ca) if self.ca else ()
        return [f"{BIN}/pawl-agent", "--server", url, "--processor", f"unix:{self.link}",
                "--min-poll", "0", *ca, *options]

    def agent(self, url, *options, seconds=25):
        """What there is to do now, once."""
        return peak_run(self.command(url, "--once", "--max-retries", "0", "--stall-timeout", "1",
                                     *options), seconds)

    def updates(self, url):
        """Honest service: takes what is offered."""
        done = peak_run(self.command(url, "--once"), 60)
        assert done.code == OK, (done, self.log()[-1500:])
        return done

    def status(self):
        done = subprocess.run([f"{BIN}/pawl-agent", "--processor", f"unix:{self.link}", "--status",
                               "--json"], env=ENVIRONMENT, check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def still(self, before):
        """It is as it was: the software, whether it runs, its number, and no failure was noted."""
        now = self.status()
        assert now == before, (before, now, self.log()[-1500:])


class World:
    """A server, a vendor, devices of the class "box"."""

    def __init__(self, server, count, ca=None):
        self.server = server
        server.vendor()
        devices = server.personalize("box", count)
        paths = sorted(path for path in os.listdir(f"{server.dir}/box") if path.endswith(".pud"))
        self.units = [Unit(f"{server.dir}/unit{number}", f"{server.dir}/box/{path}", device, ca)
                      for number, (path, device) in enumerate(zip(paths, devices))]
        self.extra = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.port}"

    def package(self, label, *arguments, key="vendor.pem", version=1, success="exit", name="box",
                vendor="example.com", size=150000):
        """A package of busybox with `arguments` and random bytes behind it: (bytes, key, id)."""
        stem = f"{self.server.dir}/{label}"
        with open(BUSYBOX, "rb") as busybox, open(f"{stem}.image", "wb") as image:
            image.write(busybox.read() + os.urandom(size))
        pawl("package", "--quiet", "--image", f"{stem}.image", "--key", f"{self.server.dir}/{key}",
             "--vendor", vendor, "--class", name, "--name", "busybox", "--version", label, "--success",
             success, "--deadline", 20, "--security-version", version, "--content-key",
             f"{stem}.key", "--out", f"{stem}.pawl", "--", *arguments)
        with open(f"{stem}.pawl", "rb") as file, open(f"{stem}.key", "rb") as key_file:
            data, content_key = file.read(), key_file.read()
        return data, content_key, protocol.package_read(data)[2]

    def image(self, label):
        with open(f"{self.server.dir}/{label}.image", "rb") as file:
            return file.read()

    def release(self, label, *arguments, **more):
        """Published, and assigned to the class: (bytes, key, id)."""
        package = self.package(label, *arguments, **more)
        self.server.publish(package)
        self.server.assign(package[2], class_="box")
        return package

    def resident(self, label="resident", **more):
        """Software that stays: it runs until it is replaced, and proves itself by a directive."""
        return self.release(label, "sleep", "100000", success="contact", **more)

    def held(self, unit):
        """What the server holds of a device, but for when it was seen last."""
        about = self.server.device(unit.device)
        return {key: value for key, value in about.items() if key != "last_seen"}

    def counts(self):
        status = self.server.expect(200, "GET", "/v1/status")
        return {key: status[key] for key in ("confirmations", "quarantined", "sequence_total")}


@contextlib.contextmanager
def world(*options, units=1, server=Server, ca=False):
    """A world whose devices have been started."""
    with server("--poll-after", "1", *options) as started:
        made = World(started, units, started.authority.path if ca else None)
        try:
            for unit in made.units:
                unit.start()
            yield made
        finally:
            for unit in made.units + made.extra:
                unit.stop()


class Handler(PeerHandler):
    def raw(self, *parts):
        """Bytes as they are, then the end of the connection."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            for part in parts:
                self.wfile.write(part)

    def pour(self, head, body):
        """A head and then the same bytes again and again; returns how many the client took."""
        self.close_connection = True
        poured = 0
        with contextlib.suppress(OSError):
            self.wfile.write(head)
            while not self.server.middle.closing:
                self.wfile.write(body)
                poured += len(body)
        return poured

    def upstream(self, method, body=None, headers=None):
        connection = self.server.middle.connect()
        connection.request(method, self.path, body, headers or {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer, data

    def do_POST(self):
        middle = self.server.middle
        report = self.rfile.read(int(self.headers["Content-Length"]))
        middle.reports.append(report)
        if middle.on_report is not None and middle.on_report(self, report) is not False:
            return
        answer, directive = self.upstream("POST", report, {"Content-Type": MEDIA_TYPE})
        middle.exchanges.append((report, directive))
        self.give(answer.status, directive, answer.headers["Content-Type"])

    def do_GET(self):
        middle = self.server.middle
        middle.gets.append(self.path)
        if middle.on_get is not None and middle.on_get(self) is not False:
            return
        wanted = self.headers.get("Range")
        answer, data = self.upstream("GET", headers={"Range": wanted} if wanted else {})
        more = {name: answer.headers[name] for name in ("Content-Range",) if answer.headers[name]}
        self.give(answer.status, data, answer.headers["Content-Type"], **more)


class Middle:
    """The attacker on the way from agents to the server. Notes everything and hands it on, but for
    what `on_report` (handler, report) and `on_get` (handler) answer themselves; they say False where
    they do not."""

    def __init__(self, server, context=None):
        self.server = server
        self.reports, self.exchanges, self.gets = [], [], []
        self.on_report = self.on_get = None
        self.closing = False
        self.listener = PeerServer(("127.0.0.1", 0), Handler)
        self.listener.middle = self
        scheme = "http"
        if context is not None:
            self.listener.socket = context.wrap_socket(self.listener.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.listener.server_address[1]}"
        self.thread = threading.Thread(target=self.listener.serve_forever, args=(0.05,))

    def connect(self):
        return self.server.connection()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closing = True
        self.listener.shutdown()
        self.thread.join()
        self.listener.server_close()


class Tap:
    """Hands TCP connections on, byte for byte, and keeps a copy of what went either way."""

    def __init__(self, port):
        self.port, self.bytes, self.lock = port, b"", threading.Lock()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.socket.accept()
                server = socket.create_connection(("127.0.0.1", self.port))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self.copy, args=ends, daemon=True).start()

    def copy(self, source, drain):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                with self.lock:
                    self.bytes += data
                drain.sendall(data)
        with contextlib.suppress(OSError):
            drain.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()
