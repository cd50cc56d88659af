"""Runs pawld in a scratch directory, and speaks to it as devices and operators do."""
import concurrent.futures
import glob
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from pawl_device import MEDIA_TYPE, Device

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from pawl_openapi import OpenApi  # noqa: E402

BIN = os.environ["PAWL_BIN"]
SANITIZED = os.environ.get("PAWL_SANITIZED") == "1"
OPENAPI = OpenApi()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def pawl(*arguments):
    """Runs the command line; its standard output."""
    environment = dict(os.environ, PAWL_CONFIG="/dev/null")
    done = subprocess.run([f"{BIN}/pawl", *map(str, arguments)], env=environment, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.stdout


class Server:
    """Use with `with`: at the end the server must stop by itself, without a complaint of a
    sanitizer, and the directory goes."""

    def __init__(self, *options, init=(), environment=None):
        """`options` for serving, `init` for `pawld init`, `environment` for both."""
        self.options = options
        self.environment = {**os.environ, "PAWL_CONFIG": "/dev/null", **(environment or {})}
        self.dir = tempfile.mkdtemp(prefix="pawl-server-")
        self.data = f"{self.dir}/data"
        self.process = None
        self.port = 0
        subprocess.run([f"{BIN}/pawld", "init", "--data", self.data, *init], check=True,
                       env=self.environment)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.process is not None:
                code = self.stop()
                if kind is None:
                    assert code == 0, f"pawld ended with {code}:\n{self.log()[-3000:]}"
        finally:
            if kind is not None:
                print(self.log()[-3000:], file=sys.stderr)
            shutil.rmtree(self.dir)

    def start(self):
        port_file = f"{self.dir}/port"
        if os.path.exists(port_file):
            os.unlink(port_file)
        with open(f"{self.dir}/log", "ab") as log:
            self.process = subprocess.Popen(
                [f"{BIN}/pawld", "--data", self.data, "--listen", f"127.0.0.1:{self.port}",
                 "--port-file", port_file, *self.options],
                stderr=log, env=self.environment)
        for _ in range(600):
            if os.path.exists(port_file) and os.path.getsize(port_file) > 0:
                break
            assert self.process.poll() is None, f"pawld did not start:\n{self.log()[-3000:]}"
            time.sleep(0.05)
        with open(port_file, encoding="ascii") as file:
            self.port = int(file.read())

    def start_to_die(self, **when):
        """Starts it so that it kills itself when that comes (die_at.c)."""
        self.start_with("libdie_at.so", **when)

    def start_with(self, library, **when):
        preload = {"LD_PRELOAD": f"{os.environ['PAWL_TOOLS']}/{library}", **when}
        self.environment.update(preload)
        self.start()
        for name in preload:
            del self.environment[name]

    def dies(self, method, path):
        """A request that it does not survive, at once or soon after."""
        try:
            self.operate(method, path)
        except (ConnectionError, http.client.HTTPException):
            pass
        code = self.process.wait(60)
        self.process = None
        assert code == -signal.SIGKILL, f"it was not killed: {code}"

    def stop(self, signal_number=signal.SIGTERM):
        self.process.send_signal(signal_number)
        code = self.process.wait(60)
        self.process = None
        return code

    def log(self):
        with open(f"{self.dir}/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def alive(self):
        assert self.process.poll() is None, f"pawld died:\n{self.log()[-3000:]}"

    # --- devices ---

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def request(self, method, path, body=None, headers=None):
        """One request on a connection of its own: the response, with .body read."""
        connection = self.connection()
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        response.body = response.read()
        connection.close()
        return response

    def post(self, report):
        response = self.request("POST", "/v1/report", report, {"Content-Type": MEDIA_TYPE})
        return response.status, response.body

    # --- operators ---

    def operator_connection(self):
        return UnixConnection(f"{self.data}/operator.sock")

    def operate(self, method, path, body=None, headers=None, raw=False):
        """A request on the operator socket: (status, JSON value, or bytes when `raw`). What was sent
        and answered must be as docs/openapi.json says."""
        connection = self.operator_connection()
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        OPENAPI.check_answer("operator", method, path, body, response.status,
                             response.headers["Content-Type"], data)
        return response.status, data if raw else json.loads(data)

    def expect(self, status, method, path, body=None):
        """The same, and its status must be this one."""
        got, value = self.operate(method, path, body)
        assert got == status, f"{method} {path}: {got} {value}, not {status}"
        return value

    def device(self, device):
        return self.expect(200, "GET", f"/v1/devices/{device.id.hex()}")

    def audit(self, action):
        """Entries of an action, without the names of the requests that made them."""
        items = self.expect(200, "GET", "/v1/audit?limit=10000")["items"]
        for item in items:
            item["detail"].pop("request", None)
        return [item for item in items if item["action"] == action]

    # --- a vendor ---

    def vendor(self):
        pawl("keygen", "--out", f"{self.dir}/vendor.pem")

    def personalize(self, name, count=1, options=(), encrypted=True):
        """Units of a class, imported: devices that speak to this server."""
        encryption = ("--server-cert", f"{self.data}/server.crt") if encrypted else ()
        pawl("personalize", "--vendor", "example.com", "--class", name, "--count", count,
             "--trust", f"{self.dir}/vendor.pub.pem", "--out", f"{self.dir}/{name}", *encryption,
             *options)
        with open(f"{self.dir}/{name}/units.import", "rb") as units:
            answer = self.expect(200, "POST", "/v1/units", units.read())
        assert answer["imported"] == count and answer["refused_count"] == 0, answer
        devices = []
        for path in sorted(glob.glob(f"{self.dir}/{name}/*.pud")):
            with open(path, "rb") as pud:
                devices.append(Device(pud.read(), self.post))
        return devices

    def package(self, name, label, image=b"image" * 3000, version=1, title=None):
        """A package file and its key for a class: (bytes, key, id)."""
        stem = f"{self.dir}/{label}"
        with open(f"{stem}.image", "wb") as file:
            file.write(image)
        pawl("package", "--quiet", "--image", f"{stem}.image", "--key", f"{self.dir}/vendor.pem",
             "--vendor", "example.com", "--class", name, "--name", title or label, "--version", "1",
             "--security-version", version, "--kind", "opaque", "--chunk-size", 4096,
             "--content-key", f"{stem}.key", "--out", f"{stem}.pawl")
        with open(f"{stem}.pawl", "rb") as file, open(f"{stem}.key", "rb") as key:
            data, content_key = file.read(), key.read()
        about = json.loads(pawl("inspect", "--json", f"{stem}.pawl"))
        return data, content_key, bytes.fromhex(about["package_id"])

    def publish(self, package):
        data, key, package_id = package
        self.expect(201, "PUT", f"/v1/packages/{package_id.hex()}", data)
        self.expect(200, "PUT", f"/v1/packages/{package_id.hex()}/content-key", key)
        return package_id

    def release(self, name, label):
        """A published package of a class: its id and content key."""
        package = self.package(name, label)
        return self.publish(package), package[1]

    def assign(self, package_id, **target):
        if "class_" in target:
            target = {"class": target["class_"], "vendor": "example.com"}
        body = {"package_id": package_id.hex(), "target": target}
        return self.expect(201, "PUT", "/v1/assignments", body)["id"]


def wait_for(condition, what="it", seconds=60):
    """Asks until the condition is true of what happens in the background; returns what it found."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"{what if isinstance(what, str) else what()}: waited in vain"
        time.sleep(0.02)


def run(*tests):
    """Runs test functions; each has a docstring that says what it defends."""
    for test in tests:
        started = time.monotonic()
        test()
        print(f"ok: {test.__name__} ({time.monotonic() - started:.1f} s)")


def run_together(*tests, most=4):
    """The same for tests that mostly wait, so many at a time. The first failure is raised."""
    with concurrent.futures.ThreadPoolExecutor(most) as pool:
        for done in [pool.submit(run, test) for test in tests]:
            done.result()
