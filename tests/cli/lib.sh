# Sourced by the tests of `pawl`: a scratch directory that vanishes, and assertions. A test counts
# its checks; `finish` fails when there were none.
set -euo pipefail

pawl=$PAWL_BIN/pawl
vectors=$PAWL_SOURCE/tests/vectors
checks=0
failures=0

scratch=$(mktemp -d)
children=()
leave() {
    local child
    for child in "${children[@]}"; do
        { kill "$child" && wait "$child"; } 2>/dev/null || true # 143: it was ended
    done
    chmod -R u+rwx "$scratch" 2>/dev/null
    rm -rf "$scratch"
    true
}
trap leave EXIT
cd "$scratch"

# No settings of whoever runs the tests.
export PAWL_CONFIG='' HOME=$scratch
unset PAWL_SERVER PAWL_TOKEN_FILE PAWL_CA PAWL_CLIENT_CERT PAWL_CLIENT_KEY
unset PAWL_SOCKET PAWL_SERVER_CERT PAWL_KEY PAWL_VENDOR PAWL_THREADS SOURCE_DATE_EPOCH NO_COLOR

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

check() { # WHAT COMMAND...: the command succeeds
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" >/dev/null || fail "$what"
}

# Runs pawl; its streams are in the files `out` and `err` of the scratch directory.
run() {
    status=0
    "$pawl" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || status=$?
}

declare -A class_code=([ok]=0 [usage]=2 [malformed]=10 [unsupported]=11 [untrusted]=12
    [wrong-class]=13 [not-entitled]=14 [rollback]=15 [corrupt]=16 [io]=17 [storage]=18
    [exhausted]=19 [state]=20)

# expect CLASS ARGUMENT...: pawl ends with the class's exit code and says so in the documented form;
# on success it says nothing on stderr but warnings.
expect() {
    local class=$1 verb=$2
    shift
    checks=$((checks + 1))
    run "$@"
    if [ "$status" -ne "${class_code[$class]}" ]; then
        fail "pawl $*: exit code $status, not ${class_code[$class]} ($class): $(cat "$scratch/err")"
        return
    fi
    if [ "$class" = ok ]; then
        ! grep -vE "^pawl: $verb: warning: |: [0-9]+%, " "$scratch/err" ||
            fail "pawl $*: says that on success"
    else
        grep -qE "^pawl: $verb: $class: ." "$scratch/err" ||
            fail "pawl $*: no line 'pawl: $verb: $class: ...': $(cat "$scratch/err")"
        ! grep -vE "^(pawl: $verb: |hint: |pawl's )" "$scratch/err" ||
            fail "pawl $*: says more than an error and a hint"
    fi
}

hinted() { # the last error came with a hint what to do
    check "a hint" grep -q '^hint: .' "$scratch/err"
}

absent() { # no file of these names
    local path
    for path; do check "$path must not exist" test ! -e "$path"; done
}

mode_is() { # MODE PATH
    check "$2 has mode $(stat -c %a "$2"), not $1" test "$(stat -c %a "$2")" = "$1"
}

empty_but() { # DIRECTORY NAME...: the directory holds these files and nothing else, hidden or not
    local directory=$1 wanted found
    shift
    wanted=$(printf '%s\n' "$@" | sort)
    found=$(ls -A "$directory" | sort)
    check "$directory holds '$found', not '$wanted'" test "$found" = "$wanted"
}

# A vendor key, units of class gateway-a and a package of some bytes: what most tests need.
prepare() {
    "$pawl" keygen --out vendor.pem >/dev/null
    "$pawl" personalize --vendor example.com --class gateway-a --count 2 --trust vendor.pub.pem \
        --out units >/dev/null 2>&1
    mapfile -t puds < <(ls units/*.pud)
    head -c 200000 /dev/urandom >image
    package=(package --image image --key vendor.pem --vendor example.com --class gateway-a
        --name app --version 1.0 --security-version 3 --kind opaque)
    "$pawl" "${package[@]}" --out app.pawl >/dev/null
    "$pawl" entitle --content-key app.key --sequence 0 --pud "${puds[@]}" --out app.ent \
        app.pawl >/dev/null
}

# Starts pawld on an empty data directory; sets `socket` and `server_data`.
start_server() { # [OPTION...] of pawld
    server_data=$scratch/server
    socket=$server_data/operator.sock
    "$PAWL_BIN/pawld" init --data "$server_data" >"$scratch/pawld.log" 2>&1
    "$PAWL_BIN/pawld" --data "$server_data" --listen 127.0.0.1:0 --port-file "$scratch/port" \
        "$@" >>"$scratch/pawld.log" 2>&1 &
    children+=($!)
    local attempt
    for attempt in {1..100}; do
        [ -s "$scratch/port" ] && "$pawl" status --socket "$socket" >/dev/null 2>&1 && return
        kill -0 "${children[-1]}" || break
        sleep 0.1
    done
    cat "$scratch/pawld.log" >&2
    echo "pawld did not start" >&2
    exit 1
}

finish() {
    echo "$checks checks, $failures failures"
    [ "$checks" -gt 0 ] && [ "$failures" -eq 0 ]
}
