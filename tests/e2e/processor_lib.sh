# sourced by processor_*.sh: one unit, its packages and a running pawl-processor in a scratch
# folder.
set -euo pipefail

# Run as root, a test can be repeated as a user who has nothing but a copy of the programs.
if [ "${1:-}" = user ] && [ "$(id -u)" -eq 0 ]; then
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' EXIT
    cp "$PAWL_BIN/pawl-processor" "$PAWL_TOOLS"/processor_* "$PAWL_TOOLS"/guest-* \
        "$(dirname "$0")"/processor_* "$copy"
    chmod -R go+rX "$copy"
    export PAWL_BIN=$copy PAWL_TOOLS=$copy
    (cd / && setpriv --reuid 54321 --regid 54321 --clear-groups \
        env HOME=/ "$copy/$(basename "$0")" user)
    exit
fi

scratch=$(mktemp -d)
processor=
trap 'finish' EXIT
cd "$scratch"
failures=0

finish() {
    local status=$?
    [ -z "$processor" ] || kill -9 "$processor" 2>/dev/null || true
    if [ "$status" -ne 0 ] || [ "$failures" -gt 0 ]; then
        echo "--- log" >&2
        tail -n 60 "$scratch/log" >&2 2>/dev/null || true
    fi
    rm -rf "$scratch"
    [ "$status" -ne 0 ] || [ "$failures" -eq 0 ] || exit 1
}

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# expect WHAT TEXT PATTERN: the text has a match of the extended pattern.
expect() {
    grep -qE -- "$3" <<<"$2" || fail "$1: no '$3' in: $2"
}

# until_true COMMAND...: waits for what must happen, as long as the test may last.
until_true() {
    until "$@" >/dev/null 2>&1; do sleep 0.02; done
}

# Whether the system gives this user namespaces. Where it does not, the processor says so at start,
# and less can be held.
namespaces() {
    unshare -n true 2>/dev/null || unshare -Urn true 2>/dev/null
}

factory() {
    "$PAWL_TOOLS/processor_factory" --dir "$scratch" "$@"
}

# pack NAME OPTION... -- ARGUMENT...: NAME.pawl from the static guest unless --image says otherwise.
pack() {
    local name=$1
    shift
    factory package --image "$PAWL_TOOLS/guest-static" --name guest --out "$scratch/$name.pawl" "$@"
}

# start OPTION...: a processor on $scratch/link; the log goes to $scratch/log.
start() {
    "$PAWL_BIN/pawl-processor" --pud unit.pud --state state --link "unix:$scratch/link" \
        --slot-size 4M "$@" 2>>log &
    processor=$!
    until_true started
    [ -e "/proc/$processor" ] || fail "the processor did not start"
}

started() {
    [ ! -e "/proc/$processor" ] || client status
}

stop() {
    kill "$processor"
    wait "$processor" || fail "the processor ended with $?"
    processor=
}

client() {
    "$PAWL_TOOLS/processor_client" --connect "$scratch/link" --pud unit.pud "$@"
}

# try NAME: downloads NAME.pawl and prints the status it ends with.
try() {
    client download "$1.pawl" 2>&1 || true
}

# logged PATTERN: the log has such a line by now.
logged() {
    grep -qE -- "$1" log
}

factory unit
