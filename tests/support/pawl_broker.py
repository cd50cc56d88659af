"""A mosquitto of a test's own, with the access list that we ship; and a broker that is hostile."""
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

PASSWORD = "publisher's secret"
ACL = os.path.join(os.environ["PAWL_SOURCE"], "examples/push/pawl.acl")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def mosquitto():
    return shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")


class Broker:
    """Use with `with`. `tls` is (certificate, key), PEM files."""

    def __init__(self, tls=None):
        self.dir = tempfile.mkdtemp(prefix="pawl-broker-")
        self.tls, self.process, self.port = tls, None, free_port()
        self.password_file = f"{self.dir}/password"
        with open(self.password_file, "w", encoding="ascii") as file:
            file.write(PASSWORD + "\n")
        os.chmod(self.password_file, 0o600)
        subprocess.run(["mosquitto_passwd", "-b", "-c", f"{self.dir}/passwd", "pawld", PASSWORD],
                       check=True, stderr=subprocess.DEVNULL)
        shutil.copy(ACL, f"{self.dir}/pawl.acl")
        lines = ["per_listener_settings true", "persistence false"]
        if os.geteuid() == 0:
            lines.append("user root")
        lines += [f"listener {self.port} 127.0.0.1", "max_connections -1", "allow_anonymous true",
                  f"acl_file {self.dir}/pawl.acl", f"password_file {self.dir}/passwd",
                  "max_packet_size 4096", "max_inflight_messages 4", "max_queued_messages 16"]
        if tls:
            lines += [f"certfile {tls[0]}", f"keyfile {tls[1]}", "tls_version tlsv1.2"]
        with open(f"{self.dir}/conf", "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.stop()
        shutil.rmtree(self.dir)

    def start(self):
        with open(f"{self.dir}/log", "ab") as log:
            self.process = subprocess.Popen([mosquitto(), "-c", f"{self.dir}/conf"], stdout=log,
                                            stderr=log)
        for _ in range(400):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return
            except OSError:
                assert self.process.poll() is None, self.log()
                time.sleep(0.02)
        raise AssertionError("mosquitto does not start: " + self.log())

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def log(self):
        with open(f"{self.dir}/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    @property
    def url(self):
        return f"{'mqtts' if self.tls else 'mqtt'}://127.0.0.1:{self.port}"

    @property
    def server_options(self):
        return ("--push-broker", self.url, "--push-user", "pawld", "--push-password-file",
                self.password_file)


def packet(kind, body):
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return len(value).to_bytes(2, "big") + value


def publication(topic, payload, retain=False):
    payload = payload.encode() if isinstance(payload, str) else payload
    return packet(0x31 if retain else 0x30, text(topic) + payload)


class Client:
    """An MQTT client of a few lines: what it gets is what was delivered."""

    def __init__(self, port, user=None, password=None):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        flags = 0x02 | (0xC0 if user else 0)
        body = text("MQTT") + bytes([4, flags, 0, 60]) + text(f"test-{os.urandom(4).hex()}")
        if user:
            body += text(user) + text(password)
        self.sock.sendall(packet(0x10, body))
        kind, answer = self.read()
        assert kind == 0x20, kind
        self.code = answer[1]

    def take(self, size):
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def read(self):
        kind, size, shift = self.take(1)[0], 0, 0
        while True:
            digit = self.take(1)[0]
            size |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                return kind, self.take(size)

    def subscribe(self, *topics):
        for topic in topics:
            self.sock.sendall(packet(0x82, b"\0\1" + text(topic) + b"\0"))
            while self.read()[0] != 0x90:
                pass

    def publish(self, topic, payload, retain=False):
        self.sock.sendall(publication(topic, payload, retain))

    def next(self):
        """The next message: (topic, payload)."""
        while True:
            kind, body = self.read()
            if kind & 0xF0 == 0x30:
                size = int.from_bytes(body[:2], "big")
                return body[2:2 + size].decode(), body[2 + size:]


class HostileBroker:
    """Lets everybody in, and after each subscription does what `attack(send, topics)` says."""

    def __init__(self, attack):
        self.attack, self.sessions, self.topics = attack, 0, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"mqtt://127.0.0.1:{self.port}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.session, args=(sock,), daemon=True).start()

    def session(self, sock):
        client = Client.__new__(Client)
        client.sock, topics = sock, []
        try:
            assert client.read()[0] == 0x10
            self.sessions += 1
            sock.sendall(b"\x20\x02\x00\x00")
            while True:
                kind, body = client.read()
                if kind != 0x82:
                    continue
                sock.sendall(packet(0x90, body[:2] + b"\0"))
                size = int.from_bytes(body[2:4], "big")
                topics.append(body[4:4 + size].decode())
                self.topics = topics
                if len(topics) == 2:  # device and class
                    self.attack(sock.sendall, topics)
        except (EOFError, OSError):
            sock.close()

    def close(self):
        self.listener.close()
