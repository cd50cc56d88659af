#!/usr/bin/python3
"""Content objects at the server (SPEC 20): how they are taken, served, granted and removed."""
import json
import os
import signal
import socket

from pawl_content import Content, grants, opened, wanting
from pawl_device import HOLD, IDLE, REPEAT
from pawl_server import Server, UnixConnection, pawl, run, wait_for


def release_of(server, package_id):
    (row,) = [item for item in server.expect(200, "GET", "/v1/packages?limit=1000")["items"]
              if item["package_id"] == package_id.hex()]
    return bytes.fromhex(row["release_id"])


def committed(server, device, package_id):
    """The device has downloaded the package and confirmed it."""
    device.exchange()
    device.commit(package_id)
    assert device.exchange()[2] == IDLE


def files(server):
    return sorted(os.listdir(f"{server.data}/contents"))


def files_become(server, expected):
    """What a client left that went away is removed when the server notices."""
    wait_for(lambda: files(server) == expected, lambda: f"{files(server)}, not {expected}")


def test_a_content_is_added_served_and_removed():
    """SPEC 20.8 to 20.10: ready when its keys fit, files for everybody, gone when removed."""
    with Server() as server:
        server.vendor()
        package_id, _ = server.release("a", "one")
        content = Content(release_of(server, package_id))
        server.expect(201, "PUT", content.path, content.bundle())
        served = f"/v1/content/{content.id.hex()}"
        assert server.request("GET", f"{served}/playlist.m3u8").status == 404, "not ready"
        server.expect(404, "GET", content.path)
        about = server.expect(200, "PUT", f"{content.path}/keys", content.keys_body())
        assert about == server.expect(200, "GET", content.path)
        assert (about["segments"], about["keys"], about["name"]) == (6, 3, "film")
        assert [item["content_id"] for item in server.expect(200, "GET", "/v1/contents")["items"]] \
            == [content.id.hex()]

        names = {"playlist.m3u8": content.playlist(),
                 **{f"{number:06}.ts": segment for number, segment in enumerate(content.segments)}}
        for name, data in names.items():
            answer = server.request("GET", f"{served}/{name}")
            assert answer.status == 200 and answer.body == data, name
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            part = server.request("GET", f"{served}/{name}", headers={"Range": "bytes=5-20"})
            assert part.status == 206 and part.body == data[5:21], name
            tag = {"If-None-Match": answer.headers["ETag"]}
            assert server.request("GET", f"{served}/{name}", headers=tag).status == 304, name
        for other in ("header", "000006.ts", "0.ts", "000000.TS", "000000.ts/", "../../pawl.db",
                      "%2e%2e%2fheader", "..", ".", "playlist.m3u8/x"):
            assert server.request("GET", f"{served}/{other}").status == 404, other
        for other in (content.id.hex().upper(), "0" * 32, content.id.hex() + ".pending", ".."):
            assert server.request("GET", f"/v1/content/{other}/playlist.m3u8").status == 404, other

        server.expect(409, "PUT", content.path, content.bundle())
        server.expect(404, "PUT", f"{content.path}/keys", content.keys_body())
        server.stop()
        server.start()
        assert server.request("GET", f"{served}/000000.ts").body == content.segments[0]
        server.expect(200, "DELETE", content.path)
        assert server.request("GET", f"{served}/000000.ts").status == 404
        server.expect(404, "DELETE", content.path)
        assert files(server) == []
        for action in ("content-added", "content-removed"):
            (event,) = server.audit(action)
            assert event["detail"]["content_id"] == content.id.hex(), event
        held = b"".join(open(f"{server.data}/{name}", "rb").read()
                        for name in os.listdir(server.data) if name.startswith("pawl.db"))
        assert content.id in held, "the search can find"
        assert not any(key in held for _, key in content.keys), "I7: keys are wrapped at rest"
        log = server.log() + json.dumps(server.expect(200, "GET", "/v1/audit"))
        assert not any(key.hex() in log for _, key in content.keys), "I8"


def test_hostile_contents():
    """I9: whatever else comes is refused, says why, and leaves nothing."""
    with Server() as server:
        server.vendor()
        package_id, _ = server.release("a", "one")
        good = Content(release_of(server, package_id))
        text, header = good.playlist(), good.header(good.playlist())
        playlists = [
            text[:-1], text + b"\n", b"", text.replace(b"000001.ts", b"../../../../etc/passwd"),
            text.replace(b"000001.ts", b"/etc/passwd"), text.replace(b"000001.ts", b"000000.ts"),
            text.replace(b"000001.ts", b"http://h/1.ts"), text.replace(b"VOD", b"EVENT"),
            text.replace(b"#EXT-X-ENDLIST\n", b""), text.replace(b"\n", b"\r\n"),
            text.replace(b'URI="key/', b'URI="http://h/'), text.replace(b"AES-128", b"NONE"),
            text.replace(good.keys[1][0].hex().encode(), good.keys[0][0].hex().encode()),
            b"\0" * 100, os.urandom(1000),
        ]
        bundles = {f"playlist {number}": good.bundle(playlist)
                   for number, playlist in enumerate(playlists)}
        sizes = [len(segment) for segment in good.segments]
        bundles.update({
            "no bundle": b"x" * 100, "another magic": b"PAWLPKG1" + good.bundle()[8:],
            "header of nothing": b"PAWLCNT1" + bytes(4), "header too long": b"PAWLCNT1" + b"\xff" * 4,
            "trailing": good.bundle() + b"x", "header cut": good.bundle(header=header[:-1]),
            "version": good.bundle(_1=2), "no name": good.bundle(_2=None), "empty name": good.bundle(_2=""),
            "long name": good.bundle(_2="n" * 256), "name of bytes": good.bundle(_2=b"n"),
            "extra field": good.bundle(_6=1), "short release": good.bundle(_3=bytes(31)),
            "playlist too large": good.bundle(_4=1 << 30), "no segments": good.bundle(_5=[]),
            "odd size": good.bundle(_5=[sizes[0] + 1, *sizes[1:]]),
            "size 0": good.bundle(_5=[0, *sizes[1:]]), "size huge": good.bundle(_5=[1 << 40, *sizes[1:]]),
            "sizes too many": good.bundle(_5=[*sizes, 16]), "sizes too few": good.bundle(_5=sizes[:-1]),
            "unknown release": good.bundle(_3=os.urandom(32)), "a package's id": good.bundle(_3=package_id),
        })
        for cut in (0, 1, 11, 12, 40, len(header) + 20, len(good.bundle()) // 2, len(good.bundle()) - 1):
            bundles[f"cut at {cut}"] = good.bundle()[:cut]
        for what, bundle in bundles.items():
            status, answer = server.operate("PUT", good.path, bundle)
            assert 400 <= status < 500 and answer["message"], (what, status, answer)
            assert files(server) == [], what
        for name in ("x", "0" * 31, "0" * 34, "..", "%2e%2e%2fx"):
            status, _ = server.operate("PUT", f"/v1/contents/{name}", good.bundle())
            assert status in (400, 404), (name, status)

        # A client that goes away in the middle of a segment.
        connection = UnixConnection(f"{server.data}/operator.sock")
        connection.connect()
        connection.sock.sendall(f"PUT {good.path} HTTP/1.1\r\nHost: h\r\nContent-Length: "
                                f"{len(good.bundle())}\r\n\r\n".encode() + good.bundle()[:-100])
        connection.sock.shutdown(socket.SHUT_WR)
        connection.sock.recv(1000)
        connection.close()
        files_become(server, [])

        # Keys that do not fit.
        server.expect(201, "PUT", good.path, good.bundle())
        (first, *others), body = good.keys, good.keys_body()
        bad = {"none": b"", "short": body[:-1], "long": body + b"x", "one too few": body[:-32],
               "one twice": body + body[-32:], "another order": body[32:] + body[:32],
               "another id": os.urandom(16) + body[16:],
               "another key": body[:16] + os.urandom(16) + body[32:],
               "keys swapped": b"".join((first[0], others[0][1], others[0][0], first[1], body[64:]))}
        for what, keys in bad.items():
            status, answer = server.operate("PUT", f"{good.path}/keys", keys)
            assert (status, answer["class"]) == (422, "corrupt"), (what, status, answer)
        server.expect(404, "GET", good.path)
        server.expect(200, "PUT", f"{good.path}/keys", body)

        # A key id that is taken belongs to whom it was first given.
        thief = Content(good.release_id)
        thief.keys[0] = (good.keys[0][0], thief.keys[0][1])
        server.expect(201, "PUT", thief.path, thief.bundle())
        server.expect(409, "PUT", f"{thief.path}/keys", thief.keys_body())
        assert files(server) == [good.id.hex()]
        server.alive()


def test_what_is_unfinished_goes():
    """kill -9 between the two requests: nothing is left after the next start."""
    with Server() as server:
        server.vendor()
        package_id, _ = server.release("a", "one")
        content, other = (Content(release_of(server, package_id)) for _ in range(2))
        other.add(server)
        server.expect(201, "PUT", content.path, content.bundle())
        assert f"{content.id.hex()}.pending" in files(server)
        server.stop(signal.SIGKILL)
        server.start()
        assert files(server) == [other.id.hex()]
        server.expect(404, "PUT", f"{content.path}/keys", content.keys_body())
        content.add(server)


def test_keys_are_granted_to_whom_they_are_for():
    """SPEC 20.6, I1, I2: the device that has committed the release and said so, at its present s."""
    with Server() as server:
        server.vendor()
        one, two = server.personalize("a", 2)
        (stranger,) = server.personalize("b")
        old, _ = server.release("a", "old")
        package_id, _ = server.release("a", "new")
        foreign, _ = server.release("b", "foreign")
        content = Content(release_of(server, package_id), segments=10)
        content.add(server)
        key_id, key = content.keys[0]

        # Not before it runs it, and not before it has confirmed that.
        assert not grants(one.exchange(**wanting(key_id)))
        server.assign(package_id, device=one.id.hex())
        one.exchange()
        one.commit(package_id)
        directive = one.exchange(**wanting(*(key_id for key_id, _ in content.keys[:4])))
        found = grants(directive)
        assert {wanted: opened(one, grant) for wanted, grant in found.items()} == dict(content.keys[:4])
        again = grants(one.exchange(**wanting(key_id)))
        assert again[key_id] != found[key_id], "a salt is drawn for each grant"
        assert opened(one, again[key_id]) == key
        assert not grants(one.exchange())

        # Unknown keys are passed over; a list that is none is refused, an extension that is no list not.
        mixed = grants(one.exchange(**wanting(os.urandom(16), content.keys[4][0])))
        assert list(mixed) == [content.keys[4][0]]
        for bad in ([], [key_id] * 5, [key_id[:15]], [1]):
            status, _ = server.post(one.report(extra={128: bad})[0])
            assert status == 400, bad
        assert not grants(one.exchange(extra={128: 7}))

        # An older release, another class, a report that was overtaken.
        server.assign(old, device=two.id.hex())
        committed(server, two, old)
        assert not grants(two.exchange(**wanting(key_id)))
        assert opened(two, found[key_id]) is None
        server.assign(foreign, device=stranger.id.hex())
        committed(server, stranger, foreign)
        assert not grants(stranger.exchange(**wanting(key_id)))
        stale = one.send(*one.report(challenge=b"", **wanting(key_id)))
        assert stale[2] == REPEAT and not grants(stale)

        # The next download ends it; what was granted before does not open any more.
        one.commit(old)
        assert not grants(one.exchange(**wanting(key_id)))
        assert opened(one, found[key_id]) is None
        one.exchange()
        one.commit(package_id)
        anew = grants(one.exchange(**wanting(key_id)))
        assert opened(one, anew[key_id]) == key and opened(one, found[key_id]) is None

        # A quarantined device gets nothing, until it is released and has reported.
        assert one.exchange(sequence=0, **wanting(key_id))[2] == HOLD
        held = one.exchange(**wanting(key_id))
        assert held[2] == HOLD and not grants(held)
        server.expect(200, "POST", f"/v1/devices/{one.id.hex()}/release", {"reason": "seen"})
        one.exchange()
        assert opened(one, grants(one.exchange(**wanting(key_id)))[key_id]) == key

        # A refusal is audited once in a while, not at each report.
        for _ in range(5):
            two.exchange(**wanting(key_id))
        refused = [event["device_id"] for event in server.audit("content-refused")]
        assert refused.count(two.id.hex()) == 1 and stranger.id.hex() in refused

        metrics = server.operate("GET", "/metrics", raw=True)[1].decode()
        counts = dict(line.rsplit(" ", 1) for line in metrics.splitlines()
                      if line.startswith("pawl_content_grants_total"))
        assert int(counts['pawl_content_grants_total{result="given"}']) == 8, counts
        assert int(counts['pawl_content_grants_total{result="refused"}']) >= 10, counts

        # Removed content is granted to nobody.
        server.expect(200, "DELETE", content.path)
        assert not grants(one.exchange(**wanting(key_id)))


def test_grants_ride_on_a_download():
    """SPEC 20.4: four grants and an offer fit into one directive."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        first, _ = server.release("a", "one")
        second, _ = server.release("a", "two")
        content = Content(release_of(server, first), segments=8)
        content.add(server)
        server.assign(first, device=device.id.hex())
        committed(server, device, first)
        server.assign(second, device=device.id.hex())
        directive = device.exchange(**wanting(*(key_id for key_id, _ in content.keys)))
        assert directive[5] == second and len(grants(directive)) == 4


def test_keys_survive_a_rotation():
    """SPEC 22.4: content keys are wrapped anew with everything else, and granted as before."""
    with Server() as server:
        server.vendor()
        (device,) = server.personalize("a")
        package_id, _ = server.release("a", "one")
        content = Content(release_of(server, package_id))
        content.add(server)
        server.assign(package_id, device=device.id.hex())
        committed(server, device, package_id)
        server.expect(200, "POST", "/v1/keys/data/rotate")
        wait_for(lambda: server.expect(200, "GET", "/v1/keys")["data"]["rotation"] is None)
        assert server.expect(200, "GET", "/v1/keys")["data"]["generation"] == 2
        server.stop()
        server.start()
        found = grants(device.exchange(**wanting(*(key_id for key_id, _ in content.keys))))
        assert {key_id: opened(device, grant) for key_id, grant in found.items()} == dict(content.keys)


def test_the_command_line():
    """`pawl content` names what is wrong before anything is sent, and lists what there is."""
    with Server() as server:
        server.vendor()
        package_id, _ = server.release("a", "one")
        content = Content(release_of(server, package_id), name="film \x1b[31m")
        content.add(server)
        socket_path = f"{server.data}/operator.sock"
        listed = pawl("content", "list", "--socket", socket_path)
        assert content.id.hex().encode() in listed and b"\x1b" not in listed
        shown = json.loads(pawl("content", "show", "--json", "--socket", socket_path, content.id.hex()))
        assert shown["release_id"] == content.release_id.hex()
        pawl("content", "remove", "--socket", socket_path, content.id.hex())
        assert files(server) == []


run(test_a_content_is_added_served_and_removed, test_hostile_contents, test_what_is_unfinished_goes,
    test_keys_are_granted_to_whom_they_are_for, test_grants_ride_on_a_download,
    test_keys_survive_a_rotation, test_the_command_line)
