"""A pawld that operators reach over HTTPS, with tokens and client certificates."""
import hashlib
import http.client
import json
import os
import secrets
import ssl
import sys

from pawl_server import OPENAPI, Server

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from pawl_certificates import Authority, name_of  # noqa: E402, F401


class SecureServer(Server):
    def __init__(self, *options):
        super().__init__()
        self.authority = Authority(self.dir)
        certificate, key = self.authority.issue("server")
        self.operator_port = 0
        self.own_options = (
            "--tls-cert", certificate, "--tls-key", key, "--client-ca", self.authority.path,
            "--operator-port-file", f"{self.dir}/operator-port", *options)
        self.context = ssl.create_default_context(cafile=self.authority.path)

    def start(self):
        self.options = ("--operator-listen", f"127.0.0.1:{self.operator_port}", *self.own_options)
        super().start()
        with open(f"{self.dir}/operator-port", encoding="ascii") as file:
            self.operator_port = int(file.read())

    def connection(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.context)

    def remote(self, certificate=None):
        """A connection to the operators' listener; `certificate`: (file, key) to be shown."""
        context = self.context
        if certificate is not None:
            context = ssl.create_default_context(cafile=self.authority.path)
            context.load_cert_chain(*certificate)
        return http.client.HTTPSConnection("127.0.0.1", self.operator_port, timeout=60,
                                           context=context)

    def ask(self, method, path, body=None, token=None, headers=None, certificate=None,
            connection=None):
        """(status, headers, bytes) of a request over HTTPS, as openapi.json says."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        own = connection is None
        connection = connection or self.remote(certificate)
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        data = response.read()
        if own:
            connection.close()
        OPENAPI.check_answer("operator", method, path, body, response.status,
                             response.headers["Content-Type"], data)
        return response.status, response.headers, data

    def token(self, name, role, **more):
        """A new token's text."""
        text = "pawl_" + secrets.token_hex(32)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.expect(201, "POST", "/v1/tokens", {"name": name, "role": role, "digest": digest, **more})
        return text
