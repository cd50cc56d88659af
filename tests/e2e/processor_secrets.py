#!/usr/bin/python3
"""I8: what is in the memory of the secure processor's processes after each phase of a device's life,
and what is not; what reaches its files; and that none of them leaves a core file.

The table below says which secret may be where, and when. Everything else, and every place that is
not named, must be without it. Keys are computed here from the unit's data, by the second
implementation of the protocol (tests/vectors/protocol.py)."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE, BIN, TOOLS = (os.environ[f"PAWL_{name}"] for name in ("SOURCE", "BIN", "TOOLS"))
sys.path[:0] = [f"{SOURCE}/tests/vectors", f"{SOURCE}/tests/support"]
import protocol  # noqa: E402
from memory_scan import Secrets, cores_are_seen  # noqa: E402
from pawl_link import Link  # noqa: E402

DOWNLOADS = 4
# secret: the phases in which the engine may hold it, and where: "secret" is memory that is locked
# and left out of core files, "heap" is locked only. No other process ever may.
ALLOWED = {
    "unit secret": ("always", "secret"),
    # Of the package that is being written: the cipher's context, made by the crypto library.
    "stream key": ("half", "heap"),
}


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


class Device:
    """A processor with its state, and the server's side of its exchanges."""

    def __init__(self, directory):
        self.dir = directory
        self.factory("unit")
        with open(f"{directory}/unit.pud", "rb") as file:
            self.pud = protocol.pud_read(file.read())
        self.process = None
        self.packages = {}

    def factory(self, *arguments):
        subprocess.run([f"{TOOLS}/processor_factory", "--dir", self.dir, *arguments], check=True)

    def pack(self, name, *arguments, options=()):
        path = f"{self.dir}/{name}.pawl"
        self.factory("package", "--image", f"{TOOLS}/guest-static", "--name", "guest", "--out", path,
                     "--chunk-size", "65536", *options, "--", *arguments)
        with open(path, "rb") as package, open(f"{path}.key", "rb") as key:
            data, content_key = package.read(), key.read()
        os.remove(path)
        os.remove(f"{path}.key")
        self.packages[name] = (data, protocol.package_read(data)[2], content_key)

    def start(self):
        self.process = subprocess.Popen(
            [f"{BIN}/pawl-processor", "--pud", f"{self.dir}/unit.pud", "--state", f"{self.dir}/state",
             "--link", f"unix:{self.dir}/link", "--slot-size", "4M", "--log-level", "debug"],
            stderr=open(f"{self.dir}/log", "ab"))
        wait_for(lambda: os.path.exists(f"{self.dir}/link") or self.process.poll() is not None)
        self.link = Link(f"{self.dir}/link")

    def stop(self):
        self.link.socket.close()
        self.process.terminate()
        assert self.process.wait() == 0
        os.path.exists(f"{self.dir}/link") and os.remove(f"{self.dir}/link")

    def offer(self, name, sequence, right=True):
        """A directive with an entitlement for this package; the answer's result."""
        data, identifier, content_key = self.packages[name]
        report = self.link.report()
        nonce = dict(protocol.decode(protocol.decode(report).value[2]).pairs)[5]
        row = protocol.row(self.pud, sequence if right else sequence + 1, identifier, content_key)
        directive = protocol.directive_write(
            {0: 1, 1: nonce, 2: 1, 3: 1, 4: b"challenge", 5: identifier, 6: "/x", 7: len(data),
             8: row[8:]}, self.pud)
        return self.link.ask(Link.DIRECTIVE, directive)[0]

    def write(self, name, first, last):
        """Brings bytes of a package; the first answer's result that is not OK."""
        data = self.packages[name][0]
        for at in range(first, min(last, len(data)), 4000):
            part = data[at:min(at + 4000, last)]
            result = self.link.ask(Link.WRITE, at.to_bytes(8, "big") + part)[0]
            if result != 0:
                return result
        return 0

    def state(self):
        return self.link.ask(Link.STATUS)[1]

    def processes(self):
        """{name: pid} of the engine and all that it started."""
        found = {"engine": self.process.pid}
        for depth, name in enumerate(("launcher", "warden", "image")):
            below = children(list(found.values())[depth])
            if not below:
                break
            found[name] = below[0]
        return found


def secrets_of(device):
    """Every secret of the unit and of its packages, by name."""
    pud, named = device.pud, {}
    secret = pud["unit_secret"]

    def branch(info):
        return protocol.expand(secret, info, 32)

    named["unit secret"] = secret
    named["auth key"] = protocol.auth_key(pud)
    named["TPM authorization"] = branch(b"pawl/1 tpm auth")
    named["TPM base key"] = branch(b"pawl/1 tpm base")
    link = named["chain root"] = branch(b"pawl/1 chain" + protocol.u64be(0))
    for step in range(1, pud["chain_length"] + 1):
        link = protocol.sha256(b"pawl" + pud["device_id"] + link)
        named[f"link {step}"] = link
    assert link == protocol.download_key(pud, 0)
    for name, (_, identifier, content_key) in device.packages.items():
        named[f"content key of {name}"] = content_key
        stream = protocol.expand(content_key, b"pawl/1 stream" + identifier, 32)
        named["stream key" if name == "whole" else f"stream key of {name}"] = stream
        for s in range(DOWNLOADS + 1):
            number = protocol.u64be(s)
            kek, _tag = protocol.entitlement_keys(pud, s, identifier)
            named[f"entitlement key of {name} at {s}"] = kek
            for role in (b"trial", b"storage"):
                key = branch(b"pawl/1 " + role + number + identifier)
                label = f"{role.decode()} key of {name} at {s}"
                named[label] = key
                named[f"{label}, wrap"] = protocol.expand(key, b"pawl/1 record wrap", 32)
                named[f"{label}, mac"] = protocol.expand(key, b"pawl/1 record mac", 32)
    return named


class Watch:
    """Searches all processes and files of a device, phase by phase."""

    def __init__(self, device):
        self.device, self.secrets, self.searched = device, Secrets(secrets_of(device)), 0

    def may_be(self, phase, name, region):
        if name not in ALLOWED or isinstance(region, str):
            return False
        when, where = ALLOWED[name]
        return when in ("always", phase) and region.locked and (
            where == "heap" or not region.dumped)

    def phase(self, phase, *expected):
        """After this phase the engine holds these secrets where it may, and nobody any other."""
        seen = set()
        for process, pid in self.device.processes().items():
            try:
                found = self.secrets.in_process(pid)
            except subprocess.CalledProcessError:
                assert process != "engine" and not os.path.exists(f"/proc/{pid}"), process
                continue  # what ran once is over
            if process == "engine":
                seen = {name for name, _ in found}
                found = {one for one in found if not self.may_be(phase, *one)}
            assert not found, (phase, process, sorted((name, str(where)) for name, where in found))
            self.searched += 1
        assert {"unit secret", *expected} <= seen, f"{phase}: the search does not find {expected}"
        files = self.secrets.in_files(f"{self.device.dir}/state", f"{self.device.dir}/log")
        assert not files, (phase, files)


def test_each_phase(directory):
    device = Device(directory)
    device.pack("first", "exit", "0")
    device.pack("whole", "notify", "READY=1", options=("--success", "ready"))
    device.pack("failing", "exit", "3")
    watch = Watch(device)

    device.start()
    watch.phase("start")
    device.link.report()
    watch.phase("report")
    assert device.offer("first", 0) == 0
    watch.phase("offer")
    size = len(device.packages["first"][0])
    assert device.write("first", 0, size) == 0
    watch.phase("taken")
    assert device.link.ask(Link.INSTALL)[0] == 0
    wait_for(lambda: device.state() == 7)
    watch.phase("commit")

    assert device.offer("whole", 1, right=False) == 0
    assert device.write("whole", 0, 8000) == 5
    watch.phase("refused")
    assert device.offer("whole", 1) == 0
    assert device.write("whole", 0, 100000) == 0
    watch.phase("half", "stream key")
    assert device.link.ask(Link.CANCEL)[0] == 0
    watch.phase("given up")
    assert device.offer("whole", 1) == 0
    assert device.write("whole", 0, 100000) == 0
    device.stop()
    device.start()
    watch.phase("restart in a download")
    assert device.offer("whole", 1) == 0
    assert device.write("whole", 0, len(device.packages["whole"][0])) in (0, 11)
    at = int.from_bytes(device.link.ask(Link.WRITE, bytes(8))[2][:8], "big")
    assert device.write("whole", at, len(device.packages["whole"][0])) == 0
    watch.phase("taken")
    assert device.link.ask(Link.INSTALL)[0] == 0
    wait_for(lambda: device.state() == 7)
    watch.phase("running")
    assert len(device.processes()) == 4, "the image does not run"

    assert device.offer("failing", 2) == 0
    assert device.write("failing", 0, len(device.packages["failing"][0])) == 0
    assert device.link.ask(Link.INSTALL)[0] == 0
    wait_for(lambda: device.state() == 4)
    watch.phase("failed trial")
    device.stop()
    device.start()
    watch.phase("restart")
    device.stop()
    # The image has no name in a file system, and the package in flash stays sealed.
    with open(f"{TOOLS}/guest-static", "rb") as file:
        file.seek(32768)
        plain = Secrets({"plaintext": file.read(65536)})
    assert plain.in_files(f"{TOOLS}/guest-static"), "the search does not find the image in itself"
    assert not plain.in_files(f"{directory}/state", f"{directory}/log")
    print(f"{watch.searched} processes searched for {len(watch.secrets.owners)} forms of "
          f"{len(set(watch.secrets.owners))} secrets")


def core_in(directory):
    return [name for name in os.listdir(directory) if name.startswith("core")]


def test_no_core_files(directory):
    """Each process is made to crash where core files are made, and makes none."""
    if not cores_are_seen():
        return
    os.chdir(directory)
    control = subprocess.Popen(["sleep", "1000"])
    control.send_signal(signal.SIGSEGV)
    control.wait()
    assert core_in(directory), "the test makes no core file of an ordinary process"
    for name in core_in(directory):
        os.remove(name)

    device = Device(directory)
    device.pack("whole", "notify", "READY=1", options=("--success", "ready"))
    data = device.packages["whole"][0]
    # The warden is the first process of its namespace: what it does not catch does not reach it.
    for name in ("image", "launcher", "engine"):
        device.start()
        if name == "image":  # which is committed then, and runs from the next starts on
            assert device.offer("whole", 0) == 0
            assert device.write("whole", 0, len(data)) == 0
            assert device.link.ask(Link.INSTALL)[0] == 0
            wait_for(lambda: device.state() == 7)
        wait_for(lambda: "image" in device.processes())
        victim = device.processes()[name]
        os.kill(victim, signal.SIGSEGV)
        if name == "image":
            wait_for(lambda: "image" not in device.processes())
            device.process.kill()
        device.process.wait()
        device.link.socket.close()
        os.path.exists(f"{directory}/link") and os.remove(f"{directory}/link")
        assert not core_in(directory), f"{name} leaves a core file"


def main():
    if os.geteuid() != 0 or os.environ["PAWL_SANITIZED"] != "0":
        print("skipped: needs root, and memory that is not kept for diagnosis")
        return
    for test in (test_each_phase, test_no_core_files):
        directory = tempfile.mkdtemp(prefix="pawl-secrets-")
        os.chmod(directory, 0o711)
        try:
            test(directory)
        except BaseException:
            subprocess.run(["tail", "-n", "30", f"{directory}/log"], check=False, stdout=sys.stderr)
            raise
        finally:
            os.chdir("/")
            shutil.rmtree(directory)


main()
