# sourced by processor_tpm_*.sh: processor_lib.sh, and a TPM of the test's own (swtpm) whose state
# outlives it. `tpm` is its process, "$scratch/tpm.sock" where it is reached.
. "$(dirname "$0")/processor_lib.sh"

tpm=
proxy=
trap 'status=$?; set +e; tpm_end; (exit "$status"); finish' EXIT
export TPM2TOOLS_TCTI=swtpm:path=$scratch/tpm.sock
counter=(--counter "tpm:swtpm:path=$scratch/tpm.sock")
first=0x01800100
base=0x01800101

# tpm_start: with what it kept; it serves when this returns.
tpm_start() {
    mkdir -p "$scratch/tpm"
    rm -f tpm.sock tpm.sock.ctrl
    swtpm socket --tpm2 --tpmstate "dir=$scratch/tpm" --flags not-need-init,startup-clear \
        --server "type=unixio,path=$scratch/tpm.sock" \
        --ctrl "type=unixio,path=$scratch/tpm.sock.ctrl" >>swtpm.log 2>&1 &
    tpm=$!
    until_true test -S tpm.sock -a -S tpm.sock.ctrl
}

# tpm_stop [SIGNAL]
tpm_stop() {
    [ -n "$tpm" ] || return 0
    kill "-${1:-TERM}" "$tpm"
    wait "$tpm" || true
    tpm=
}

tpm_end() {
    [ -z "$proxy" ] || kill -9 "$proxy" 2>/dev/null || true
    [ -z "$tpm" ] || kill -9 "$tpm" 2>/dev/null || true
}

# What the PUD's secret gives to who plays its thief: the authorization of the indices (SPEC 13.10).
authorization() {
    # Key 5 of the PUD's map: 05, then a byte string of 32 (58 20).
    local secret
    secret=$(xxd -p unit.pud | tr -d '\n' | sed -nE 's/.*055820([0-9a-f]{64}).*/\1/p')
    printf 'pawl/1 tpm auth\x01' |
        openssl dgst -sha256 -mac HMAC -macopt "hexkey:$secret" -r | cut -c 1-64
}

# start_tpm OPTION...: a processor with its counter in the TPM.
start_tpm() {
    start "${counter[@]}" "$@"
}

# make_tpm: the indices of a new device, as the factory has them made.
make_tpm() {
    start_tpm --make-counter
    stop
}

# refused CODE PATTERN OPTION...: the start fails in this way.
refused() {
    local code=$1 pattern=$2 status=0
    shift 2
    output=$(timeout 60 "$PAWL_BIN/pawl-processor" --pud unit.pud --state state --link stdio \
        --slot-size 4M "$@" 2>&1 </dev/null) || status=$?
    [ "$status" = "$code" ] || fail "$*: exit $status, not $code: $output"
    expect "$*" "$output" "^pawl-processor: $pattern"
}

sequence() {
    client status | sed -nE 's/.*sequence=([0-9]+).*/\1/p'
}
