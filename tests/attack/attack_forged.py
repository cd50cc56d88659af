#!/usr/bin/python3
"""Attacks of who answers a device in the place of its server, and of who lets no answer through.
Invariants I2, I7, I9."""
import gzip
import os
import secrets
import signal
import ssl
import subprocess
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from attack_world import (ENVIRONMENT, IO, MALFORMED, MEDIA_TYPE, NOTHING, OK, SANITIZED, UNSUPPORTED,
                          UNTRUSTED, Middle, main, protocol, wait_for, world)
from pawl_device import DOWNLOAD, IDLE

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from pawl_certificates import Authority, name_of  # noqa: E402
from prometheus_text import parse  # noqa: E402

EXHAUSTED = 19
MEMORY = 1 << 20 if SANITIZED else 80 << 10  # KiB that an agent may have, whatever it is sent


def forge(report, secret, changes=None):
    """A directive for this report, of someone who has another secret than the unit's."""
    nonce = protocol.decode(protocol.decode(report).value[2]).pairs
    fields = {0: 1, 1: dict(nonce)[5], 2: IDLE, 3: 1, 4: b"challenge", **(changes or {})}
    key = protocol.expand(secret, b"pawl/1 report", 32)
    return protocol.mac0(protocol.encode(fields), key, b"pawl/1 directive")


def offer(package, entitlement):
    data, _, package_id = package
    return {2: DOWNLOAD, 5: package_id, 6: f"/v1/packages/{package_id.hex()}", 7: len(data),
            8: entitlement}


def directives(made, unit, other, package):
    """Answers that are directives, or nearly: (name, function of handler and report)."""
    guesses = {"random": secrets.token_bytes(32), "zero": bytes(32), "other unit": other.secret,
               "device id": unit.id + unit.id, "package id": package[2], "public": package[1]}
    for name, secret in guesses.items():
        for what, fields in (("idle", {}), ("hold", {2: 2}), ("offer", offer(package, bytes(40)))):
            yield f"{what} of {name}", lambda handler, report, secret=secret, fields=fields: \
                handler.give(200, forge(report, secret, fields), MEDIA_TYPE)

    def changed(change):
        def answer(handler, report):
            _, directive = handler.upstream("POST", report, {"Content-Type": MEDIA_TYPE})
            handler.give(200, change(directive), MEDIA_TYPE)
        return answer

    (_, sample), = made.server.post(other.device.report()[0]),
    for at in range(0, len(sample), 5):
        yield f"bit {at}", changed(lambda directive, at=at: directive[:at] + bytes(
            [directive[at] ^ 1 << at % 8]) + directive[at + 1:])
    yield "cut", changed(lambda directive: directive[:-1])
    yield "longer", changed(lambda directive: directive + b"\0")
    yield "twice", changed(lambda directive: directive * 2)
    yield "own report", lambda handler, report: handler.give(200, report, MEDIA_TYPE)


def bytes_of_all_kinds():
    """Answers that are anything: (name, function of handler and report)."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/cose\r\n"
    bomb = gzip.compress(bytes(64 << 20))
    cose = f"Content-Type: {MEDIA_TYPE}\r\n".encode()

    def whole(status, body=b"", media=MEDIA_TYPE, **headers):
        return lambda handler, _: handler.give(status, body, media, **headers)

    def raw(*parts):
        return lambda handler, _: handler.raw(*parts)

    def pour(first, body):
        return lambda handler, _: handler.pour(first, body)

    def redirect(status, location):
        return lambda handler, _: handler.give(status, b"", Location=location or handler.path)

    def wait(handler, _):
        handler.close_connection = True
        handler.connection.recv(1)

    def crawl(handler, _):
        handler.close_connection = True
        try:
            for byte in head + b"Content-Length: 100\r\n\r\n" + b"\xd1" * 100:
                handler.wfile.write(bytes([byte]))
                time.sleep(0.2)
        except OSError:
            pass

    yield from {
        "nothing": whole(200), "page": whole(200, b"<html>log in</html>" * 30, "text/html"),
        "garbage": whole(200, secrets.token_bytes(300)), "other type": whole(200, b"\xa0", "text/plain"),
        "largest": whole(200, secrets.token_bytes(1024)), "too large": whole(200, bytes(1025)),
        "nested": whole(200, b"\xd1\x84" + b"\x81" * 900), "no content": raw(b"HTTP/1.1 204 N\r\n\r\n"),
        "compressed": whole(200, bomb[:100000], Content_Encoding="gzip"),
        "bomb": pour(head + b"Content-Encoding: gzip\r\n\r\n", bomb),
        "chunked for ever": pour(head + b"Transfer-Encoding: chunked\r\n\r\n",
                                 b"10000\r\n" + b"\xd1" * 65536 + b"\r\n"),
        "huge chunk": raw(head + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", b"x"),
        "endless": pour(head + b"\r\n", b"\xd1" * 65536),
        "endless head": pour(head, b"X-Y: " + b"z" * 8000 + b"\r\n"),
        "endless head line": pour(head + b"X: ", b"y" * 65536),
        "many heads": raw(head, b"A: b\r\n" * 20000, b"\r\n"),
        "continued": pour(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
        "length -1": raw(head + b"Content-Length: -1\r\n\r\nx"),
        "length 2^64": raw(head + b"Content-Length: 18446744073709551616\r\n\r\nx"),
        "lengths": raw(head + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc"),
        "ends early": raw(head + b"Content-Length: 1000\r\n\r\nabc"),
        "old HTTP": raw(b"\xd1\x84\x43\xa1\x01\x05" * 20), "SSH": raw(b"SSH-2.0-x\r\n"),
        "TLS": raw(b"\x15\x03\x01\x00\x02\x02\x28"), "HTTP/2": raw(b"\0\0\x06\x04\0\0\0\0\0" + bytes(6)),
        "status 999": raw(b"HTTP/1.1 999 x\r\n" + cose + b"Content-Length: 0\r\n\r\n"),
        "hang up": raw(), "silence": wait, "crawl": crawl,
        "to itself": redirect(302, None), "kept to itself": redirect(307, None),
        "to a file": redirect(302, "file:///etc/passwd"), "to gopher": redirect(301, "gopher://x/"),
        "401": whole(401), "403": whole(403), "404": whole(404, b"gone" * 9000), "410": whole(410),
        "429": whole(429, b"", Retry_After="99999999999"), "500": whole(500, b"no"),
        "503": whole(503, b"", Retry_After="-1"),
    }.items()


def forged_server():
    """I7, I9, SPEC 10. Attacker: a server that is not the device's, by DNS, a route, or a leaked URL.
    Has: everything but unit secrets. Tries: directives under keys that he can think of, true ones
    that he changed, and answers of every kind: large, endless, compressed, slow, nonsense. Stopped
    by: the directive's MAC; limits of the agent. Afterwards the agent finds its true server again."""
    with world(units=2) as made, Middle(made.server) as middle:
        unit, other = made.units
        first = made.resident("one")
        unit.updates(middle.url)
        update = made.resident("two")
        before, gets = unit.status(), len(middle.gets)
        assert before["running"] and before["package_id"] == first[2].hex()
        count = 0
        for name, answer in directives(made, unit, other, update):
            middle.on_report = answer
            done = unit.agent(middle.url)
            assert done.code in (UNTRUSTED, MALFORMED, UNSUPPORTED), (name, done)
            assert done.code == UNTRUSTED or " of " not in name, (name, done)
            unit.still(before)
            count += 1
        for name, answer in bytes_of_all_kinds():
            middle.on_report = answer
            started, asked = time.monotonic(), len(middle.reports)
            done = unit.agent(middle.url)
            assert done.code in (MALFORMED, UNTRUSTED, IO, EXHAUSTED), (name, done)
            assert done.peak < MEMORY, (name, done)
            assert time.monotonic() - started < 20, (name, done)
            assert 1 <= len(middle.reports) - asked <= 8, (name, len(middle.reports) - asked)
            unit.still(before)
            count += 1
        assert len(middle.gets) == gets and count > 80, (middle.gets[gets:], count)
        comes_back(unit, middle, update)


def comes_back(unit, middle, update):
    """An agent that runs all the time: a forged server, then the true one."""
    middle.on_report = lambda handler, report: handler.give(
        200, forge(report, bytes(32), offer(update, bytes(40))), MEDIA_TYPE)
    asked = len(middle.reports)
    with open(f"{unit.dir}/agent.log", "wb") as log:
        agent = subprocess.Popen(unit.command(middle.url), stderr=log, env=ENVIRONMENT)
    try:
        wait_for(lambda: len(middle.reports) > asked + 3)
        middle.on_report = None

        def updated():
            agent.send_signal(signal.SIGHUP)
            return unit.status()["package_id"] == update[2].hex()

        wait_for(updated)
    finally:
        agent.terminate()
        assert agent.wait(30) == 0


def forged_server_certificate():
    """SPEC 12.4. The same attacker where the agent was told whom to believe (--ca). Has: certificates
    of other authorities, for other names, expired, or not for servers. Stopped by: the agent does
    not send a byte of a report to any of them."""
    with world() as made:
        (unit,) = made.units
        made.resident("one")
        theirs, ours = made.server.dir, f"{made.server.dir}/ours"
        os.mkdir(ours)
        foreign, authority = Authority(theirs, "foreign"), Authority(ours, "ours")
        unit.ca = authority.path
        before = unit.status()
        bad = {
            "foreign": foreign.issue("foreign-server"),
            "same name": Authority(theirs, "ours").issue("impostor"),
            "expired": authority.issue("expired", start=-10, end=-1),
            "not yet": authority.issue("not-yet", start=1, end=10),
            "of a client": authority.issue("client", client=True),
            "for another host": other_host(authority),
        }
        for name, files in bad.items():
            with Middle(made.server, context_of(files)) as middle:
                done = unit.agent(middle.url)
                assert done.code == IO and not middle.reports, (name, done)
            unit.still(before)
        with Middle(made.server, context_of(authority.issue("server"))) as middle:
            unit.updates(middle.url)
            assert middle.reports


def context_of(files):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files)
    return context


def other_host(authority):
    key = ec.generate_private_key(ec.SECP256R1())
    extensions = [x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
                  x509.SubjectAlternativeName([x509.DNSName("127.0.0.1.example.org")])]
    certificate = authority.sign(name_of(("CN", "127.0.0.1")), key.public_key(), False, extensions)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    return (authority.write("host.crt", authority.pem(certificate)),
            authority.write("host.key", private))


def freeze():
    """SPEC 10.3, 18.9. Attacker: anybody on the way to one device. Has: its old directives. Tries: to
    keep it at its old release without anybody noticing: answers "nothing to do" as the server once
    did, or lets nothing through. Not stopped: whoever holds the line can withhold. But the device
    takes no old answer, its agent says so, and the operator sees it: by when it was seen last, and
    by the campaign, which counts its silence as failure and stops."""
    with world(units=2) as made, Middle(made.server) as middle:
        frozen, free = made.units
        first = made.resident("one")
        frozen.updates(middle.url)
        assert frozen.agent(middle.url).code == NOTHING
        idle = middle.exchanges[-1][1]
        second = made.package("two", "sleep", "100000", success="contact", version=2)
        made.server.publish(second)
        number = made.server.expect(201, "POST", "/v1/campaigns", {
            "name": "fix", "package_id": second[2].hex(),
            "target": {"class": "box", "vendor": "example.com"},
            "stages": [{"share": 100, "success": 100, "error": 10, "minimum": 0, "deadline": 8,
                        "soak": 0, "action": "nextgroup"}]})["id"]
        before = frozen.status()
        # He holds the line from here on, in every way there is.
        for answer in (lambda handler, _: handler.give(200, idle, MEDIA_TYPE),
                       lambda handler, report: handler.give(200, forge(report, bytes(32)), MEDIA_TYPE),
                       lambda handler, _: handler.raw(),
                       lambda handler, _: handler.give(503, b"")):
            middle.on_report = answer
            done = frozen.agent(middle.url)
            assert done.code in (UNTRUSTED, IO, EXHAUSTED) and "pawl-agent: " in done.log, done
            frozen.still(before)
        since = int(time.time()) + 1
        wait_for(lambda: time.time() >= since)
        made.server.expect(200, "POST", f"/v1/campaigns/{number}/start")
        wait_for(lambda: free.agent(made.url).code == OK and
                 free.status()["package_id"] == second[2].hex())
        # What the operator sees.
        campaign = f"/v1/campaigns/{number}"
        wait_for(lambda: made.server.expect(200, "GET", campaign)["state"] == "paused",
                 "the campaign does not notice", 20)
        stage = made.server.expect(200, "GET", campaign)["stages"][0]
        assert (stage["total"], stage["finished"], stage["failed"]) == (2, 1, 1), stage
        assert alarm(made.server, "pawl_campaign_paused", number) == 1
        assert alarm(made.server, "pawl_campaign_failed_devices", number) == 1
        behind = made.server.expect(
            200, "GET", f"/v1/devices?filter=package%3D{first[2].hex()[:16]}")["items"]
        assert [item["device_id"] for item in behind] == [frozen.id.hex()]
        assert silent(made.server, since) == [frozen.id.hex()]
        # Playing what the device said before the line was cut does not make it count as served.
        for report in middle.reports:
            assert made.server.post(report)[0] == 200
        assert made.server.expect(200, "GET", campaign)["stages"][0]["failed"] == 1
        assert made.server.expect(200, "GET", campaign)["state"] == "paused"
        # The line is free again.
        middle.on_report = None
        made.server.expect(200, "POST", f"{campaign}/resume")
        frozen.updates(middle.url)
        assert frozen.status()["package_id"] == second[2].hex()


def alarm(server, name, campaign):
    text = server.operate("GET", "/metrics", raw=True)[1].decode()
    return parse(text)[name].total(campaign=str(campaign))


def silent(server, since):
    """The devices that were not seen since then."""
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))

    def asked():
        items = server.expect(200, "GET", f"/v1/devices?filter=seen%3C{text}")["items"]
        return [item["device_id"] for item in items]

    wait_for(lambda: len(asked()) <= 1)  # times are written behind
    return asked()


if __name__ == "__main__":
    main(forged_server, forged_server_certificate, freeze)
