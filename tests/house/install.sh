#!/bin/bash
# What `make install` gives to integrators: installs into an empty prefix and compiles examples/ and
# the README's program with nothing but pkg-config, as somebody outside of this tree does.
set -euo pipefail
shopt -s nullglob

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

cmake --install "$PAWL_BUILD" --prefix "$prefix" >/dev/null
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name pawl.pc)")
export PKG_CONFIG_PATH

cd "$work" # the tree itself must not help
status=0
fail() {
    echo "install: $*" >&2
    status=1
}

# Compiles FILE against pkg-config package(s) ... to ./OUT.
compile() {
    local file=$1 out=$2
    shift 2
    # shellcheck disable=SC2046
    cc -std=c11 -Wall -Wextra -Werror "$file" -o "$out" $(pkg-config --cflags --libs "$@") ||
        fail "$file does not compile with $*"
}

for program in "$PAWL_BIN"/*; do
    [ -x "$prefix/bin/$(basename "$program")" ] || fail "$(basename "$program") is missing"
done
for header in "$PAWL_SOURCE"/include/pawl/*.h; do
    echo "#include <pawl/$(basename "$header")>" >one.c
    # shellcheck disable=SC2046
    cc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only one.c $(pkg-config --cflags pawl) ||
        fail "$(basename "$header") does not stand alone"
done

compile "$PAWL_SOURCE/examples/show_package.c" show-package pawl
package=$(find "$PAWL_SOURCE/tests" -name 'show.pawl' | head -n 1)
if [ -x show-package ] && [ -n "$package" ]; then
    ./show-package "$package" >shown || fail "show-package refuses $package"
fi
if [ -x show-package ]; then
    ! ./show-package "$PAWL_SOURCE/LICENSE" 2>refused || fail "show-package takes any file"
    grep -q malformed refused || fail "show-package does not say what is wrong"
fi

# The device library, with the OpenSSL adapter of the other one.
compile "$PAWL_SOURCE/examples/ram_device.c" ram-device pawl-device pawl
unit=$PAWL_SOURCE/tests/vectors/pud-a.txt
sed -n 's/^pud: //p' "$unit" | xxd -r -p >unit.pud
if [ -x ram-device ]; then
    ./ram-device unit.pud >report || fail "ram-device makes no report"
    [ "$(head -c 1 report | xxd -p)" = d1 ] || fail "ram-device's report is no COSE_Mac0"
    ! ./ram-device "$unit" 2>refused >/dev/null || fail "ram-device takes any file for a PUD"
fi

# The program in the README is the first C block there.
sed -n '/^```c$/,/^```$/p' "$PAWL_SOURCE/README.md" | sed '/^```/d' >readme.c
[ -s readme.c ] || fail "no C program in README.md"
compile readme.c readme pawl
exit $status
