"""Looks for secrets in a process's memory and in files (I8): raw, as hexadecimal and as base64, and
any sixteen bytes of each."""
import base64
import os
import re
import resource
import subprocess

WINDOW = 16


class Region:
    """A mapping of a process, with the kernel's word of how it is kept."""

    def __init__(self, line):
        span, self.rights, _, _, _, *name = line.split(maxsplit=5)
        self.start, self.end = (int(word, 16) for word in span.split("-"))
        self.name = name[0].strip() if name else ""
        self.flags = set()

    def __str__(self):
        return f"{self.start:x}-{self.end:x} {self.rights} {self.name} {' '.join(sorted(self.flags))}"

    @property
    def locked(self):
        return "lo" in self.flags

    @property
    def dumped(self):
        """Whether a core file would have it."""
        return "dd" not in self.flags


def regions(pid):
    found = []
    with open(f"/proc/{pid}/smaps", encoding="ascii") as smaps:
        for line in smaps:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                found.append(Region(line))
            elif line.startswith("VmFlags:"):
                found[-1].flags = set(line.split()[1:])
    return [one for one in found if one.rights[0] == "r" and "[v" not in one.name]


def forms(secret):
    """What of a secret is looked for: windows that any run of twice their size holds one of."""
    windows = {secret[at:at + WINDOW] for at in range(0, len(secret) - WINDOW + 1, WINDOW // 2)}
    for text in (secret.hex(), secret.hex().upper(), base64.b64encode(secret).decode()):
        windows.add(text[:WINDOW].encode())
    return windows


def cores_are_seen():
    """Whether a process that crashes leaves its core file where it ran, from now on."""
    with open("/proc/sys/kernel/core_pattern", encoding="ascii") as file:
        pattern = file.read().strip()
    if pattern.startswith("|") or "/" in pattern:
        print(f"skipped: core files go elsewhere here ({pattern})")
        return False
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return True


class Secrets:
    """Named secrets, and where they are found."""

    def __init__(self, named):
        owners = {}
        for name, secret in named.items():
            assert len(secret) >= WINDOW and len(set(secret)) > 4, f"{name} is no secret"
            owners.update({form: name for form in forms(secret)})
        self.windows, self.owners = b"".join(owners), list(owners.values())

    def scan(self, what):
        """(name, place) of each that is found, once in each region."""
        done = subprocess.run([f"{os.environ['PAWL_TOOLS']}/memory_scan", str(what)], check=True,
                              input=self.windows, stdout=subprocess.PIPE)
        for line in done.stdout.decode().splitlines():
            number, place = line.split()
            yield self.owners[int(number)], int(place, 16)

    def in_process(self, pid):
        """{(name, region)} of what is in a process's memory, arguments and environment."""
        found, where = set(), None
        for name, place in self.scan(pid):
            where = where or regions(pid)
            found |= {(name, region) for region in where if region.start <= place < region.end}
        return found | self.in_files(f"/proc/{pid}/cmdline", f"/proc/{pid}/environ")

    def in_files(self, *paths):
        """{(name, path)}; folders are searched whole."""
        found = set()
        for path in paths:
            inside = [os.path.join(root, file) for root, _, files in os.walk(path) for file in files]
            for one in inside if os.path.isdir(path) else [path]:
                if os.path.isfile(one):
                    found |= {(name, one) for name, _ in self.scan(one)}
        return found
