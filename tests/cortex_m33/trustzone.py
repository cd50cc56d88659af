#!/usr/bin/python3
"""An image on the Cortex-M33 reaches its own memory and the gateways, nothing else (SPEC 13.12):
the probing image tries each thing as a release on trial. What must be a fault is one, of the kind
that the hardware has for it; the device runs on, at the same number, and takes the next release."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
import pawl_m33 as m33  # noqa: E402

SECURE_FAULT, HARD_FAULT = 7, 3
AUVIOL, INVEP, STACKED = 0x08, 0x01, 0x48  # SFSR: attribution, entry point, while stacking

# What is tried, and the fault that ends it: (exception, SFSR).
FAULTS = {
    "reads secure RAM": (m33.READ, 0x38000000, SECURE_FAULT, AUVIOL),
    "reads secure code": (m33.READ, 0x10000000, SECURE_FAULT, AUVIOL),
    "reads the unit data": (m33.READ, 0x80000000, SECURE_FAULT, AUVIOL),
    "reads the counter": (m33.READ, 0x80010000, SECURE_FAULT, AUVIOL),
    "reads flash": (m33.READ, 0x80100000, SECURE_FAULT, AUVIOL),
    "writes flash": (m33.WRITE_WORD, 0x80100000, SECURE_FAULT, AUVIOL),
    "writes secure RAM": (m33.WRITE_WORD, 0x38000000, SECURE_FAULT, AUVIOL),
    "reads secure RAM by its other address": (m33.READ, 0x28000000, SECURE_FAULT, AUVIOL),
    "reads secure code by its other address": (m33.READ, 0x0, SECURE_FAULT, AUVIOL),
    "uses the secure watchdog": (m33.WRITE_WORD, 0x5002e008, SECURE_FAULT, AUVIOL),
    "uses the network": (m33.READ, 0x52000000, SECURE_FAULT, AUVIOL),
    "opens its own memory controller": (m33.WRITE_WORD, 0x58009000, SECURE_FAULT, AUVIOL),
    "calls secure code": (m33.CALL, 0x10000101, SECURE_FAULT, INVEP),
    "enters a gateway behind its gate": (m33.ODD_KNOCK, 2, SECURE_FAULT, INVEP),
    "has its stack in secure RAM": (m33.STACK, 0x38004000, SECURE_FAULT, AUVIOL),
    "executes nothing": (m33.UNDEFINED, 0, HARD_FAULT, 0),
}

# What gateways answer to pointers that are not the image's: it exits with that class.
ANSWERS = {
    "log of secure RAM": (m33.GATEWAY_LOG, 0x38000000, m33.UNTRUSTED),
    "log of the unit data": (m33.GATEWAY_LOG, 0x80000000, m33.UNTRUSTED),
    "log of the window's end": (m33.GATEWAY_LOG, 0x283ffff8, m33.UNTRUSTED),
    "release into secure RAM": (m33.GATEWAY_RELEASE, 0x38000000, m33.UNTRUSTED),
    "release into flash": (m33.GATEWAY_RELEASE, 0x80100000, m33.UNTRUSTED),
    "grant from the unit data": (m33.GATEWAY_KEY, 0x80000000, m33.UNTRUSTED),
    "initial vector in secure RAM": (m33.GATEWAY_OPEN, 0x38000000, m33.UNTRUSTED),
    "a length that wraps": (m33.WRAP, 0, m33.MALFORMED),
    "a content key in a trial": (m33.GRANT, 0, m33.STATE),
}


def trial(device, vendor, pud, what, act, value, **changes):
    """Runs the probe as a release that is to exit with zero; the log of it and the status."""
    since = len(device.log_read())
    package = vendor.package(m33.probe(act, value), version=what[:32], success=1, **changes)
    result = device.download(pud, package)
    assert result == m33.OK, (what, result)
    status = device.settle()
    device.wait_log("after the image's run", since=since)
    return device.log_read()[since:], status


def faults_are_faults(device, vendor, pud):
    for what, (act, value, exception, sfsr) in FAULTS.items():
        log, status = trial(device, vendor, pud, what, act, value)
        found = re.search(r"the image faulted: exception 0x(\w+) sfsr 0x(\w+)", log)
        assert found, f"{what}: no fault\n{log}"
        seen = int(found[1], 16), int(found[2], 16)
        assert seen[0] == exception and seen[1] & ~0x40 == sfsr, (what, seen)
        assert status["state"] == m33.FAILED and status["failure"] == 65, (what, status)
        assert status["sequence"] == 1 and status["flags"] & 2, (what, status)


def gateways_answer(device, vendor, pud):
    for what, (act, value, answer) in ANSWERS.items():
        log, status = trial(device, vendor, pud, what, act, value)
        assert "faulted" not in log and status["failure"] == 64, (what, log)
        assert f"exit 0x{answer:x}" in log, (what, log)


def loops_end_at_the_deadline(device, vendor, pud):
    for what, act in (("masks everything", m33.MASKED_LOOP),
                      ("never leaves its handler", m33.HANDLER_LOOP)):
        log, status = trial(device, vendor, pud, what, act, 0, deadline=1)
        assert status["failure"] == 66 and status["sequence"] == 1, (what, status, log)


def what_has_no_effect(device, vendor, pud):
    """It exits with zero when the machine is still there, and memory still divided."""
    for sequence, (what, act) in enumerate((("resets the machine", m33.RESET),
                                            ("switches the SAU off", m33.SAU)), 2):
        log, status = trial(device, vendor, pud, what, act, 0)
        assert "started:" not in log, (what, log)
        assert status["state"] == m33.UPDATED and status["sequence"] == sequence, (what, status)


def main():
    vendor = m33.Vendor()
    pud = vendor.pud()
    with m33.Device() as device:
        device.start()
        assert device.provision(pud) == m33.OK
        assert device.download(pud, vendor.package(m33.probe(m33.BE_READY))) == m33.OK
        assert device.settle()["sequence"] == 1
        faults_are_faults(device, vendor, pud)
        gateways_answer(device, vendor, pud)
        loops_end_at_the_deadline(device, vendor, pud)
        what_has_no_effect(device, vendor, pud)
        assert "secure processor faulted" not in device.log_read()
    print(f"{len(FAULTS)} faults, {len(ANSWERS)} refusals, 2 loops, 2 without effect")


main()
