#!/bin/bash
# Where secrets are and where not (I8): the engine's memory holds the unit secret, and none of the
# launcher, the warden, the image, the log and the files do. Only root can look into all of them.
. "$(dirname "$0")/processor_lib.sh"

if [ "$(id -u)" -ne 0 ]; then
    echo "skipped: needs root"
    exit 0
fi

pack ready --success ready -- notify READY=1 "$scratch"
start --log-level debug
expect "an image runs" "$(try ready)" '^state=7 sequence=1 .*running=1'
launcher=$(pgrep -P "$processor")
warden=$(pgrep -P "$launcher")
image=$(pgrep -P "$warden")

# holds SECRET_HEX WHAT...: names those of processes and files that have these bytes in them. What
# cannot be read is named too: the search must not pass for want of a right.
cat >search.py <<'EOF'
import os, re, sys

def regions(process):
    for line in open(f"/proc/{process}/maps"):
        start, end, rights = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
        if rights[0] == "r" and "[v" not in line:
            yield int(start, 16), int(end, 16)

def memory(process):
    with open(f"/proc/{process}/mem", "rb", 0) as mem:
        for start, end in regions(process):
            mem.seek(start)
            yield mem.read(end - start)

def contents(what):
    if what.isdigit():
        return memory(what)
    return [open(what, "rb").read()]

secret = bytes.fromhex(sys.argv[1])
for what in sys.argv[2:]:
    try:
        if any(secret in part for part in contents(what)):
            print(what)
    except OSError as error:
        print(what, "unreadable:", error)
EOF
holds() {
    python3 search.py "$@"
}

# Key 5 of the PUD's map: 05, then a byte string of 32 (58 20).
unit_secret=$(xxd -p unit.pud | tr -d '\n' | sed -nE 's/.*055820([0-9a-f]{64}).*/\1/p')
content_key=$(xxd -p ready.pawl.key | tr -d '\n')
[ ${#unit_secret} = 64 ] || fail "the test does not find the secret in the PUD"
others=("$launcher" "$warden" "$image" log state/flash.bin state/counter state/cells)

expect "the engine itself" "$(holds "$unit_secret" "$processor")" "^$processor\$"
found=$(holds "$unit_secret" "${others[@]}")
[ -z "$found" ] || fail "the unit secret is in: $found"
# A content key is unwrapped while an image is loaded, and wiped.
found=$(holds "$content_key" "$processor" "${others[@]}")
[ -z "$found" ] || fail "the content key is in: $found"
# The plaintext has no name; the package on flash stays sealed.
plain=$(xxd -p "$PAWL_TOOLS/guest-static" | tr -d '\n' | cut -c65537-65664)
[ -n "$(holds "$plain" "$PAWL_TOOLS/guest-static")" ] ||
    fail "the test does not find the plaintext in the image itself"
found=$(holds "$plain" log state/flash.bin)
[ -z "$found" ] || fail "plaintext is in: $found"
stop
