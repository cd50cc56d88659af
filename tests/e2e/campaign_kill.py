#!/usr/bin/python3
"""I5: pawld is killed with SIGKILL again and again while a staged campaign runs over many simulated
devices, some of which fail. Each device that runs the package is counted once, in its stage; each
that failed, once; every step of the campaign was taken once; the audit trail is whole.

usage: campaign_kill.py [KILLS [DEVICES [SEED]]]"""
import json
import os
import random
import signal
import subprocess
import sys
import time

from pawl_server import BIN, SANITIZED, Server, pawl, run, wait_for

ARGUMENTS = [int(argument) for argument in sys.argv[1:]]
KILLS = ARGUMENTS[0] if ARGUMENTS else 2 if SANITIZED else 5
DEVICES = ARGUMENTS[1] if len(ARGUMENTS) > 1 else 100 if SANITIZED else 200
SEED = ARGUMENTS[2] if len(ARGUMENTS) > 2 else 7
FAILING = 5  # percent
STAGES = [5, 15, 30, 50]


def devices_make(server):
    """Units as a factory makes them; the path of the file that the simulator reads."""
    pawl("personalize", "--vendor", "example.com", "--class", "box", "--count", DEVICES, "--trust",
         f"{server.dir}/vendor.pub.pem", "--out", f"{server.dir}/units", "--no-pud-files")
    path = f"{server.dir}/units/units.import"
    with open(path, "rb") as units:
        answer = server.expect(200, "POST", "/v1/units", units.read())
    assert answer["imported"] == DEVICES
    return path


def campaign_start(server, package_id):
    plan = {"name": "kill", "package_id": package_id.hex(),
            "target": {"class": "box", "vendor": "example.com"},
            # It is to last for as long as the kills do: at most so fast, and not beyond stage 3.
            "rate": DEVICES * 100 // KILLS,
            # Chance says which devices fail: of the few in stage 1 often two, which must not stop it.
            "stages": [{"share": share, "success": 40, "error": 90,
                        "action": "pause" if number == 3 else "nextgroup"}
                       for number, share in enumerate(STAGES, 1)]}
    number = server.expect(201, "POST", "/v1/campaigns", plan)["id"]
    server.expect(200, "POST", f"/v1/campaigns/{number}/start")
    return f"/v1/campaigns/{number}"


def kill_again_and_again(server, path):
    """Returns how many of the kills hit the campaign while it ran; the others while it paused."""
    generator, hits = random.Random(SEED), 0
    for _ in range(KILLS):
        state = server.expect(200, "GET", path)["state"]
        assert state in ("running", "paused"), state
        hits += state == "running"
        time.sleep(generator.uniform(0.0, 0.4))
        server.stop(signal.SIGKILL)
        server.start()
    return hits


def test_kills():
    """I5, 18.5, 18.6."""
    with Server() as server:
        server.vendor()
        units = devices_make(server)
        package_id, _ = server.release("box", "one")
        path = campaign_start(server, package_id)
        fleet = subprocess.Popen(
            [f"{os.environ['PAWL_TOOLS']}/pawl-fleet", "--server", f"http://127.0.0.1:{server.port}",
             "--units", units, "--mode", "live", "--interval", "100", "--connections", "32",
             "--fail-percent", str(FAILING), "--json"], stdout=subprocess.PIPE)
        try:
            hits = kill_again_and_again(server, path)
            assert hits > 0
            wait_for(lambda: server.expect(200, "GET", path)["state"] == "paused", seconds=300)
            server.expect(200, "POST", f"{path}/resume")
            wait_for(lambda: server.expect(200, "GET", path)["state"] == "finished", seconds=300)

            def all_told():
                shown = server.expect(200, "GET", path)
                return shown["finished"] + shown["failed"] == DEVICES
            wait_for(all_told, seconds=120)
        finally:
            fleet.send_signal(signal.SIGTERM)
            figures = json.loads(fleet.communicate(timeout=60)[0])
        assert fleet.returncode == 0 and figures["errors"] == 0, figures

        shown, status = server.expect(200, "GET", path), server.expect(200, "GET", "/v1/status")
        commits, failed = figures["cycles"], DEVICES - figures["cycles"]
        assert status["confirmations"] == status["sequence_total"] == commits, (status, figures)
        assert status["quarantined"] == 0
        assert (shown["total"], shown["finished"], shown["failed"]) == (DEVICES, commits, failed), shown
        for stage in shown["stages"]:
            assert stage["finished"] + stage["failed"] == stage["total"], stage
        # A failure is told once, though the server died before it could say that it heard of it.
        assert len(server.audit("attempt-failed")) == failed > 0
        for action, count in (("campaign-stage-opened", len(STAGES)),
                              ("campaign-stage-finished", len(STAGES)), ("campaign-finished", 1),
                              ("campaign-paused", 1), ("campaign-stage-error", 0)):
            assert len(server.audit(action)) == count, action
        subprocess.run([f"{BIN}/pawl", "audit", "verify", "--socket",
                        f"{server.data}/operator.sock"], check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, PAWL_CONFIG="/dev/null"))
        print(f"{KILLS} kills ({hits} while it ran), {DEVICES} devices: {commits} run it, "
              f"{failed} failed")


run(test_kills)
