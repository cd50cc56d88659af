#!/bin/bash
# Installs the Debian packages that a purpose needs and that are missing. When nothing is missing
# it does nothing at all, so every make target can afford to call it.
#
# usage: setup.sh PURPOSE...      a purpose is a list in packages/
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v dpkg-query >/dev/null; then
    echo "setup: not a Debian system; packages/*.txt name what is needed" >&2
    exit 0
fi

for purpose in "$@"; do
    [ -f "packages/$purpose.txt" ] || { echo "setup: no packages/$purpose.txt" >&2; exit 2; }
done
mapfile -t wanted < <(for purpose in "$@"; do
    sed -E 's/#.*//; s/[[:space:]]+//g; /^$/d' "packages/$purpose.txt"
done | sort -u)

# dpkg-query fails when it has never heard of one of them.
installed=$(dpkg-query -W -f='${db:Status-Status}:${Package} ' "${wanted[@]}" 2>/dev/null || true)
missing=()
for name in "${wanted[@]}"; do
    [[ " $installed " == *" installed:$name "* ]] || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

apt=(apt-get -q -o DPkg::Lock::Timeout=600)
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: missing packages and no sudo; as root, run:" >&2
        echo "  apt-get install ${missing[*]}" >&2
        exit 1
    fi
    apt=(sudo "${apt[@]}")
fi

echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${apt[@]}" update </dev/null
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null
