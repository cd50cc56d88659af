#!/usr/bin/python3
"""A control server that misbehaves on order: a proxy in front of a real one.

Reports go to the real server, for only it can answer them; packages are fetched from it once and
then served from here. The faults that were ordered strike the first requests of their kind, then
everything goes right. GET /counts tells as JSON how often each request and each fault came.

usage: bad_server.py --upstream URL --port-file FILE [OPTION...] FAULT[:TIMES]...

--other FILE: the package that package-other sends. --tls CERT KEY: it is reached by https.
"""
import argparse
import json
import os
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COSE = 'application/cose; cose-type="cose-mac0"'
STEP = 0.25  # seconds between the bytes of a slow answer


class Bad(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # No wait for the client's acknowledgement between head and body.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    # What every answer is made of.

    def head(self, status, length, media="application/octet-stream", **headers):
        self.send_response(status)
        self.send_header("Content-Type", media)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.close_connection = True
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def whole(self, status, body, media="application/octet-stream", **headers):
        self.head(status, len(body), media, **headers)
        self.wfile.write(body)

    def drop(self):
        """Ends the connection in the middle of whatever it was."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def slow(self, body):
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(STEP)

    # Faults that reports and packages share.

    def status_500(self):
        self.whole(500, b"no\n", "text/plain")

    def status_503(self):
        self.whole(503, b"later\n", "text/plain", Retry_After="1")

    def status_404(self):
        self.whole(404, b"gone\n" * 1000, "text/plain")

    def html(self):
        self.whole(200, b"<html>Please log in</html>" * 20, "text/html")

    def loop(self):
        self.whole(302, b"", Location=self.path)

    def to_file(self):
        self.whole(302, b"", Location="file:///etc/passwd")

    def hang_up(self):
        self.drop()

    # Faults of reports.

    def garbage(self):
        self.whole(200, os.urandom(200), COSE)

    def long(self):
        self.whole(200, b"\xd1" * 100000, COSE)

    def endless(self):
        self.head(200, None, COSE)
        try:
            while True:
                self.wfile.write(b"\xd1" * 65536)
        except OSError:
            pass

    def crawl(self):
        self.head(200, 400, COSE)
        try:
            self.slow(b"\xd1" * 400)
        except OSError:
            pass

    def stale(self):
        """The answer to an earlier report."""
        self.whole(200, self.server.last_directive or b"\xd1\x84", COSE)

    # Faults of packages. `first` is where the client wants to begin.

    def partial(self, first, body, part):
        """The head for all from `first` on, and `part` bytes of it."""
        total = len(body)
        status = 206 if "Range" in self.headers else 200
        extra = {"Content_Range": f"bytes {first}-{total - 1}/{total}"} if status == 206 else {}
        self.head(status, total - first, **extra)
        self.wfile.write(body[first:first + part])

    def package_cut(self, first, body):
        """A third of the package, then the connection ends."""
        self.partial(first, body, len(body) // 3)
        self.drop()

    def package_short(self, first, body):
        """Ends early, in an orderly way: nothing but the size tells."""
        self.head(206 if first else 200, None,
                  **({"Content_Range": f"bytes {first}-{len(body) - 1}/*"} if first else {}))
        self.wfile.write(body[first:-1])

    def package_range(self, first, body):
        """Sends another range than was asked for; the first request is cut to make a second."""
        if first == 0:
            return self.package_cut(first, body)
        self.head(206, len(body) - first + 1,
                  Content_Range=f"bytes {first - 1}-{len(body) - 1}/{len(body)}")
        self.wfile.write(body[first - 1:])

    def package_total(self, first, body):
        if first == 0:
            return self.package_cut(first, body)
        self.head(206, len(body) - first,
                  Content_Range=f"bytes {first}-{len(body) - 1}/{len(body) + 1}")
        self.wfile.write(body[first:])

    def package_garbled_range(self, first, body):
        if first == 0:
            return self.package_cut(first, body)
        self.head(206, len(body) - first, Content_Range="bytes=what")
        self.wfile.write(body[first:])

    def package_no_range(self, first, body):
        """Does not know ranges: always the whole."""
        if first == 0:
            return self.package_cut(first, body)
        self.whole(200, body)

    def package_size(self, first, body):
        self.whole(200, body + b"more")

    def package_long(self, first, body):
        self.head(200, None)
        self.wfile.write(body + os.urandom(100000))

    def package_half(self, first, body):
        """More than half of the rest, then nothing more while the client waits."""
        self.partial(first, body, (len(body) - first) * 6 // 10)
        try:
            self.connection.recv(1)
        except OSError:
            pass
        self.close_connection = True

    def package_trickle(self, first, body):
        """So slowly that the client's buffers do not fill, then nothing more."""
        self.partial(first, body, 0)
        try:
            for at in range(first, first + len(body) // 8, 65536):
                self.wfile.write(body[at:at + 65536])
                time.sleep(STEP)
            self.connection.recv(1)
        except OSError:
            pass
        self.close_connection = True

    def package_crawl(self, first, body):
        self.head(200, len(body))
        try:
            self.slow(body)
        except OSError:
            pass

    def package_other(self, first, body):
        """Another package, of the same length as far as a header tells."""
        other = self.server.other
        self.head(200, None)
        self.wfile.write((other + other)[:len(body)])

    def package_flip(self, first, body):
        """One bit of the last chunk."""
        bad = bytearray(body)
        bad[-100] ^= 4
        self.partial(first, bytes(bad), len(body))

    # Requests.

    def fault(self, kind):
        """The fault that strikes this request, or None."""
        server = self.server
        with server.lock:
            server.counts[kind] = server.counts.get(kind, 0) + 1
            for order in server.orders:
                if order["kind"] == kind and order["times"] > 0:
                    order["times"] -= 1
                    name = order["name"]
                    server.counts[name] = server.counts.get(name, 0) + 1
                    return order["fault"]
        return None

    def do_POST(self):
        report = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.fault("report")
        if fault:
            return fault(self)
        request = urllib.request.Request(self.server.upstream + self.path, report,
                                         {"Content-Type": COSE})
        try:
            with urllib.request.urlopen(request) as answer:
                directive = answer.read()
        except urllib.error.HTTPError as error:
            return self.whole(error.code, error.read(), "text/plain")
        self.whole(200, directive, COSE)
        self.server.last_directive = directive

    def do_GET(self):
        if self.path == "/counts":
            return self.whole(200, json.dumps(self.server.counts).encode(), "application/json")
        body = self.server.package(self.path)
        wanted = self.headers.get("Range", "bytes=0-")
        first = int(wanted.removeprefix("bytes=").split("-")[0])
        fault = self.fault("package") if self.path.startswith("/v1/packages/") else None
        if fault is None:
            return self.partial(first, body, len(body))
        if fault.__name__.startswith("package_"):
            return fault(self, first, body)
        return fault(self)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, arguments):
        super().__init__(("127.0.0.1", 0), Bad)
        self.upstream = arguments.upstream
        self.other = open(arguments.other, "rb").read() if arguments.other else b""
        self.lock = threading.Lock()
        self.counts = {}
        self.packages = {}
        self.last_directive = None
        self.orders = [self.order(text) for text in arguments.faults]

    @staticmethod
    def order(text):
        """report-NAME[:TIMES] or package-NAME[:TIMES]."""
        name, _, times = text.partition(":")
        kind, _, what = name.partition("-")
        what = what.replace("-", "_")
        fault = getattr(Bad, f"{kind}_{what}", None) or getattr(Bad, what)
        return {"name": name, "kind": kind, "fault": fault, "times": int(times or 1)}

    def package(self, path):
        with self.lock:
            if path not in self.packages:
                with urllib.request.urlopen(self.upstream + path) as answer:
                    self.packages[path] = answer.read()
            return self.packages[path]

    def handle_error(self, request, client_address):
        pass  # a client that went away is what half of the faults are for


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--other")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("faults", nargs="*")
    arguments = parser.parse_args()
    server = Server(arguments)
    if arguments.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*arguments.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with open(arguments.port_file + ".new", "w", encoding="ascii") as file:
        file.write(f"{server.server_address[1]}\n")
    os.rename(arguments.port_file + ".new", arguments.port_file)
    server.serve_forever()


main()
