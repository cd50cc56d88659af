#!/usr/bin/python3
"""I1, I2, I7 under faults: no single glitch makes the device start what it must refuse. Each attack
(a bad signature, an older security version, another class, another device's entitlement, one for an
older number, flash that was changed between check and run) is played to the firmware in QEMU. Of
the instructions of core and engine that it executes, each is skipped in turn, each conditional
branch forced the other way, and each call replaced by its success.

usage: glitch.py [--sample N | --all | --seconds S] [--seed N] [--attack NAME]
                 [--only ADDRESS,FAULT,HIT]

--sample: so many faults for each attack, spread evenly (16). --seconds: random ones, until the time is
over, which the attacks share."""
import argparse
import collections
import os
import random
import re
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
import gdb_remote  # noqa: E402
import pawl_m33 as m33  # noqa: E402

ELF = os.path.join(m33.FIRMWARE, "bin/firmware.elf")
MAP = os.path.join(m33.FIRMWARE, "firmware.map")
BRANCH = re.compile(r"b(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|hs|lo)(\.[nw])?$")

WATCH = os.path.join(os.environ["PAWL_TOOLS"], "libm33_watch.so")
CODE_START, CODE_SIZE = 0x10000000, 0x80000
PATIENCE = 2  # seconds, until a device that a fault has stopped counts as that

Instruction = collections.namedtuple("Instruction", "address size name operands")


def device_ranges():
    """Where the code of core and engine lies, by the linker's map."""
    with open(MAP, encoding="utf-8") as file:
        text = file.read()
    pattern = r"^ \.text\.\S+\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) \S*libpawl_(?:core|processor)\.a"
    return [(int(start, 16), int(start, 16) + int(size, 16))
            for start, size in re.findall(pattern, text, re.M) if int(size, 16)]


def instructions():
    """All instructions of core and engine, by address."""
    ranges = device_ranges()
    text = subprocess.run(["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", ELF], check=True,
                          capture_output=True, text=True).stdout
    found = [(int(a, 16), name, operands) for a, name, operands in
             re.findall(r"^\s*([0-9a-f]+):\s+(\S+)\s*([^\n]*)$", text, re.M)]
    code = {}
    for (address, name, operands), (following, _, _) in zip(found, found[1:]):
        inside = any(start <= address < stop for start, stop in ranges)
        if inside and following - address in (2, 4) and not name.startswith("."):
            code[address] = Instruction(address, following - address, name, operands)
    return code


def faults_of(instruction):
    """What can be done to one: names of faults."""
    yield "skip"
    if BRANCH.match(instruction.name) or instruction.name.startswith(("cbz", "cbnz")):
        yield "take"  # not taken is what skipping makes of it
    if instruction.name.startswith(("bl", "blx")) and not BRANCH.match(instruction.name):
        yield "zero"  # the call is left out, its result is success
        yield "one"   # ... or true


class Target:
    """The device under the debugger, at sequence number 2 with security version 2."""

    def __init__(self):
        self.vendor = m33.Vendor()
        self.pud = self.vendor.pud()
        self.device = m33.Device()
        self.device.start()
        assert self.device.provision(self.pud) == m33.OK
        for number in (1, 2):
            package = self.vendor.package(m33.probe(m33.BE_READY), version=str(number),
                                          security=number)
            assert self.device.download(self.pud, package) == m33.OK
            assert self.device.settle()["sequence"] == number
        self.device.stop()
        with open(self.device.nvm, "rb") as file:
            self.nvm = file.read()
        self.remote = None
        self.begin()

    def begin(self, *extra):
        """Power on, with the memory as it was, until the committed image has said that it is ready:
        what that runs in the engine belongs to no attack."""
        if self.remote is not None:
            self.remote.close()
        self.device.stop()
        with open(self.device.nvm, "r+b") as file:
            file.write(self.nvm)
        for _ in range(5):
            port = m33.free_port()
            before = len(self.device.log)
            self.device.start("-gdb", f"tcp:127.0.0.1:{port}", *extra)
            self.device.hello()
            self.device.wait_log("after the image's run", since=before)
            try:
                self.remote = gdb_remote.Remote(port)
                break
            except ConnectionRefusedError:
                self.device.stop()
        self.remote.settle()
        self.mark = len(self.device.log_read())
        self.remote.go()

    def has_started_something(self):
        """Whether an image went on trial, which none of these may."""
        return "trial 0x1" in self.device.log_read()[self.mark:]


class Attack:
    """What is offered, and steps that hand it to the device."""

    def __init__(self, target, name):
        vendor = target.vendor
        evil = m33.probe(m33.EXIT)
        self.target, self.name, self.report = target, name, None
        self.pud, self.sequence, self.spoils = target.pud, 2, False
        self.package = vendor.package(evil, security=3, version="evil")
        if name == "signature":
            self.package = altered_seal(vendor, evil)
        elif name == "rollback":
            self.package = vendor.package(evil, security=1, version="evil")
        elif name == "class":
            other = m33.p.class_id(vendor.vendor, "other")
            self.package = vendor.package(evil, security=3, version="evil", manifest={3: other})
        elif name == "device":
            self.pud = dict(target.pud, unit_secret=bytes([0x99]) * 32)
        elif name == "number":
            self.sequence = 1
        else:
            self.spoils = True

    def prepare(self):
        self.report = self.target.device.report(self.target.pud)

    def play(self):
        """All that an attacker sends; raises Gone when the device does not answer."""
        device, (data, package_id, key) = self.target.device, self.package
        wrapped = m33.p.row(self.pud, self.sequence, package_id, key)[8:]
        device.direct(self.target.pud, {2: 1, 5: package_id, 6: "http://127.0.0.1/p",
                                        7: len(data), 8: wrapped}, self.report, PATIENCE)
        device.ask(m33.WRITE, bytes(8) + data, PATIENCE)
        if self.spoils:
            self.spoil(data)
        device.ask(m33.INSTALL, seconds=PATIENCE)

    def spoil(self, data):
        """Flash is changed behind the device's back: one bit of the image, in its slot."""
        with open(self.target.device.nvm, "r+b") as file:
            whole = file.read()
            at = whole.find(data)
            if at >= 0:
                file.seek(at + len(data) - 30)
                file.write(bytes([data[-30] ^ 1]))


def altered_seal(vendor, image):
    """A package that a server would hand out, sealed and entitled in order, whose signature is
    one bit away from the vendor's."""
    class OneBitOff:
        kid, x, y = vendor.key.kid, vendor.key.x, vendor.key.y

        @staticmethod
        def sign(message):
            good = vendor.key.sign(message)
            return good[:40] + bytes([good[40] ^ 1]) + good[41:]

    return vendor.package(image, security=3, version="evil", key=OneBitOff)


ATTACKS = ("signature", "rollback", "class", "device", "number", "flash")


def trace(target, attack, code):
    """The addresses of core and engine that the attack executes."""
    file_name = os.path.join(target.device.dir, "trace")
    with open(file_name, "wb") as file:
        file.write(bytes(CODE_SIZE // 2))
    target.begin("-plugin", f"{WATCH},code={CODE_START:x},size={CODE_SIZE:x},trace={file_name}")
    attack.prepare()
    with open(file_name, "r+b") as file:
        file.write(bytes(CODE_SIZE // 2))
    attack.play()
    with open(file_name, "rb") as file:
        seen = file.read()
    return [address for address in sorted(code) if seen[(address - CODE_START) // 2]]


def fault_apply(remote, instruction, fault):
    after = instruction.address + instruction.size
    if fault == "take":
        after = int(re.search(r"([0-9a-f]+)(?: <|$)", instruction.operands.split(",")[-1]
                              .strip())[1], 16)
    elif fault in ("zero", "one"):
        remote.register_set(gdb_remote.R0, fault == "one")
    remote.register_set(gdb_remote.PC, after)


def glitch(target, attack, instruction, fault, hit):
    """One fault; "breach" when something started, else how the device took it."""
    outcome = []

    def play():
        try:
            attack.play()
            outcome.append("refused")
        except (m33.Gone, m33.p.Refused, AssertionError, struct.error):
            outcome.append("stopped")

    try:
        attack.prepare()
    except (m33.Gone, m33.p.Refused, AssertionError):
        target.begin()  # the fault before left its memory damaged
        attack.prepare()
    player = threading.Thread(target=play)
    try:
        fired = disturb(target.remote, player, instruction, fault, hit)
    except (ConnectionError, AssertionError, TypeError):
        fired = True  # the emulator has ended: a fault in a fault
    if player.ident is not None:
        player.join()
    if target.has_started_something():
        return "breach"
    return (outcome or ["stopped"])[0] if fired else "missed"


def disturb(remote, player, instruction, fault, hit):
    """Starts the player and disturbs the device when it comes by; whether it did."""
    remote.halt()
    remote.breakpoint(instruction.address)
    remote.go()
    player.start()
    while player.is_alive():
        if remote.take(0.05) is None:
            continue
        hit -= 1
        if hit == 0:
            fault_apply(remote, instruction, fault)
            remote.breakpoint(instruction.address, False)
            remote.go()
            return True
        remote.ask("s")
        remote.go()
    remote.halt()
    remote.breakpoint(instruction.address, False)
    remote.go()
    return False


def attack_run(target, name, code, options):
    attack = Attack(target, name)
    path = trace(target, attack, code)
    faults = [(code[address], fault, 1) for address in path for fault in faults_of(code[address])]
    if options.only:
        address, fault, hit = options.only.split(",")
        faults = [(code[int(address, 16)], fault, int(hit))]
    elif options.seconds:
        random.Random(options.seed).shuffle(faults)
    elif not options.all:
        faults = faults[::max(1, len(faults) // options.sample)]
    outcomes, breaches = collections.Counter(), []
    target.begin()
    end = time.monotonic() + (options.seconds or 86400) / (1 if options.attack else len(ATTACKS))
    for instruction, fault, hit in faults:
        if time.monotonic() > end:
            break
        outcome = glitch(target, attack, instruction, fault, hit)
        if outcome == "missed":  # only a device that has refused nothing yet comes by there
            target.begin()
            outcome = glitch(target, attack, instruction, fault, hit)
        outcomes[outcome] += 1
        if outcome == "breach":
            breaches.append(f"--attack {name} --only {instruction.address:x},{fault},{hit}  "
                            f"({instruction.name} {instruction.operands})")
        if outcome in ("breach", "stopped") or target.device.process.poll() is not None:
            target.begin()
    print(f"{name}: {len(path)} instructions, {sum(outcomes.values())} faults: " +
          ", ".join(f"{count} {what}" for what, count in sorted(outcomes.items())), flush=True)
    assert outcomes and outcomes["missed"] <= 1 + outcomes.total() // 50, f"{name}: faults did not fire"
    return breaches


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=16)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--attack", choices=ATTACKS)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    code = instructions()
    assert len(code) > 3000, "core and engine were not found in the firmware"
    target = Target()
    breaches = []
    with target.device:
        for name in (options.attack,) if options.attack else ATTACKS:
            breaches += attack_run(target, name, code, options)
        if target.remote is not None:
            target.remote.close()
    for breach in breaches:
        print("breach: glitch.py " + breach, file=sys.stderr)
    sys.exit(1 if breaches else 0)


main()
