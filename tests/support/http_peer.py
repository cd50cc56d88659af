"""The base of small HTTP servers that stand between an agent and its server in tests."""
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class PeerHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def head(self, status, size, media="application/octet-stream", **headers):
        """The head of an answer in order, of which `size` bytes follow."""
        self.send_response(status)
        for name, value in {"Content-Type": media, "Content-Length": str(size), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def give(self, status, body, media="application/octet-stream", **headers):
        """An answer in order."""
        self.head(status, len(body), media, **headers)
        self.wfile.write(body)

    def first(self):
        """Where the client wants to begin."""
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])


class PeerServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that hung up is what some tests are for
