#!/usr/bin/python3
"""SPEC 13.3, I1, I5: a download that is interrupted goes on where it was, whoever was interrupted
and whichever server serves the rest. Real processes; mirrors in front of pawld count every byte of
the package that they sent. Each stops at a chosen byte; what was ordered for it then happens.

What is fetched twice by an interruption is bounded: by a part that the agent had not handed on when
only the agent or a server went away, and by a chunk, the page before it and such a part when the
processor lost its memory."""
import fcntl
import glob
import http.client
import os
import random
import signal
import struct
import subprocess
import termios
import threading

from pawl_server import BIN, Server, pawl, run, wait_for
from http_peer import PeerHandler, PeerServer  # from tests/support, where pawl_server looks

ENVIRONMENT = dict(os.environ, PAWL_CONFIG="/dev/null")
CHUNK = 65536 + 16  # SPEC 7.4: with its tag
PAGE = 4096         # port/linux/flash_file.h
PART = 16384        # src/agent/fetch.c


class Handler(PeerHandler):
    def do_POST(self):
        report = self.rfile.read(int(self.headers["Content-Length"]))
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=60)
        upstream.request("POST", self.path, report, {"Content-Type": self.headers["Content-Type"]})
        answer = upstream.getresponse()
        body = answer.read()
        self.give(answer.status, body, answer.headers["Content-Type"])

    def do_GET(self):
        line, body = self.server.line, self.server.line.package
        first = self.first()
        line.asked.append(first)
        span = {"Content_Range": f"bytes {first}-{len(body) - 1}/{len(body)}"} if first else {}
        self.head(206 if first else 200, len(body) - first, **span)
        stop = line.stop if line.stop is not None and line.stop > first else len(body)
        self.wfile.write(body[first:stop])
        line.sent += stop - first
        if stop < len(body):
            line.stop = None
            line.pause(self.connection)
            self.close_connection = True


class Line:
    """What all mirrors of a story share: the package, where to stop, and the counts."""

    def __init__(self, package):
        self.package, self.stop = package, None
        self.sent, self.asked = 0, []
        self.stopped, self.cut = threading.Event(), threading.Event()

    def pause(self, connection):
        """All that was sent is with the agent's machine; it is interrupted, or the line is cut."""
        wait_for(lambda: struct.unpack("i", fcntl.ioctl(
            connection, termios.TIOCOUTQ, bytes(4)))[0] == 0, "the client's acknowledgement")
        self.stopped.set()
        connection.setblocking(False)

        def over():
            try:
                return self.cut.is_set() or connection.recv(1) == b""
            except BlockingIOError:
                return False
            except OSError:
                return True
        wait_for(over, "the interruption")


class Mirror(PeerServer):
    def __init__(self, line, upstream):
        super().__init__(("127.0.0.1", 0), Handler)
        self.line, self.upstream = line, upstream
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def die(self):
        self.shutdown()
        self.server_close()
        self.line.cut.set()


class Unit:
    def __init__(self, directory, pud):
        self.dir, self.pud = directory, pud
        os.mkdir(directory)
        self.link = f"{directory}/link"
        self.processor = self.agent = None

    def start(self, name, *command):
        with open(f"{self.dir}/{name}.log", "ab") as log:
            return subprocess.Popen([f"{BIN}/pawl-{name}", *command], stdout=log, stderr=log,
                                    env=ENVIRONMENT)

    def processor_start(self):
        if os.path.exists(self.link):
            os.unlink(self.link)
        self.processor = self.start("processor", "--pud", self.pud, "--state", f"{self.dir}/state",
                                    "--link", f"unix:{self.link}")
        wait_for(lambda: os.path.exists(self.link), "processor")

    def agent_start(self, url):
        self.agent = self.start("agent", "--server", url, "--processor", f"unix:{self.link}",
                                "--min-poll", "0")

    def end(self, name, number):
        process = getattr(self, name)
        process.send_signal(number)
        assert process.wait(30) in (0, -number), f"{name} ended with {process.returncode}"

    def log(self, name):
        with open(f"{self.dir}/{name}.log", encoding="utf-8", errors="replace") as file:
            return file.read()


class World:
    """A server, units, and a package of some 30 chunks."""

    def __init__(self, server, count):
        self.server = server
        server.vendor()
        server.personalize("a", count)
        self.puds = sorted(glob.glob(f"{server.dir}/a/*.pud"))
        stem = f"{server.dir}/app"
        with open("/bin/busybox", "rb") as busybox, open(f"{stem}.image", "wb") as image:
            image.write(busybox.read() + random.Random(1).randbytes(1000000))
        pawl("package", "--quiet", "--image", f"{stem}.image", "--args", "true", "--key",
             f"{server.dir}/vendor.pem", "--vendor", "example.com", "--class", "a", "--name",
             "busybox", "--version", "1", "--security-version", 1, "--deadline", "30",
             "--content-key", f"{stem}.key", "--out", f"{stem}.pawl")
        about = server_about(stem)
        with open(f"{stem}.pawl", "rb") as data, open(f"{stem}.key", "rb") as key:
            self.package = data.read()
            server.publish((self.package, key.read(), bytes.fromhex(about)))
        pawl_environment = {"PAWL_SOCKET": f"{server.data}/operator.sock"}
        subprocess.run([f"{BIN}/pawl", "assign", "--class", "a", "--vendor", "example.com", about],
                       check=True, env={**ENVIRONMENT, **pawl_environment},
                       stdout=subprocess.DEVNULL)

    def sequence(self, unit):
        name = os.path.basename(unit.pud)[:32]
        return self.server.expect(200, "GET", f"/v1/devices/{name}")["sequence"]


def server_about(stem):
    about = pawl("inspect", "--json", f"{stem}.pawl").decode()
    return about.split('"package_id":')[1].split('"')[1]


# What happens at a stop, and how many bytes it may cost.

def agent_term(story):
    story.unit.end("agent", signal.SIGTERM)
    story.unit.agent_start(story.mirror.url)


def agent_kill(story):
    story.unit.end("agent", signal.SIGKILL)
    story.unit.agent_start(story.mirror.url)


def processor_kill(story):
    story.unit.end("processor", signal.SIGKILL)
    story.unit.processor_start()


def device_kill(story):
    story.unit.end("agent", signal.SIGKILL)
    story.unit.end("processor", signal.SIGKILL)
    story.unit.processor_start()
    story.unit.agent_start(story.mirror.url)


def line_cut(story):
    story.line.cut.set()


def server_change(story):
    """The first server is gone for good; the agent is pointed at another."""
    story.mirror.die()
    story.mirror = Mirror(story.line, story.world.server.port)
    story.unit.end("agent", signal.SIGTERM)
    story.unit.agent_start(story.mirror.url)


ALLOWED = {agent_term: 2 * PART, agent_kill: 2 * PART, line_cut: 0, server_change: 2 * PART,
           processor_kill: CHUNK + PAGE + 2 * PART, device_kill: CHUNK + PAGE + 2 * PART}


class Story:
    def __init__(self, world, name, pud, acts):
        self.world, self.name, self.acts = world, name, acts
        self.line = Line(world.package)
        self.mirror = Mirror(self.line, world.server.port)
        self.unit = Unit(f"{world.server.dir}/{name}", pud)

    def drained(self):
        """The agent has read what came: nothing is left in its machine's buffers."""
        port = f":{int(self.mirror.url.rsplit(':', 1)[1]):04X}"
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [row.split() for row in table.readlines()[1:]]
        return all(row[4].endswith(":00000000") for row in rows if row[2].endswith(port))

    def tell(self):
        size = len(self.world.package)
        stops = [size * (i + 1) // (len(self.acts) + 1) + 12345 for i in range(len(self.acts))]
        assert all(0 < stop < size for stop in stops)
        self.line.stop = stops[0]
        self.unit.processor_start()
        self.unit.agent_start(self.mirror.url)
        for act, stop, following in zip(self.acts, stops, [*stops[1:], None]):
            assert self.line.stopped.wait(60), f"{self.name}: never came to byte {stop}"
            wait_for(self.drained, "the agent to read")
            asked = len(self.line.asked)
            self.line.stopped.clear()
            self.line.cut.clear()
            self.line.stop = following
            act(self)
            wait_for(lambda: len(self.line.asked) > asked, f"{self.name}: to go on")
            again = stop - self.line.asked[asked]
            assert 0 <= again <= ALLOWED[act], f"{self.name}: {again} bytes again by {act.__name__}"
        wait_for(lambda: self.world.sequence(self.unit) == 1, f"{self.name}: the commit")
        self.check(size)

    def check(self, size):
        again = self.line.sent - size
        most = sum(ALLOWED[act] for act in self.acts)
        assert len(self.line.asked) == len(self.acts) + 1, f"{self.name}: {self.line.asked}"
        assert 0 <= again <= most, f"{self.name}: {again} bytes fetched twice, {most} allowed"
        self.unit.end("agent", signal.SIGTERM)
        self.unit.end("processor", signal.SIGTERM)
        print(f"{self.name:16} {len(self.acts):2} {size:8} {self.line.sent:8} {again:7} {most:7}")

    def tell_all(self):
        try:
            self.tell()
        except BaseException:
            print(self.unit.log("agent")[-3000:], self.unit.log("processor")[-1000:], flush=True)
            raise
        finally:
            for process in (self.unit.agent, self.unit.processor):
                if process is not None and process.poll() is None:
                    process.kill()
                    process.wait()


def test_bytes_fetched_twice():
    """SPEC 13.3: no more than a chunk, page and parts for each interruption; one commit."""
    acts = [agent_term, agent_kill, processor_kill, device_kill, line_cut, server_change]
    stories = [(act.__name__, [act]) for act in acts]
    stories.append(("six_in_one", random.Random(9).sample(acts, len(acts))))
    with Server("--poll-after", "1") as server:
        world = World(server, len(stories))
        print("story             n  package  fetched   again allowed")
        for pud, (name, these) in zip(world.puds, stories):
            Story(world, name, pud, these).tell_all()


run(test_bytes_fetched_twice)
