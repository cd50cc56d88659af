#!/usr/bin/python3
"""Grants between a server and processors, by hand (SPEC 14, 20). Each command ends with the result
class of the processor's last answer, by name.

    content_grant.py get URL LINK KEY_ID FILE    the processor asks the server; the grant into FILE
    content_grant.py open LINK FILE              the processor opens it
"""
import os
import sys
import urllib.request

import cbor2

sys.path.insert(0, os.path.join(os.environ["PAWL_SOURCE"], "tests/support"))
from pawl_link import Link  # noqa: E402

REPEAT = 3
CLASSES = ["ok", "malformed", "unsupported", "untrusted", "wrong-class", "not-entitled", "rollback",
           "corrupt", "io", "storage", "exhausted", "state", "crypto"]


def exchange(url, link, key_id):
    """A report that asks for the key, and the directive that answers it."""
    code, _, report = link.ask(Link.REPORT, key_id)
    assert code == 0, CLASSES[code]
    request = urllib.request.Request(url + "/v1/report", report,
                                     {"Content-Type": 'application/cose; cose-type="cose-mac0"'})
    with urllib.request.urlopen(request, timeout=30) as answer:
        directive = answer.read()
    code, _, _ = link.ask(Link.DIRECTIVE, directive)
    assert code == 0, CLASSES[code]
    return cbor2.loads(cbor2.loads(directive).value[2])


def get(url, path, key_id, file):
    link = Link(path)
    directive = exchange(url, link, bytes.fromhex(key_id))
    if directive[2] == REPEAT:
        directive = exchange(url, link, bytes.fromhex(key_id))
    grants = directive.get(140, [])
    if not grants:
        return "no grant"
    with open(file, "wb") as out:
        out.write(grants[0][1] + grants[0][2])
    return "ok"


def open_grant(path, file):
    with open(file, "rb") as grant:
        code, _, key = Link(path).ask(Link.CONTENT_KEY, grant.read())
    assert len(key) == (16 if code == 0 else 0)
    return CLASSES[code]


print({"get": get, "open": open_grant}[sys.argv[1]](*sys.argv[2:]))
