#!/bin/bash
# Help, usage errors, settings and completion of every verb (SPEC 17).
. "$(dirname "$0")/lib.sh"

mapfile -t verbs < <("$pawl" --help | sed -nE 's/^  ([a-z]+) +.*/\1/p')
sources=("$PAWL_SOURCE"/src/cli/verb_*.c)
check "a verb for each file" test "${#verbs[@]}" -eq "${#sources[@]}"

version=$("$pawl" --version)
check "a version: $version" grep -qE '^pawl [0-9]+\.[0-9]+\.[0-9]+' <<<"$version"
for verb in "${verbs[@]}"; do
    run "$verb" --help
    check "$verb --help" test "$status" -eq 0
    check "$verb --help has a usage line" grep -q "^usage: pawl $verb" out
    check "$verb --help says nothing on stderr" test ! -s err
    check "$verb --help is at most 100 columns wide" \
        awk 'NR > 1 && length($0) > 100 { exit 1 }' out
    cp out help
    run help "$verb"
    check "pawl help $verb" cmp -s out help
    expect usage "$verb" --no-such-option
    hinted
    if grep -q -- '--json' help; then
        check "$verb --json is documented" grep -q -- '--json .*JSON' help
    fi
done

run
check "no verb is wrong usage" test "$status" -eq 2
run no-such-verb
check "an unknown verb is wrong usage" test "$status" -eq 2
check "and says so" grep -q "^pawl: usage: 'no-such-verb' is not a verb" err
expect usage keygen
expect usage open app.pawl
expect usage inspect
expect usage inspect a b
expect usage device show
expect usage quarantine release 00000000000000000000000000000000
expect usage group list x
expect usage token list x
expect usage content list x
expect usage campaign show 1
expect usage device show nonsense
expect usage device destroy 00000000000000000000000000000000
expect usage device release 00000000000000000000000000000000
expect usage device show 00000000000000000000000000000000 --reason x
expect usage device group 00000000000000000000000000000000
expect usage device group 00000000000000000000000000000000 g --none
expect usage assign --class c
expect usage assign a
expect usage assign a --class c --vendor v --group g
expect usage assign a --device nonsense
expect usage assign a --list
expect usage devices --limit 0
expect usage devices --class name-without-vendor
expect usage entitle --class c --group g --out x p
expect usage completion tcsh
absent x

# No server: an error with a hint, and no output file.
id=$(printf '0%.0s' {1..64})
for arguments in "status" "audit" "devices" "assign --list" "assign --group g $id" \
    "assign --class c $id" "entitle --class c --out x $id" "entitle --group g --out x $id" \
    "device retry ${id:32}" "device show ${id:32}"; do
    read -ra words <<<"$arguments"
    expect io "${words[@]}" --socket "$scratch/none.sock"
    hinted
done
absent x

# Settings: a flag goes before the environment, that before the file.
printf '%s\n' 'socket = /from/file' '[pawl]' 'vendor = file.example' '[pawld]' \
    'socket = /not/ours' >pawl.conf
setting() { # NAME: its value and source
    jq -r --arg name "$1" '.settings[$name] | "\(.value) \(.source)"' out
}
run env --json
check "the default socket" test "$(setting socket)" = "/var/lib/pawld/operator.sock default"
PAWL_CONFIG=pawl.conf run env --json
check "the socket of the file" test "$(setting socket)" = "/from/file file"
check "the vendor of the section" test "$(setting vendor)" = "file.example file"
PAWL_CONFIG=pawl.conf PAWL_SOCKET=/from/environment run env --json
check "the environment goes before" test "$(setting socket)" = "/from/environment environment"
PAWL_CONFIG=pawl.conf PAWL_SOCKET=/from/environment run env --json --socket /from/flag
check "a flag goes before that" test "$(setting socket)" = "/from/flag flag"
PAWL_SOCKET=/from/environment run status
check "the setting is used" grep -q '/from/environment' err
printf 'no setting at all\n' >pawl.conf
export PAWL_CONFIG=pawl.conf
run env
check "a broken file is malformed: $status" test "$status" -eq 10
export PAWL_CONFIG=missing.conf
run env
check "a missing file that is named is an error: $status" test "$status" -eq 17
export PAWL_CONFIG=

# Completion scripts parse, and know every verb and option.
"$pawl" completion bash >completion.bash
check "bash parses it" bash -n completion.bash
for shell in zsh fish; do
    "$pawl" completion $shell >completion.$shell
    ! command -v $shell >/dev/null || check "$shell parses it" $shell -n completion.$shell
done
complete_bash() { # WORD...: what the script offers for the last word
    bash -c 'source completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _pawl; printf "%s\n" "${COMPREPLY[@]}"' - "$@"
}
for verb in "${verbs[@]}"; do
    check "completion knows $verb" grep -qx "$verb" <(complete_bash pawl "$verb")
    for option in $("$pawl" "$verb" --help | sed -nE 's/^  (-[a-z], |    )(--[a-z-]+).*/\2/p'); do
        check "completion knows $verb $option" grep -qx -- "$option" \
            <(complete_bash pawl "$verb" "$option")
    done
done
check "completion offers actions" grep -qx release <(complete_bash pawl device re)

finish
