#!/bin/bash
# scripts/setup.sh installs exactly what is missing, through sudo for an ordinary user, and does
# nothing at all when nothing is missing. dpkg-query, apt-get, sudo and id are played by scripts.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/project" "$work/project/scripts" "$work/project/packages"
cp "$PAWL_SOURCE/scripts/setup.sh" "$work/project/scripts/"
printf '%s\n' '# a comment' one two >"$work/project/packages/build.txt"
printf '%s\n' two three-dev >"$work/project/packages/test.txt"
export PATH="$work/bin:$PATH" WORK=$work

play() {
    printf '#!/bin/bash\n%s\n' "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}
play dpkg-query 'cat "$WORK/installed"; exit 1'
play apt-get 'echo "apt-get $DEBIAN_FRONTEND $*" >>"$WORK/calls"'
play sudo 'echo -n "sudo " >>"$WORK/calls"; exec "$@"'
play id 'cat "$WORK/uid"'

# Runs setup for the purposes as a user, with packages installed; compares the calls made.
status=0
check() {
    local what=$1 user=$2 installed=$3 expected=$4
    shift 4
    echo "$user" >"$work/uid"
    echo "$installed" >"$work/installed"
    : >"$work/calls"
    "$work/project/scripts/setup.sh" "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; status=1; }
    if [ "$(sed 's/-q -o [^ ]* //' "$work/calls")" != "$expected" ]; then
        echo "setup: $what: called" >&2
        cat "$work/calls" >&2
        status=1
    fi
}

all="installed:one installed:two installed:three-dev"
install="install -y --no-install-recommends"
check "nothing is missing" 1000 "$all" "" build test
check "root installs" 0 "installed:one installed:three-dev" \
    "apt-get noninteractive update
apt-get noninteractive $install two" build
check "an ordinary user installs with sudo" 1000 "installed:one config-files:two" \
    "sudo apt-get noninteractive update
sudo apt-get noninteractive $install three-dev two" build test
check "a name that is part of another one" 0 "installed:one installed:two installed:three-dev-x" \
    "apt-get noninteractive update
apt-get noninteractive $install three-dev" build test
exit $status
