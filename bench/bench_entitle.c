/*
 * Entitlements a second on one core, at chain lengths 1, 32 and 1024, first key of the epoch: the
 * most steps that the length has.
 *
 * The reference is what the primitives alone allow: the chain's SHA-256 compressions, and one
 * AES-256 key wrap with its two key derivations.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "line.h"
#include "pawl/chain.h"
#include "pawl/entitlement.h"

#define ROUND_SECONDS 0.5

static const uint8_t package_id[PAWL_PACKAGE_ID_SIZE] = {7};
static const uint8_t content_key[PAWL_KEY_SIZE] = {9};
static uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE] = {1};
static uint8_t device_id[PAWL_ID_SIZE] = {2};

static void entitle(uint32_t chain_length)
{
    uint8_t row[PAWL_ROW_SIZE];
    const struct pawl_unit unit = {.unit_secret = unit_secret,
                                   .device_id = device_id,
                                   .chain_length = chain_length,
                                   .sequence = 0};
    if (pawl_entitlement_row_make(&unit, package_id, content_key, row) != PAWL_OK)
        fprintf(stderr, "bench_entitle: crypto: no row\n");
    /* Every unit another one, and no call that could be left out. */
    memcpy(unit_secret, row + PAWL_TAG_SIZE, 8);
}

/* OpenSSL's own compression, without any of our code around it. */
static void compress(uint32_t count)
{
    static SHA256_CTX context;
    static const uint8_t block[64];
    for (uint32_t i = 0; i < count; i++)
        SHA256_Transform(&context, block);
}

/* Calls a second of `work(argument)`. */
static double rate(void (*work)(uint32_t), uint32_t argument)
{
    double start = bench_cpu_now(), end;
    uint64_t done = 0;
    do {
        for (unsigned i = 0; i < 64; i++)
            work(argument);
        done += 64;
        end = bench_cpu_now();
    } while (end - start < ROUND_SECONDS);
    return (double)done / (end - start);
}

int main(void)
{
    static const struct {
        const char *name;
        uint32_t length;
    } lengths[] = {{"entitle-1", 1}, {"entitle-32", 32}, {"entitle-1024", 1024}};

    rate(entitle, 1); /* warm up */
    double compression = rate(compress, 1024) * 1024;
    double fixed = 0;
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint32_t length = lengths[i].length;
        double value = rate(entitle, length);
        if (length == 1)
            fixed = 1 / value - 1 / compression;
        double floor = 1 / (fixed + length / compression);
        bench_line_print(lengths[i].name, value, "entitlements/s",
                         length == 1 ? "400 k/s" : "same without a chain, plus its compressions",
                         length == 1 ? 400e3 : floor);
    }

    double walks = 0, start = bench_cpu_now(), end;
    uint8_t link[PAWL_KEY_SIZE] = {3};
    do {
        pawl_chain_walk(device_id, link, 1024);
        walks++;
        end = bench_cpu_now();
    } while (end - start < ROUND_SECONDS);
    bench_line_print("chain-1024", (end - start) / walks * 1e9, "ns", "1024 SHA-256 compressions",
                     1024 / compression * 1e9);
    return 0;
}
