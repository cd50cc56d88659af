#!/bin/bash
# How the demo speaks: chapters, commands with their output, and the table at the end. Source it.
#
#   chapter TITLE             a numbered heading
#   say TEXT                  a line that explains
#   proven TEXT               what the step has just proven
#   show COMMAND...           prints the command, then runs it with its output set in
#   show_live COMMAND...      the same with the terminal, for progress bars
#   tried WHAT EXPECTED GOT   a line of the table; the demo fails when the two differ
#   table_print               the table; false when a line differed

columns=100
chapters=0
rows=()
differed=0
if [ -t 1 ] && [ -z "${DEMO_PLAIN:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' dim='' green='' red='' plain=''
fi

chapter() {
    local rule
    chapters=$((chapters + 1))
    printf -v rule '%*s' $((columns - ${#1} - ${#chapters} - 4)) ''
    printf '\n%s%d  %s %s%s\n' "$bold" "$chapters" "$1" "${rule// /-}" "$plain"
}

say() { fold -s -w $((columns - 2)) <<<"$*" | sed 's/^/  /'; }

proven() {
    fold -s -w $((columns - 12)) <<<"$*" |
        sed "1s/^/  ${green}proven:${plain} /; 2,\$s/^/          /"
}

# Paths of this machine are nobody's business and make lines long.
command_print() {
    local text
    printf -v text '%q ' "$@"
    text=${text//"$PAWL_BIN/"/}
    fold -s -w $((columns - 4)) <<<"$text" | sed "1s/^/  $dim\$ /; 2,\$s/^/      /; \$s/\$/$plain/"
}

# Lines of output at most as wide as the page, without the times of log lines.
inset() {
    sed -u -E 's/^[0-9]{4}-[0-9-]+T[0-9:.]+Z //' | fold -s -w $((columns - 6)) | sed -u 's/^/    /'
}

show() {
    command_print "$@"
    "$@" 2>&1 | inset
    return "${PIPESTATUS[0]}"
}

show_live() {
    command_print "$@"
    if [ -t 2 ]; then "$@"; else "$@" 2>&1 | inset; fi
}

tried() {
    local mark=as\ expected
    if [ "$2" != "$3" ]; then
        mark=DIFFERENT
        differed=$((differed + 1))
    fi
    rows+=("$1|$2|$3|$mark")
    printf '  %s: expected %s, got %s\n' "$1" "$2" "$3"
}

table_print() {
    local row what expected got mark color
    printf '\n%s%-50s %-17s %-17s %s%s\n' "$bold" "what was tried" expected happened "" "$plain"
    for row in "${rows[@]}"; do
        IFS='|' read -r what expected got mark <<<"$row"
        color=$green
        [ "$mark" = "as expected" ] || color=$red
        printf '%-50.50s %-17.17s %-17.17s %s%s%s\n' \
            "$what" "$expected" "$got" "$color" "$mark" "$plain"
    done
    echo
    [ "$differed" -eq 0 ]
}
