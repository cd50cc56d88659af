#!/bin/bash
# The manual page: it is well-formed, it and --help name the same options, and what EXAMPLES shows
# starts and stops cleanly.
. "$(dirname "$0")/processor_lib.sh"

page=$PAWL_SOURCE/man/pawl-processor.8
warnings=$(man --warnings=all --local-file "$page" 2>&1 >rendered </dev/null || true)
[ -z "$warnings" ] || fail "the page has warnings: $warnings"
[ -s rendered ] || fail "the page does not render"

options() {
    grep -oE -- '--[a-z][a-z-]+' | sort -u
}
helped=$({ "$PAWL_BIN/pawl-processor" --help; "$PAWL_BIN/pawl-processor" launcher --help; } |
    grep -E '^ +(-., )?--' | options)
paged=$(sed -nE 's/^\.It Fl (h , Fl )?-([a-z-]+).*/--\2/p' "$page" | sort -u)
difference=$(diff <(echo "$helped") <(echo "$paged") | grep '^[<>] ' | grep -v -- '> --version' ||
    true)
[ -z "$difference" ] || fail "--help (<) and the page (>) differ: $difference"

# Each block of EXAMPLES as it stands; only root can run images as another user.
mapfile -d '' blocks < <(awk '
    /^\.Sh/ { inside = $2 == "EXAMPLES" }
    inside && /^\.Bd/ { block = 1; next }
    /^\.Ed/ && block { printf "%c", 0; block = 0 }
    block { gsub(/\\e/, "\\"); print }' "$page")
[ "${#blocks[@]}" -ge 3 ] || fail "EXAMPLES has only ${#blocks[@]} blocks"
PATH=$PAWL_BIN:$PATH
for block in "${blocks[@]}"; do
    if [[ $block == *--run-as* && $(id -u) -ne 0 ]]; then continue; fi
    socket=$(grep -oE 'unix:[^ ]+' <<<"$block")
    bash -c "exec $block" 2>log &
    processor=$!
    until_true test -S "${socket#unix:}" -o ! -e "/proc/$processor"
    until_true logged 'for development only'
    stop
done
