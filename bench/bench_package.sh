#!/bin/bash
# Sealing and opening 1 GiB, on one core and on two, against what `openssl speed` says one core
# allows for AES-256-GCM plus SHA-256 of the same bytes, and against age with minisign: encryption
# and a vendor's signature, the same work. Medians of PAWL_BENCH_ROUNDS (3) interleaved rounds.
set -euo pipefail

pawl=$PAWL_BIN/pawl
rounds=${PAWL_BENCH_ROUNDS:-3}
mebibytes=${PAWL_BENCH_MIB:-1024}
core=$(($(nproc) - 1)) # the first one has most interrupts
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

head -c "${mebibytes}M" /dev/urandom >image
"$pawl" keygen --out vendor.pem >/dev/null
"$pawl" personalize --vendor example.com --class bench --count 1 --trust vendor.pub.pem \
    --out units >/dev/null 2>&1
pud=$(echo units/*.pud)
age-keygen -o age.key 2>/dev/null
recipient=$(age-keygen -y age.key)
minisign -G -W -p mini.pub -s mini.key >/dev/null 2>&1

seal_to() {
    "$pawl" package --quiet --image image --key vendor.pem --vendor example.com --class bench \
        --name bench --version 1 --security-version 1 --kind opaque --threads "$1" --force \
        --content-key app.key --out "$2" >/dev/null
}
open_to_null() {
    "$pawl" open --quiet --threads "$1" --pud "$pud" --sequence 0 --entitlements app.ent \
        --out /dev/null app.pawl >/dev/null
}
age_seal() {
    age -r "$recipient" -o /dev/null image
    minisign -S -s mini.key -m image -x image.minisig >/dev/null
}
age_open() {
    age -d -i age.key -o /dev/null image.age
    minisign -V -q -p mini.pub -m image -x image.minisig
}

# MiB for each second of a command's CPU time, kept on one core: what else runs on the machine
# counts little, and `openssl speed` counts the same.
rate_core() {
    local TIMEFORMAT='%U %S' spent
    spent=$({ time on_cpus "$core" "$@" >/dev/null 2>&1; } 2>&1)
    awk -v n="$mebibytes" '{ printf "%.1f\n", n / ($1 + $2) }' <<<"$spent"
}
# MiB for each second of the wall clock, on two cores.
rate_wall() {
    local TIMEFORMAT='%R' spent
    spent=$({ time on_cpus 0,1 "$@" >/dev/null 2>&1; } 2>&1)
    awk -v n="$mebibytes" '{ printf "%.1f\n", n / $1 }' <<<"$spent"
}
on_cpus() (
    taskset -p -c "$1" "$BASHPID" >/dev/null
    "${@:2}"
)
speed() { # MiB a second of one algorithm on one core
    taskset -c "$core" openssl speed -mr -seconds 1 -bytes 16384 -evp "$1" 2>/dev/null |
        awk -F: '/^\+F:/ { printf "%.1f\n", $NF / 1048576 }'
}
median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }
line() { # name value unit against reference
    awk -v n="$1" -v v="$2" -v u="$3" -v a="$4" -v r="$5" 'BEGIN {
        printf "{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",", n, v, u
        printf "\"against\":\"%s\",\"reference\":%.6g,\"ratio\":%.4g}\n", a, r, v / r }'
}

seal_to 2 app.pawl
"$pawl" entitle --content-key app.key --sequence 0 --pud "$pud" --out app.ent app.pawl >/dev/null
age -r "$recipient" -o image.age image
sync # or the disk's interrupts for what was just written are counted below
cat image app.pawl image.age >/dev/null

for ((i = 0; i < rounds; i++)); do
    awk -v a="$(speed aes-256-gcm)" -v s="$(speed sha256)" \
        'BEGIN { printf "%.1f\n", 1 / (1 / a + 1 / s) }' >>limit
    rate_core seal_to 1 /dev/null >>seal
    rate_core open_to_null 1 >>open
    rate_core age_seal >>ageseal
    rate_core age_open >>ageopen
    rate_wall seal_to 1 /dev/null >>seal1
    rate_wall open_to_null 1 >>open1
    rate_wall seal_to 2 /dev/null >>seal2
    rate_wall open_to_null 2 >>open2
    rate_wall age_seal >>ageseal2
    rate_wall age_open >>ageopen2
done

for what in seal open; do
    line "$what" "$(median $what)" MiB/s "openssl speed aes-256-gcm and sha256" "$(median limit)"
    line "$what-2" "$(median ${what}2)" MiB/s "one thread" "$(median ${what}1)"
    line "$what-age" "$(median $what)" MiB/s "age and minisign, one core" "$(median age$what)"
    line "$what-age-2" "$(median ${what}2)" MiB/s "age and minisign, two cores" \
        "$(median age${what}2)"
done

# Peak resident memory in KiB, from the kernel's own accounting of the finished process.
memory() { command time -f %M "$@" 2>&1 >/dev/null | tail -n 1; }
kib=$(memory "$pawl" package --quiet --image image --key vendor.pem --vendor example.com \
    --class bench --name bench --version 1 --security-version 1 --kind opaque --threads 2 --force \
    --content-key app.key --out /dev/null)
line seal-memory "$kib" KiB "8 MiB" 8192
kib=$(memory "$pawl" open --quiet --threads 2 --pud "$pud" --sequence 0 --entitlements app.ent \
    --out /dev/null app.pawl)
line open-memory "$kib" KiB "8 MiB" 8192
