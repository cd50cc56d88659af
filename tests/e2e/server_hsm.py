#!/usr/bin/python3
"""Master key and server key in an HSM (SPEC 22; invariants I5, I7, I8): SoftHSM's tokens."""
import os
import signal
import sqlite3
import subprocess
import tempfile

from pawl_device import DOWNLOAD
from pawl_hsm import MODULE, Token
from pawl_server import BIN, SANITIZED, Server, pawl, run, wait_for
from server_keys import DEVICES, Stolen, keys, read, rotate_and_kill, unwrap

UNTRUSTED, IO, STATE = 12, 17, 20  # exit codes


def scratch():
    return tempfile.TemporaryDirectory(prefix="pawl-hsm-")


def pawld(server, *arguments):
    """Runs pawld to its end: exit code and what it said."""
    done = subprocess.run([f"{BIN}/pawld", *arguments], env=server.environment, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stderr.decode()


def start_fails(server):
    return pawld(server, "--data", server.data, "--listen", "127.0.0.1:0")


def units(server, name, count=1):
    """A file of units for this server, encrypted to it."""
    out = f"{server.dir}/{name}"
    pawl("personalize", "--vendor", "example.com", "--class", "a", "--count", count, "--trust",
         f"{server.dir}/vendor.pub.pem", "--out", out, "--server-cert", f"{server.data}/server.crt")
    return read(f"{out}/units.import")


def test_life_with_an_hsm():
    """SPEC 22.1: made, imported to, asked, restarted; no private key in any file, and a stolen
    database opens with the key that is in the HSM and with nothing else (22.7)."""
    with scratch() as directory:
        token, master = Token(directory), os.urandom(32)
        token.key_put("master", master)
        with Server(init=[*token.options("master"), "--hsm-existing"],
                    environment=token.environment()) as server:
            server.vendor()
            devices = server.personalize("a", 20)
            package_id, content_key = server.release("a", "one")
            server.assign(package_id, class_="a")
            assert devices[0].exchange()[2] == DOWNLOAD
            for name in ("master.key", "server.key"):
                assert read(f"{server.data}/{name}").startswith(b"pkcs11:token=pawl;object=")
            assert keys(server)["master"] == {"place": token.uri("master"), "next": False}

            stolen = Stolen(server, "stolen")
            data_key = stolen.data_key(master, 1)
            opened = stolen.open(data_key)
            assert len(opened) == len(stolen.objects) == 20 + 1 + 2
            assert opened[("unit", devices[3].id)] == devices[3].secret
            for secret in (*opened.values(), data_key, master, content_key):
                assert secret not in stolen.bytes
            assert unwrap(os.urandom(32), stolen.data_keys[1]) is None

            server.stop(signal.SIGKILL)
            server.start()
            assert devices[1].exchange()[2] == DOWNLOAD
            server.personalize("late", 2)
            assert b"correct-horse" not in read(f"/proc/{server.process.pid}/cmdline")
            if os.geteuid() == 0:  # nobody else may look
                assert b"correct-horse" not in read(f"/proc/{server.process.pid}/environ")


def test_module_of_the_system_and_credential():
    """The library that the system is set up with, and the PIN from systemd's credentials."""
    with scratch() as directory:
        token = Token(directory)
        os.rename(token.pin_file, f"{directory}/pawld.pin")
        environment = {**token.environment(), "CREDENTIALS_DIRECTORY": directory}
        with Server(init=["--hsm", token.uri("master")], environment=environment) as server:
            server.vendor()
            (device,) = server.personalize("a")
            device.exchange()
            assert b"?" not in read(f"{server.data}/master.key")


def test_a_wrong_pin_is_tried_once():
    """SPEC 22.10: the token is not locked by trying again, and what needs no HSM goes on."""
    with scratch() as directory:
        token = Token(directory)
        with Server(init=token.options("master"), environment=token.environment()) as server:
            server.vendor()
            (device,) = server.personalize("a")
            batch = units(server, "more")
            token.pin_set("wrong-pin-17")
            for words in ("login", "refused before"):
                status, refused = server.operate("POST", "/v1/units", batch)
                assert (status, refused["class"]) == (503, "io"), refused
                assert words in refused["message"], refused
            assert token.failed_logins_noted()
            device.exchange()
            token.pin_set("correct-horse-17")
            status, done = server.operate("POST", "/v1/units", batch)
            assert (status, done["imported"]) == (200, 1), done
            assert not token.failed_logins_noted()

            server.stop()
            token.pin_set("wrong-pin-17")
            code, said = start_fails(server)
            assert code == UNTRUSTED and "HSM: login" in said and "wrong-pin" not in said, said
            token.pin_set("correct-horse-17")
            os.chmod(token.pin_file, 0o640)
            code, said = start_fails(server)
            assert code == UNTRUSTED and "others may read the PIN" in said, said
            os.chmod(token.pin_file, 0o600)
            server.start()


def test_the_hsm_is_away():
    """SPEC 22.10: devices are served while it is away, imports wait for it; it need not be there
    again before anything but a start."""
    with scratch() as directory:
        token = Token(directory)
        with Server(init=token.options("master"), environment=token.environment()) as server:
            server.vendor()
            (device,) = server.personalize("a")
            batch = units(server, "more")
            token.remove()
            status, refused = server.operate("POST", "/v1/units", batch)
            assert (status, refused["class"]) == (503, "io"), refused
            assert "HSM" in refused["message"]
            status, refused = server.operate("POST", "/v1/keys/data/rotate")
            assert (status, refused["class"]) == (503, "io"), refused
            assert keys(server)["data"] ["generation"] == 1
            device.exchange()
            token.restore()
            status, done = server.operate("POST", "/v1/units", batch)
            assert (status, done.get("imported")) == (200, 1), done

            server.stop()
            token.remove()
            code, said = start_fails(server)
            assert code == IO and "there is no token" in said, said
            token.restore()
            server.start()
            device.exchange()


def test_keys_that_do_not_fit():
    """No such key, two of them, one that could leave, one that is another's, and bad URIs: each
    with its own words, and nothing is changed."""
    with scratch() as directory:
        token = Token(directory)
        with Server(init=token.options("master"), environment=token.environment()) as server:
            code, said = pawld(server, "new-master", "--data", server.data, *token.options("master"))
            assert code == STATE and "there is a key" in said, said
            code, said = pawld(server, "new-master", "--data", server.data, *token.options("gone"),
                               "--hsm-existing")
            assert code == STATE and "there is no key" in said, said
            token.key_put("loose", os.urandom(32), "--extractable")
            code, said = pawld(server, "new-master", "--data", server.data,
                               *token.options("loose"), "--hsm-existing")
            assert code == UNTRUSTED and "can be extracted" in said, said
            for uri, words in (("pkcs11:token=pawl", "names no key"), ("pkcs11:object=%zz", "URI"),
                               ("pkcs11:token=pawl;object=m?pin-value=1234", "PIN"),
                               ("pkcs11:token=other;object=m", "no token")):
                code, said = pawld(server, "new-master", "--data", server.data, "--hsm", uri,
                                   "--hsm-module", MODULE, "--hsm-pin-file", token.pin_file)
                assert code != 0 and words in said and "1234" not in said, (uri, said)
            assert not os.path.exists(f"{server.data}/master.next")

            server.stop()
            right = read(f"{server.data}/master.key")
            token.key_make("stranger")
            for name, expected, words in (("stranger", UNTRUSTED, "not the key of this database"),
                                          ("gone", STATE, "there is no key")):
                with open(f"{server.data}/master.key", "wb") as file:
                    file.write(right.replace(b"object=master", b"object=" + name.encode()))
                code, said = start_fails(server)
                assert code == expected and words in said, (code, said)
            with open(f"{server.data}/master.key", "wb") as file:
                file.write(right)
            token.key_make("master")
            code, said = start_fails(server)
            assert code == STATE and "there are two keys" in said, said
            token.tool("--delete-object", "--type", "secrkey", "--label", "stranger")


def test_from_a_file_into_the_hsm():
    """SPEC 22.5, I5: the master key moves from a file into an HSM while devices are served, and on
    to another key there; killed after the database had moved, the next start finishes."""
    with scratch() as directory:
        token = Token(directory)
        with Server(environment=token.environment()) as server:
            server.vendor()
            devices = server.personalize("a", 5)
            status, refused = server.operate("POST", "/v1/keys/master/rotate")
            assert (status, refused["class"]) == (409, "state")
            file_key = read(f"{server.data}/master.key")
            assert len(file_key) == 32
            before = Stolen(server, "before")

            code, said = pawld(server, "new-master", "--data", server.data,
                               *token.options("master"))
            assert code == 0, said
            assert keys(server)["master"] == {"place": "file", "next": True}
            if not SANITIZED:
                server.stop()
                server.start_to_die(PAWL_DIE_AT="master.next")
                server.dies("POST", "/v1/keys/master/rotate")
                assert read(f"{server.data}/master.key") == file_key, "it was killed too late"
                server.start()
                assert "event=master-key-rotation-resumed" in server.log()
            else:
                server.expect(200, "POST", "/v1/keys/master/rotate")
            assert keys(server)["master"] == {"place": token.uri("master"), "next": False}
            assert server.audit("master-key-rotated")[0]["detail"] == {
                "before": "file", "after": token.uri("master")}
            assert read(f"{server.data}/master.old") == file_key
            after = Stolen(server, "after")
            assert unwrap(file_key, before.data_keys[1]) is not None
            assert unwrap(file_key, after.data_keys[1]) is None
            devices[0].exchange()

            code, said = pawld(server, "new-master", "--data", server.data,
                               *token.options("second"))
            assert code == 0, said
            server.expect(200, "POST", "/v1/keys/master/rotate")
            server.stop(signal.SIGKILL)
            token.tool("--delete-object", "--type", "secrkey", "--label", "master")
            server.start()  # the first one is not needed any more
            devices[1].exchange()

            # The server's own key goes where the master key is.
            assert read(f"{server.data}/server.key").startswith(b"-----BEGIN")
            server.expect(200, "POST", "/v1/keys/server/rotate")
            assert read(f"{server.data}/server.key").startswith(b"pkcs11:")
            server.personalize("b", 1)


def test_rotation_of_the_data_key_in_an_hsm():
    """SPEC 22.4: killed in the middle, it goes on with data keys that the HSM unwraps."""
    with scratch() as directory:
        token = Token(directory)
        with Server(init=token.options("master"), environment=token.environment()) as server:
            server.vendor()
            devices = server.personalize("a", DEVICES)
            rotate_and_kill(server)
            server.start()
            devices[0].exchange()
            devices[-1].exchange()
            wait_for(lambda: keys(server)["data"]["rotation"] is None)
            assert Stolen(server, "after").generations() == {2: DEVICES + 2}
            devices[1].exchange()


def test_rotation_of_the_server_key():
    """SPEC 22.9: what was encrypted to the key before is opened for a while; killed at each of its
    steps the server has the one pair or the other, never a mixture."""
    with scratch() as directory:
        token = Token(directory)
        with Server("--server-key-days", "1", init=token.options("master"),
                    environment=token.environment()) as server:
            server.vendor()
            old, old_certificate = units(server, "old"), read(f"{server.data}/server.crt")
            older = units(server, "older")
            if not SANITIZED:
                steps = ("server.key", "server.crt", "server-next.key", "server-next.crt")
                for number, step in enumerate(steps):
                    server.stop()
                    for name in ("server-previous.key", "server-previous.crt"):
                        if os.path.exists(f"{server.data}/{name}"):
                            os.unlink(f"{server.data}/{name}")
                    server.start_to_die(PAWL_DIE_AT=step)
                    server.dies("POST", "/v1/keys/server/rotate")
                    assert os.path.exists(f"{server.data}/server-next.crt"), "killed too late"
                    before = units(server, f"before{number}") if step == "server.key" else None
                    server.start()
                    assert not os.path.exists(f"{server.data}/server-next.crt")
                    assert keys(server)["server"]["previous_until"] is not None
                    fresh = units(server, f"fresh{number}")
                    for batch in (fresh, before):
                        if batch is not None:
                            status, done = server.operate("POST", "/v1/units", batch)
                            assert (status, done.get("imported")) == (200, 1), (step, done)
            else:
                server.expect(200, "POST", "/v1/keys/server/rotate")
                status, done = server.operate("POST", "/v1/units", old)
                assert (status, done["imported"]) == (200, 1), done
            assert read(f"{server.data}/server.crt") != old_certificate
            status, refused = server.operate("POST", "/v1/keys/server/rotate")
            assert (status, refused["class"]) == (409, "state")

            # Its day is over.
            server.stop()
            past = os.stat(f"{server.data}/server.crt").st_mtime - 2 * 86400
            os.utime(f"{server.data}/server.crt", (past, past))
            server.start()
            wait_for(lambda: keys(server)["server"]["previous_until"] is None)
            assert server.audit("server-key-retired")
            assert not os.path.exists(f"{server.data}/server-previous.key")
            status, refused = server.operate("POST", "/v1/units", older)
            assert (status, refused["class"]) == (403, "untrusted"), refused


def rotations_noted(server):
    """How many rotations of the server's key the trail of a server that is down tells of."""
    database = sqlite3.connect(f"file:{server.data}/pawl.db?mode=ro", uri=True)
    (count,) = database.execute(
        "SELECT count(*) FROM audit WHERE action LIKE 'server-key-rot%'").fetchone()
    database.close()
    return count


def test_rotations_of_the_server_key_are_audited():
    """SPEC 22.9, 21: one that failed leaves nothing that a restart would take up, and can be asked
    for again; one that was killed before it was audited is, when the start completes it."""
    if SANITIZED:  # nothing can be preloaded there
        return
    with Server() as server:
        server.stop()
        certificate, following = read(f"{server.data}/server.crt"), f"{server.data}/server-next.crt"
        server.start_with("libfail_write.so", PAWL_FAIL_WRITE="pawl.db-wal",
                          PAWL_FAIL_WHEN=following)
        status, failed = server.operate("POST", "/v1/keys/server/rotate")
        assert (status, failed["class"]) == (507, "exhausted"), (status, failed)
        assert not os.path.exists(following)
        server.stop()
        server.start()
        assert read(f"{server.data}/server.crt") == certificate
        server.expect(200, "POST", "/v1/keys/server/rotate")
        assert read(f"{server.data}/server.crt") != certificate
        server.stop()
        assert rotations_noted(server) == 1

        for name in ("server-previous.key", "server-previous.crt"):
            os.unlink(f"{server.data}/{name}")
        certificate = read(f"{server.data}/server.crt")
        server.start_to_die(PAWL_DIE_SYNC=following)
        server.dies("POST", "/v1/keys/server/rotate")
        assert os.path.exists(following) and os.path.exists(f"{server.data}/server-next.key")
        assert rotations_noted(server) == 1, "killed too late"
        server.start()
        assert read(f"{server.data}/server.crt") != certificate
        wait_for(lambda: server.audit("server-key-rotation-resumed"))


if __name__ == "__main__":
    run(test_life_with_an_hsm, test_module_of_the_system_and_credential,
        test_a_wrong_pin_is_tried_once, test_the_hsm_is_away, test_keys_that_do_not_fit,
        test_from_a_file_into_the_hsm, test_rotation_of_the_data_key_in_an_hsm,
        test_rotation_of_the_server_key, test_rotations_of_the_server_key_are_audited)
