#!/bin/bash
# The units that `make install` brings: they are valid, and as tight as promised (at most 1.5 for
# server and agent, 0.5 for the engine that has the secrets); users, directories and programs that
# they name exist.
set -uo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
DESTDIR=$work cmake --install "$PAWL_BUILD" --prefix /usr >/dev/null || exit 1
units=$work/usr/lib/systemd/system
status=0
fail() {
    echo "units: $*" >&2
    status=1
}

# exposure UNIT MOST: fails above MOST tenths.
exposure() {
    systemd-analyze security --no-pager --offline=true --threshold="$2" "$1" >"$work/report" 2>&1
}
while read -r unit most; do
    [ -s "$units/$unit.service" ] || fail "$unit.service is not installed"
    exposure "$units/$unit.service" "$most" ||
        fail "$unit.service: $(tail -n 1 "$work/report"), and may have $most tenths"
done <<'END'
pawld 15
pawl-agent 15
pawl-processor 5
pawl-launcher 25
END

# A unit that is open must be found.
sed '/^ProtectSystem=/d; /^CapabilityBoundingSet=/d; /^SystemCallFilter=/d' \
    "$units/pawld.service" >"$work/open.service"
! exposure "$work/open.service" 15 || fail "an open unit passes"

# Installed under / as it were: paths of programs are real, and systemd understands every line.
for unit in "$units"/*.service; do
    program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit")
    [ -x "$work$program" ] || fail "$unit starts $program, which is not installed"
    sed "s|/usr/bin/pawl|$work/usr/bin/pawl|" "$unit" >"$work/$(basename "$unit")"
done
found=$(systemd-analyze verify --man=no "$work"/pawl*.service 2>&1 | grep -F "$work")
[ -z "$found" ] || fail "$found"
grep -qi 'Unknown' <(sed 's/^RemoveIPC/RemoveIPX/' "$units/pawld.service" >"$work/wrong.service"
    systemd-analyze verify --man=no "$work/wrong.service" 2>&1) || fail "a wrong line is not seen"

for user in $(sed -n 's/^\(User\|Group\)=//p' "$units"/*.service | sort -u) pawl-image; do
    grep -q "^u $user " "$work/usr/lib/sysusers.d/pawl.conf" || fail "sysusers lacks $user"
done
mkdir -p "$work/root/etc"
systemd-sysusers --root="$work/root" "$work/usr/lib/sysusers.d/pawl.conf" 2>"$work/report" ||
    fail "sysusers: $(cat "$work/report")"
grep -q '^pawl-processor:' "$work/root/etc/passwd" || fail "sysusers makes no pawl-processor"
if [ "$(id -u)" -eq 0 ]; then # it gives directories away
    systemd-tmpfiles --create --root="$work/root" "$work/usr/lib/tmpfiles.d/pawl.conf" \
        2>"$work/report" || fail "tmpfiles: $(cat "$work/report")"
    [ -d "$work/root/etc/pawl" ] || fail "tmpfiles makes no /etc/pawl"
fi

# Every option in a unit is one that the program knows.
while read -r program option; do
    if [ "$program" = launcher ]; then
        help=$("$PAWL_BIN/pawl-processor" launcher --help)
    else
        help=$("$PAWL_BIN/$program" --help)
    fi
    grep -q -- "$option\b" <<<"$help" || fail "$program has no $option"
done < <(for unit in pawld pawl-agent pawl-processor pawl-launcher; do
    sed -n '/^ExecStart=/,/[^\\]$/p' "$units/$unit.service" | grep -o -- '--[a-z-]*' |
        sed "s/^/${unit#pawl-launcher} /; s/^ /launcher /"
done)
exit $status
