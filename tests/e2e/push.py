#!/usr/bin/python3
"""Push (SPEC 19): real agents and processors, woken through a real mosquitto; brokers that die, that
are attacked, and that are hostile themselves. What counts is what was delivered."""
import glob
import http.server
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from pawl_broker import PASSWORD, Broker, Client, HostileBroker, free_port, publication  # noqa: E402
from pawl_server import BIN, SANITIZED, Server, pawl, run, wait_for  # noqa: E402

ENVIRONMENT = dict(os.environ, PAWL_CONFIG="/dev/null")


class Unit:
    """A processor and its agent."""

    def __init__(self, server, name, number, pud, *options, url=None):
        self.dir = f"{server.dir}/unit-{name}-{number}"
        os.mkdir(self.dir)
        self.link, self.options, self.url = f"unix:{self.dir}/link", options, url or server.url
        self.id = os.path.basename(pud)[:32]
        self.agent = None
        with open(f"{self.dir}/processor.log", "wb") as log:
            self.processor = subprocess.Popen(
                [f"{BIN}/pawl-processor", "--pud", pud, "--state", f"{self.dir}/state", "--link",
                 self.link], stderr=log, env=ENVIRONMENT)
        wait_for(lambda: os.path.exists(f"{self.dir}/link"), "processor")
        self.start()

    def start(self):
        with open(f"{self.dir}/agent.log", "ab") as log:
            self.agent = subprocess.Popen(
                [f"{BIN}/pawl-agent", "--server", self.url, "--processor", self.link,
                 "--log-level", "debug", *self.options], stderr=log, stdout=log, env=ENVIRONMENT)

    def stop(self):
        for process in (self.agent, self.processor):
            process.send_signal(signal.SIGTERM)
        for process in (self.agent, self.processor):
            assert process.wait(30) in (0, -signal.SIGTERM), self.log()[-2000:]

    def log(self, which="agent"):
        with open(f"{self.dir}/{which}.log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def says(self, pattern, count=1, which="agent"):
        try:
            wait_for(lambda: len(re.findall(pattern, self.log(which))) >= count,
                     f"{which}: {pattern}")
        except AssertionError:
            print(self.log(which)[-4000:], file=sys.stderr)
            raise

    def rests(self):
        """Has polled, and listens."""
        self.says("next poll in")
        self.says("push: listening", 2)

    def polls(self):
        return len(re.findall("next poll in", self.log()))


class World:
    """A server, units of class a, and what they have to be ended in order."""

    def __init__(self, *options, count=1, unit_options=(), url=None):
        self.server = Server("--poll-after", "3600", *options)
        self.count, self.unit_options, self.make_url, self.units = count, unit_options, url, []

    def __enter__(self):
        self.server.__enter__()
        self.server.url = f"http://127.0.0.1:{self.server.port}"
        self.server.vendor()
        self.server.personalize("a", self.count)
        url = self.make_url(self.server) if self.make_url else None
        for number, pud in enumerate(sorted(glob.glob(f"{self.server.dir}/a/*.pud"))):
            options = self.unit_options
            options = options(number) if callable(options) else options
            self.units.append(Unit(self.server, "a", number, pud, *options, url=url))
        return self

    def __exit__(self, kind, value, trace):
        for unit in self.units:
            if kind is not None:
                print(unit.log()[-3000:], unit.log("processor")[-1000:], file=sys.stderr)
            unit.stop()
        self.server.__exit__(kind, value, trace)

    def release(self, label, *arguments):
        stem = f"{self.server.dir}/{label}"
        pawl("package", "--quiet", "--image", "/bin/busybox", "--args", *arguments, "--key",
             f"{self.server.dir}/vendor.pem", "--vendor", "example.com", "--class", "a", "--name",
             "busybox", "--version", label, "--security-version", 1, "--deadline", "30",
             "--content-key", f"{stem}.key", "--out", f"{stem}.pawl")
        with open(f"{stem}.pawl", "rb") as data, open(f"{stem}.key", "rb") as key:
            package = data.read(), key.read()
        about = pawl("inspect", "--json", f"{stem}.pawl").decode()
        package_id = bytes.fromhex(re.search(r'"package_id": *"([0-9a-f]{64})"', about)[1])
        return self.server.publish((*package, package_id))

    def sequence(self, unit):
        return self.server.expect(200, "GET", f"/v1/devices/{unit.id}")["sequence"]

    def reaches(self, unit, sequence):
        wait_for(lambda: self.sequence(unit) == sequence, f"sequence {sequence}")

    def command(self, unit, kind, **members):
        body = {"target": {"device": unit.id}, "kind": kind, **members}
        return self.server.expect(201, "POST", "/v1/commands", body)["number"]

    def takes(self, number):
        wait_for(lambda: number in [entry["detail"]["number"]
                                    for entry in self.server.audit("command-taken")],
                 f"command {number} taken")


def certificate(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{directory}/tls.key", "-out",
                    f"{directory}/tls.crt", "-subj", "/CN=broker", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
    return f"{directory}/tls.crt", f"{directory}/tls.key"


def test_devices_are_woken():
    """SPEC 19.6, 19.8, by TLS: an assignment to a class, to one device, a command and `notify` reach
    devices that would poll in an hour; a restarted agent is not fooled by what is retained."""
    with Broker() as keys:
        tls = certificate(keys.dir)
        with Broker(tls) as broker, \
                World(*broker.server_options, "--push-ca", tls[0], count=2,
                      unit_options=("--push", broker.url, "--push-ca", tls[0])) as world:
            first, second = world.units
            first.rests()
            second.rests()
            package = world.release("one", "true")
            began = time.monotonic()
            world.server.assign(package, class_="a")
            world.reaches(first, 1)
            world.reaches(second, 1)
            print(f"    class woken and confirmed after {time.monotonic() - began:.2f} s")
            for unit in world.units:
                unit.says("the server knows: .* sequence number 1$|sequence number 1\n")
            world.server.assign(world.release("two", "true"), device=first.id)
            world.reaches(first, 2)
            assert world.sequence(second) == 1
            world.takes(world.command(second, "check-in"))

            polls = second.polls()
            second.agent.send_signal(signal.SIGTERM)
            second.agent.wait(30)
            second.start()
            second.says("push: listening", 4)
            body = {"target": {"class": "a", "vendor": "example.com"}}
            answer = world.server.expect(202, "POST", "/v1/notify", body)
            assert answer == {"connected": True}, answer
            wait_for(lambda: second.polls() >= polls + 2, "a poll after notify")
            assert second.polls() == polls + 2, second.log()
            assert world.server.audit("notified")
            push = world.server.expect(200, "GET", "/v1/status")["push"]
            assert push["connected"] and push["published"] >= 4 and push["dropped"] == 0, push


def test_campaigns_wake_their_devices():
    """SPEC 19.9: an opened stage wakes its class, and of a list each of its devices and no other."""
    with Broker() as broker, World(*broker.server_options, count=2,
                                   unit_options=("--push", broker.url)) as world:
        first, second = world.units
        first.rests()
        second.rests()

        def campaign(package, target):
            body = {"name": "c", "package_id": package.hex(), "target": target,
                    "stages": [{"share": 100}]}
            number = world.server.expect(201, "POST", "/v1/campaigns", body)["id"]
            if "list" in target:
                status, answer = world.server.operate(
                    "PUT", f"/v1/campaigns/{number}/devices", first.id + "\n",
                    {"Content-Type": "text/plain"})
                assert status == 200 and answer["listed"] == 1, answer
            world.server.expect(200, "POST", f"/v1/campaigns/{number}/start", {})

        campaign(world.release("one", "true"), {"class": "a", "vendor": "example.com"})
        world.reaches(first, 1)
        world.reaches(second, 1)
        second.says("next poll in", 2)
        polls = second.polls()
        listener = Client(broker.port)
        listener.subscribe("pawl/notify/#")
        topics = re.findall(r"push: listening to (\S+)", first.log())
        campaign(world.release("two", "true"), {"list": True})
        world.reaches(first, 2)
        while listener.next()[0] != topics[0]:  # its own; what is retained comes before
            pass
        assert second.polls() == polls, second.log()


def test_polling_goes_on_without_a_broker():
    """SPEC 19.1: nobody there, at either end, costs nothing but the wake-up."""
    nobody = f"mqtt://127.0.0.1:{free_port()}"
    with World("--push-broker", nobody, "--poll-after", "1",
               unit_options=("--push", nobody)) as world:
        unit = world.units[0]
        unit.says("next poll in", 2)
        world.server.assign(world.release("one", "true"), class_="a")
        world.reaches(unit, 1)
        assert "push: cannot connect" in unit.log() or "push: the session ended" in unit.log()


def test_a_broker_comes_back():
    """SPEC 19.6: what is notified while the broker is down wakes when it is up again."""
    with Broker() as broker, World(*broker.server_options,
                                   unit_options=("--push", broker.url)) as world:
        unit = world.units[0]
        unit.rests()
        broker.stop()
        unit.says("push: the session ended|push: cannot connect")
        world.server.assign(world.release("one", "true"), class_="a")
        assert world.sequence(unit) == 0
        broker.start()
        world.reaches(unit, 1)


def test_nobody_else_can_publish():
    """The access list that we ship (docs/push.md): an anonymous publication is not delivered, a wrong
    password gets nobody in, other topics cannot be listened to."""
    with Broker() as broker, World(*broker.server_options,
                                   unit_options=("--push", broker.url)) as world:
        unit = world.units[0]
        unit.rests()
        listener = Client(broker.port)
        listener.subscribe("#", "pawl/notify/#", "$SYS/#")
        hostile = Client(broker.port)
        topics = re.findall(r"push: listening to (\S+)", unit.log())
        polls = unit.polls()
        for topic in topics:
            hostile.publish(topic, "f" * 16)
            hostile.publish(topic, "f" * 16, retain=True)
        hostile.publish("pawl/other", "x")
        assert Client(broker.port, "pawld", "guessed").code == 5
        right = Client(broker.port, "pawld", PASSWORD)
        assert right.code == 0
        right.publish("pawl/notify/0123456789abcdef", "0" * 16)
        assert listener.next() == ("pawl/notify/0123456789abcdef", b"0" * 16)
        late = Client(broker.port)
        late.subscribe(*topics, "pawl/notify/#")
        right.publish("pawl/notify/0123456789abcdef", "1" * 16)
        assert late.next()[1] == b"1" * 16  # nothing was retained
        assert unit.polls() == polls


def test_a_hostile_broker_makes_few_polls():
    """SPEC 19.7: forged notifications, as many as there is room for, make a poll for each floor at
    most, and the floor doubles; garbage and huge packets end the session in bounded memory."""
    def flood(send, topics):
        send(publication("pawl/notify/" + "0" * 16, "f" * 16))  # not ours
        send(publication(topics[0], b"\0" * 3000) + publication(topics[0], "no counter at all"))
        end = time.monotonic() + 30
        for counter in range(1 << 62, 1 << 63):
            payload = f"{counter:016x}"
            send(publication(topics[0], payload) + publication(topics[1], payload, True))
            time.sleep(0.005)
            if time.monotonic() > end:
                return

    def huge(send, topics):
        send(b"\x30\xff\xff\xff\x7f" + b"\0\x10pawl/notify/0000")  # 256 MiB are announced
        for _ in range(4096):
            send(bytes(65536))

    def garbage(send, topics):
        send(b"\xf7\x03abc\x30\x00\x20\x7f" + os.urandom(100))

    brokers = [HostileBroker(attack) for attack in (flood, huge, garbage)]
    began = time.monotonic()
    with World("--push-broker", brokers[0].url, count=3, unit_options=lambda number: (
            "--push", brokers[number].url, "--min-poll", "1")) as world:
        for unit in world.units:
            unit.says("push: listening", 2)
        unit = world.units[0]
        wait_for(lambda: unit.polls() >= 3, "forged notifications are heeded")
        unit.says("push: the broker sends more than it may")
        world.units[1].says("push: the (broker sends more|session ended)")
        # Floors of 1, 2, 4, ... seconds: at most log2 of the time that has passed, and the first.
        passed = time.monotonic() - began
        assert unit.polls() <= 3 + int(passed).bit_length(), (passed, unit.polls())
        for broker in brokers:
            wait_for(lambda broker=broker: broker.sessions >= 2, "it comes again")
        assert world.units[1].polls() == world.units[2].polls() == 1
        peaks = []
        for other in world.units:
            with open(f"/proc/{other.agent.pid}/status", encoding="ascii") as status:
                peaks.append(int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]))
        assert SANITIZED or max(peaks) < 40000, f"{peaks} KiB"
        print(f"    {unit.polls()} polls in {passed:.0f} s of forged notifications, {peaks} KiB")
        # What an operator does meanwhile arrives all the same.
        world.server.assign(world.release("one", "true"), class_="a")
        unit.agent.send_signal(signal.SIGUSR1)
        world.reaches(unit, 1)
    for broker in brokers:
        broker.close()


def proxy_start(server, tamper):
    """A relay on the agent's host that may alter what it relays. Its URL."""
    class Relay(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            report = self.rfile.read(int(self.headers["Content-Length"]))
            request = urllib.request.Request(server.url + self.path, report, {
                "Content-Type": self.headers["Content-Type"]})
            try:
                with urllib.request.urlopen(request, timeout=30) as response:
                    status, body = response.status, response.read()
            except urllib.error.HTTPError as error:
                status, body = error.code, error.read()
            body = tamper(body)
            self.send_response(status)
            self.send_header("Content-Type", 'application/cose; cose-type="cose-mac0"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    relay = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    threading.Thread(target=relay.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{relay.server_port}"


def test_messages():
    """SPEC 19.2: a message comes to the program once it was verified; one that the agent's host
    alters is refused, and comes when it lets it through."""
    altered = []

    def tamper(body):
        if b"true words" in body and len(altered) < 2:
            altered.append(1)
            return body.replace(b"true words", b"lies, lies")
        return body

    with Broker() as broker:
        program = f"{broker.dir}/show"
        with open(program, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\nid -u >/dev/null\ncat >>{broker.dir}/shown\n"
                       f"ls /proc/$$/fd | wc -l >{broker.dir}/descriptors\n")
        os.chmod(program, 0o755)
        with World(*broker.server_options, url=lambda server: proxy_start(server, tamper),
                   unit_options=("--push", broker.url, "--min-poll", "0", "--on-message",
                                 program)) as world:
            unit = world.units[0]
            unit.rests()
            number = world.command(unit, "message", message="true words\u2713")
            world.takes(number)
            assert len(altered) == 2
            unit.says("refuses what the server says \\(untrusted\\)", 2)
            wait_for(lambda: os.path.exists(f"{broker.dir}/descriptors"), "shown")
            with open(f"{broker.dir}/shown", encoding="utf-8") as file:
                assert file.read() == "true words\u2713"
            assert "lies" not in unit.log()
            unit.says("notice: message: true words")

            world.takes(world.command(unit, "poll-interval", seconds=4000))
            unit.says("next poll in 4[0-9]{3} s")


def test_a_diagnostic_runs_once():
    """SPEC 13.9: it runs, what was there runs again at the same sequence number, and it is not
    offered again; the server learns how it ended, a failure too."""
    with Broker() as broker, World(*broker.server_options, unit_options=(
            "--push", broker.url, "--min-poll", "0")) as world:
        unit = world.units[0]
        unit.rests()
        main = world.release("main", "true")
        world.server.assign(main, class_="a")
        world.reaches(unit, 1)
        causes = []
        for label, argument in (("good", "true"), ("bad", "false")):
            probe = world.release(label, argument)
            world.takes(world.command(unit, "diagnostic", package_id=probe.hex()))
            causes.append(world.server.audit("command-taken")[-1]["detail"]["code"])
            status = subprocess.run(
                [f"{BIN}/pawl-agent", "--status", "--json", "--processor", unit.link],
                stdout=subprocess.PIPE, check=True, env=ENVIRONMENT).stdout.decode()
            assert '"sequence":1,' in status and f'"package_id":"{main.hex()}"' in status, status
        assert causes == [69, 64], causes
        trials = re.findall("running busybox (main|good|bad) on trial", unit.log("processor"))
        assert trials == ["main", "good", "bad"], unit.log("processor")
        held = world.server.expect(200, "GET", f"/v1/devices/{unit.id}")
        assert held["sequence"] == 1 and held["package_id"] == main.hex(), held
        unit.says("diagnostic package .*met its criterion")
        # The package that ran well once may be installed for good.
        world.server.assign(world.release("next", "true"), class_="a")
        world.reaches(unit, 2)


run(test_devices_are_woken, test_campaigns_wake_their_devices,
    test_polling_goes_on_without_a_broker, test_a_broker_comes_back,
    test_nobody_else_can_publish, test_a_hostile_broker_makes_few_polls, test_messages,
    test_a_diagnostic_runs_once)
