#!/usr/bin/python3
"""TLS of the listeners (SPEC 12, 16): what a handshake may agree on, certificates that are replaced
while connections go on, and what pawld refuses to start with."""
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys

from pawl_server import BIN, Server, run, wait_for

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from pawl_certificates import Authority  # noqa: E402


def tls_server(directory, *options, **kinds):
    """An authority, and a server that has a certificate of it."""
    authority = Authority(directory)
    certificate, key = authority.issue("server", **kinds)
    return authority, Server("--tls-cert", certificate, "--tls-key", key, *options)


def context_of(authority):
    return ssl.create_default_context(cafile=authority.path)


def serial_of(connection):
    return connection.sock.getpeercert()["serialNumber"]


def connect(server, context):
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=60, context=context)
    connection.connect()
    return connection


def healthy(connection):
    connection.request("GET", "/healthz")
    return connection.getresponse().read() == b"ok\n"


def await_log(server, text, count=1):
    wait_for(lambda: server.log().count(text) >= count,
             lambda: f"no {text} in the log:\n{server.log()[-3000:]}")


def scratch(test):
    """Gives a test a directory of its own."""
    def with_directory():
        import tempfile
        directory = tempfile.mkdtemp(prefix="pawl-tls-")
        try:
            test(directory)
        finally:
            shutil.rmtree(directory)
    with_directory.__name__ = test.__name__
    return with_directory


@scratch
def test_versions_and_suites(directory):
    """SPEC 16.12: TLS 1.2 and 1.3 with ephemeral keys and authenticated encryption; nothing else."""
    for use_rsa in (False, True):
        authority, server = tls_server(directory, use_rsa=use_rsa)
        with server:
            def agrees(*options):
                done = subprocess.run(
                    ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile",
                     authority.path, "-verify_return_error", "-brief", *options],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    timeout=60, check=False)
                return done.returncode == 0

            kind = "RSA" if use_rsa else "ECDSA"
            assert agrees("-tls1_3") and agrees("-tls1_2")
            for suite in (f"ECDHE-{kind}-AES128-GCM-SHA256", f"ECDHE-{kind}-CHACHA20-POLY1305",
                          f"ECDHE-{kind}-AES256-GCM-SHA384"):
                assert agrees("-tls1_2", "-cipher", suite), suite
            for suite in ("TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"):
                assert agrees("-tls1_3", "-ciphersuites", suite), suite
            old = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
            for options in (("-tls1_1", "-cipher", old), ("-tls1", "-cipher", old),
                            ("-tls1_2", "-cipher", f"ECDHE-{kind}-AES128-SHA256"),
                            ("-tls1_2", "-cipher", f"ECDHE-{kind}-AES128-SHA"),
                            ("-tls1_2", "-cipher", "AES128-GCM-SHA256"),
                            ("-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"),
                            ("-tls1_2", "-cipher", "NULL:@SECLEVEL=0"),
                            ("-tls1_2", "-sigalgs", f"{kind}+SHA1", "-cipher", "ALL:@SECLEVEL=0")):
                assert not agrees(*options), options
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as plain:
                try:
                    plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                    assert b"HTTP/" not in plain.recv(4096)
                except ConnectionError:
                    pass
            assert "serving plain HTTP" not in server.log()
            server.alive()


@scratch
def test_certificate_is_replaced(directory):
    """SPEC 16.12: SIGHUP takes a new certificate up for new connections; those that are open go on;
    one that cannot be used leaves the old one."""
    authority, server = tls_server(directory)
    context = context_of(authority)
    with server:
        first = connect(server, context)
        assert healthy(first)
        former = serial_of(first)
        authority.issue("server", use_rsa=True)
        assert serial_of(connect(server, context)) == former  # not before it is told
        server.process.send_signal(signal.SIGHUP)
        await_log(server, "event=certificate-loaded", 2)
        second = connect(server, context)
        assert serial_of(second) != former
        assert healthy(first) and serial_of(first) == former and healthy(second)

        with open(f"{directory}/server.crt", "wb") as file:
            file.write(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n")
        server.process.send_signal(signal.SIGHUP)
        await_log(server, "event=certificate-kept class=malformed")
        other = Authority(directory, "another authority").issue("other")
        shutil.copy(other[0], f"{directory}/server.crt")
        server.process.send_signal(signal.SIGHUP)
        await_log(server, "event=certificate-kept class=untrusted")
        third = connect(server, context)
        assert serial_of(third) == serial_of(second)
        assert healthy(first) and healthy(second) and healthy(third)
        for connection in (first, second, third):
            connection.close()


@scratch
def test_a_report_over_tls(directory):
    """SPEC 12: devices report over TLS as they do without; a session is resumed."""
    authority, server = tls_server(directory)
    context = context_of(authority)
    with server:
        server.connection = lambda: http.client.HTTPSConnection("127.0.0.1", server.port, timeout=60,
                                                                context=context)
        server.vendor()
        (device,) = server.personalize("a")
        package, _ = server.release("a", "one")
        server.assign(package, class_="a")
        directive = device.exchange()
        assert directive[2] == 1 and directive[5] == package
        assert len(server.request("GET", f"/v1/packages/{package.hex()}").body) == directive[7]
        first = socket.create_connection(("127.0.0.1", server.port))
        with context.wrap_socket(first, server_hostname="localhost") as secured:
            secured.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert secured.recv(4096)
            session = secured.session
        again = socket.create_connection(("127.0.0.1", server.port))
        with context.wrap_socket(again, server_hostname="localhost", session=session) as secured:
            assert secured.session_reused


@scratch
def test_hostile_handshakes(directory):
    """I9: bytes that are no TLS, handshakes that stop, and many of them at once."""
    authority, server = tls_server(directory)
    with server:
        stalled = []
        for i in range(200):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            client.send((b"\x16\x03\x01\x40\x00\x01", os.urandom(100), b"\x16", b"\0" * 500)[i % 4])
            stalled.append(client)
        assert healthy(connect(server, context_of(authority)))
        for client in stalled:
            client.close()
        server.alive()


@scratch
def test_start_errors(directory):
    """What cannot be served is refused with a class, before anything listens."""
    authority = Authority(directory)
    certificate, key = authority.issue("server")
    _, other_key = authority.issue("other")
    with Server() as server:
        assert "serving plain HTTP" in server.log()
        server.stop()

        def start(*options):
            done = subprocess.run([f"{BIN}/pawld", "--data", server.data, "--listen", "127.0.0.1:0",
                                   *options], stderr=subprocess.PIPE, timeout=60, check=False,
                                  env=dict(os.environ, PAWL_CONFIG="/dev/null"))
            return done.returncode, done.stderr.decode()

        assert start("--tls-cert", certificate)[0] == 2
        assert start("--tls-key", key)[0] == 2
        assert start("--tls-cert", certificate, "--tls-key", other_key)[0] == 12
        assert start("--tls-cert", key, "--tls-key", key)[0] == 10
        assert start("--tls-cert", f"{directory}/none", "--tls-key", key)[0] == 17
        os.chmod(key, 0o640)
        code, text = start("--tls-cert", certificate, "--tls-key", key)
        assert code == 12 and "others may read it" in text and "hint:" in text, text
        server.start()


run(test_versions_and_suites, test_certificate_is_replaced, test_a_report_over_tls,
    test_hostile_handshakes, test_start_errors)
