#!/usr/bin/python3
"""I1, I2, I4 on the microcontroller: power is cut after a store into non-volatile memory, any store
of a whole download, trial and commit, and then once more during the recovery. The unmodified firmware
runs in QEMU; a plugin ends QEMU at the n-th store. Afterwards the device runs the old image or the
new one, says so, and undisturbed operation brings it to the new release.

usage: power_cut.py [--sample N | --all | --seconds S | --only N[,M]] [--seed N]

--sample: so many cuts, spread evenly over all stores (14). --all: after each store, and for each a
second cut somewhere in what follows. --seconds: cuts at random places until the time is over.
--only: one case: the first cut, and the second."""
import argparse
import os
import random
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
import pawl_m33 as m33  # noqa: E402

CUT = os.path.join(os.environ["PAWL_TOOLS"], "libm33_watch.so")
FULL_CYCLE_LEAST = 1000  # stores: fewer, and the scenario is not what it was made for


class World:
    """One vendor, one device at sequence number 2, whose slots both were used, and two releases."""

    def __init__(self):
        self.vendor = m33.Vendor()
        self.pud = self.vendor.pud()
        first = self.release("0")
        self.old = self.release("1")
        self.new = self.release("2")
        self.device = m33.Device()
        self.count = os.path.join(self.device.dir, "count")
        self.device.start()
        assert self.device.provision(self.pud) == m33.OK
        for number, package in enumerate((first, self.old), 1):
            assert self.device.download(self.pud, package) == m33.OK
            assert self.device.settle()["sequence"] == number
        self.device.stop()
        with open(self.device.nvm, "rb") as file:
            self.nvm = file.read()

    def release(self, version):
        image = m33.probe(m33.BE_READY)
        return self.vendor.package(image + bytes(2500 - len(image)), version=version, chunk=1024)

    def restore(self):
        self.device.stop()
        with open(self.device.nvm, "r+b") as file:
            file.write(self.nvm)

    def start(self, cut):
        """The device, whose power fails after `cut` stores; 0: never."""
        with open(self.count, "wb") as file:
            file.write(bytes(8))
        self.device.restart("-plugin",
                            f"{CUT},lo=80000000,hi=81000000,n={cut},count={self.count}")

    def stores(self):
        with open(self.count, "rb") as file:
            return struct.unpack("<Q", file.read(8))[0]

    def update(self):
        """One whole download, as a server would offer it; its result."""
        if self.device.status()["sequence"] != 2:
            return m33.OK
        result = self.device.download(self.pud, self.new)
        self.device.settle()
        return result

    def check(self, case):
        """What must hold after any cut: it runs one of the two, whole, and says which (I2, I4)."""
        status = self.device.status()
        runs = {2: self.old, 3: self.new}[status["sequence"]]
        assert status["flags"] & 3 == 3, (case, status, self.device.log_read())
        assert status["package_id"] == runs[1], (case, status)
        return status

    def finish(self, case):
        """Undisturbed from here on: the newest release within two offers, since one attempt may
        have ended by the cut (cause 67)."""
        self.check(case)
        for _ in range(2):
            self.update()
        status = self.check(case)
        assert status["sequence"] == 3, (case, status, self.device.log_read())
        result = self.device.download(self.pud, self.new, sequence=2)
        assert result != m33.OK, (case, "an entitlement for number 2 was taken at 3 (I1)")


def run_to_cut(world, first_steps):
    """True when the power failed meanwhile."""
    try:
        first_steps()
    except m33.Gone:
        return True
    return world.device.process.poll() is not None


def case_run(world, first, second):
    """One case; how many of the two cuts fired."""
    case = f"--only {first},{second}"
    fired = 0
    world.restore()
    world.start(first)
    fired += run_to_cut(world, world.update)
    assert fired == 1, f"{case}: the first cut did not fire"
    assert world.stores() == first, case
    if second > 0:
        world.start(second)
        fired += run_to_cut(world, lambda: (world.check(case), world.update()))
    world.start(0)
    world.finish(case)
    return fired


def total_stores(world):
    world.restore()
    world.start(0)
    world.finish("no cut")
    total = world.stores()
    assert total >= FULL_CYCLE_LEAST, total
    return total


def cases_make(options, total):
    """(first, second) of each case; second 0 for half of them."""
    draw = random.Random(options.seed)
    if options.only:
        first, _, second = options.only.partition(",")
        yield int(first), int(second or 0)
        return
    if options.seconds:
        end = time.monotonic() + options.seconds
        while time.monotonic() < end:
            yield draw.randint(1, total), draw.choice((0, draw.randint(1, total)))
        return
    if options.all:
        for first in range(1, total + 1):
            yield first, draw.randint(1, total - first + 200)
        return
    for i in range(options.sample):
        yield 1 + (i * total + draw.randrange(total)) // options.sample % total, \
            draw.randint(1, total) if i % 2 else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=14)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()

    world = World()
    with world.device:
        total = total_stores(world)
        firsts = seconds = 0
        for first, second in cases_make(options, total):
            try:
                fired = case_run(world, first, second)
            except (AssertionError, m33.Gone) as problem:
                sys.exit(f"power_cut.py --only {first},{second}: {problem}")
            firsts += 1
            seconds += fired - 1
    print(f"{total} stores; {firsts} cuts, {seconds} second ones; seed {options.seed}")
    assert firsts > 0 and (options.only or seconds > 0), "no second cut fired"


main()
