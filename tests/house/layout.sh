#!/bin/bash
# The layout of the sources: clang-format's, 100 columns, no tabs, no blanks at line ends; functions
# of at most 100 lines and files of at most 500, tests apart.
set -uo pipefail
cd "$PAWL_SOURCE" || exit 1

status=0
report() {
    [ -z "$2" ] && return
    printf '%s:\n%s\n' "$1" "$2" >&2
    status=1
}

mapfile -t sources < <(find include src port tests fuzz bench examples -name '*.[ch]' | sort)
mapfile -t product < <(printf '%s\n' "${sources[@]}" | grep -v '^tests/')
mapfile -t scripts < <(find scripts tests bench .ci -name '*.sh' -o -path .ci/run | sort)
[ ${#sources[@]} -gt 0 ] || { echo "no sources found" >&2; exit 1; }

report "not laid out by clang-format (make format)" \
    "$(clang-format --dry-run "${sources[@]}" 2>&1 | grep -E '(warning|error):' |
        cut -d: -f1 | sort -u)"
report "longer than 100 columns" \
    "$(awk 'length($0) > 100 { print FILENAME ":" FNR }' "${sources[@]}" "${scripts[@]}")"
report "tab or blank at the end of a line" \
    "$(grep -nE $'\t|[ \t]$' "${sources[@]}" "${scripts[@]}" | cut -d: -f1,2)"
report "functions of more than 100 lines" "$(awk '
    FNR == 1 { open = 0 }
    /^\{$/ { open = FNR }
    /^\}/ { if (open && FNR - open > 100) print FILENAME ":" open ": " FNR - open + 1; open = 0 }
    ' "${product[@]}")"
report "files of more than 500 lines" \
    "$(wc -l "${product[@]}" | awk '$2 != "total" && $1 > 500 { print $2 ": " $1 }')"
for script in "${scripts[@]}"; do
    report "not a valid script" "$(bash -n "$script" 2>&1)"
    [ -x "$script" ] || grep -q '^# *sourced' "$script" || report "not executable" "$script"
done
exit $status
