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

wanted=()
for purpose in "$@"; do
    list=$(sed -E 's/#.*//; s/[[:space:]]+//g; /^$/d' "packages/$purpose.txt")
    mapfile -t -O ${#wanted[@]} wanted <<<"$list"
done

# dpkg-query fails when it has never heard of one of them.
installed=$(dpkg-query -W -f='${db:Status-Status}:${Package} ' "${wanted[@]}" 2>/dev/null || true)
missing=()
for name in "${wanted[@]}"; do
    [[ " $installed" == *" installed:$name "* ]] || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: missing packages and no sudo; as root, run:" >&2
        echo "  apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "setup: installing ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "${missing[@]}"
