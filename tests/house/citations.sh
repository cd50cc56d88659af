#!/bin/bash
# Every clause of SPEC.md that the code, the tests or the documents cite exists ("SPEC 7.4",
# "SPEC 9, 10"), and so does every file that a document names in backquotes.
set -uo pipefail
cd "$PAWL_SOURCE" || exit 1

# Prints "file:line: clause" for each citation in the files given that leads nowhere.
dangling() {
    grep -noE 'SPEC [0-9]+(\.[0-9]+)?((,| and) [0-9]+(\.[0-9]+)?)*' "$@" /dev/null |
        while IFS=: read -r file line cited; do
            for clause in $(grep -oE '[0-9]+(\.[0-9]+)?' <<<"$cited"); do
                grep -qE "^\*\*${clause//./\\.}\*\*( |\$)|^## $clause " SPEC.md ||
                    echo "$file:$line: SPEC $clause"
            done
        done
}

mapfile -t files < <(find include src port tests fuzz bench examples man docs scripts \
    -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.md' -o -name '*.[178]' \) 2>/dev/null |
    grep -v tests/house/citations.sh)
found=$(dangling "${files[@]}" ./*.md)

# Paths in backquotes, of the folders that are in the repository.
folders='model|src|include|tests|port|cmake|scripts|docs|bench|fuzz|examples|packages'
found+=$(grep -noE '`('"$folders"')/[^` *]*`' ./*.md | while IFS=: read -r file line path; do
    path=${path//\`/}
    [[ $path == *NAME* ]] || [ -e "${path%%:*}" ] || echo $'\n'"$file:$line: $path"
done)

if [ -n "$found" ]; then
    echo "cited, and not there:" >&2
    printf '%s\n' "$found" >&2
    exit 1
fi

# It must be able to see one.
planted=$(mktemp)
trap 'rm -f "$planted"' EXIT
echo '/* SPEC 7.4, SPEC 99.1 */' >"$planted"
[ "$(dangling "$planted")" = "$planted:1: SPEC 99.1" ] || { echo "self-test failed" >&2; exit 1; }
