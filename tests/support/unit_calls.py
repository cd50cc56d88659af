#!/usr/bin/python3
"""The system calls that a unit's SystemCallFilter= and RestrictNamespaces= allow, one a line. usage: unit_calls.py UNIT"""
import subprocess
import sys


def expand(name):
    if not name.startswith("@"):
        return {name}
    text = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
    found = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            found |= expand(word)
    return found


allowed, denied = set(), set()
with open(sys.argv[1], encoding="utf-8") as unit:
    for line in unit:
        if line.startswith("SystemCallFilter="):
            words = line.strip().partition("=")[2]
            calls = set().union(*map(expand, words.lstrip("~").split()))
            allowed = allowed - calls if words.startswith("~") else allowed | calls
        if line.strip() == "RestrictNamespaces=yes":
            denied |= {"unshare", "setns"}
print("\n".join(sorted((allowed | expand("@default")) - denied)))
