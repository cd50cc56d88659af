/*
 * How many instructions the device's work takes, for QEMU's -icount shift=0, where one instruction
 * is one nanosecond: SysTick at 20 MHz then counts 50 of them. Prints a line for each.
 */
#include <string.h>

#include "an505.h"
#include "cortex_m.h"
#include "log.h"
#include "pawl/chain.h"
#include "pawl/package.h"
#include "startup.h"

int main(void);

#define INSTRUCTIONS_PER_TICK 50u
#define CHUNK_SIZE 16384u

static uint8_t chunk[CHUNK_SIZE + PAWL_CHUNK_OVERHEAD];

static uint32_t start(void)
{
    SYST_CVR = 0;
    return SYST_CVR;
}

static void line(const char *what, uint32_t from)
{
    const struct pawl_log_value value = {"instructions",
                                         ((from - SYST_CVR) & 0xffffff) * INSTRUCTIONS_PER_TICK};

    pawl_log_line(what, &value, 1);
}

/* The key of RFC 6979, A.2.5; what is verified does not verify, which takes as long. */
static void verify(void)
{
    static const uint8_t x[32] = {0x60, 0xfe, 0xd4, 0xba, 0x25, 0x5a, 0x9d, 0x31, 0xc9, 0x61, 0xeb,
                                  0x74, 0xc6, 0x35, 0x6d, 0x68, 0xc0, 0x49, 0xb8, 0x92, 0x3b, 0x61,
                                  0xfa, 0x6c, 0xe6, 0x69, 0x62, 0x2e, 0x60, 0xf2, 0x9f, 0xb6};
    static const uint8_t y[32] = {0x79, 0x03, 0xfe, 0x10, 0x08, 0xb8, 0xbc, 0x99, 0xa4, 0x1a, 0xe9,
                                  0xe9, 0x56, 0x28, 0xbc, 0x64, 0xf2, 0xf1, 0xb2, 0x0c, 0x2d, 0x7e,
                                  0x9f, 0x51, 0x77, 0xa3, 0xc2, 0x94, 0xd4, 0x46, 0x22, 0x99};
    uint8_t digest[PAWL_SHA256_SIZE], signature[PAWL_ES256_SIGNATURE_SIZE];

    memset(digest, 0x5a, sizeof digest);
    memset(signature, 0xa5, 32); /* were all three alike, both factors would be one: no work */
    memset(signature + 32, 0x33, 32);
    uint32_t from = start();
    (void)pawl_es256_verify(x, y, digest, signature);
    line("verify", from);
}

static void walk(void)
{
    uint8_t device_id[PAWL_ID_SIZE] = {1}, secret[PAWL_KEY_SIZE] = {2}, key[PAWL_KEY_SIZE];

    uint32_t from = start();
    pawl_download_key_make(secret, device_id, PAWL_CHAIN_LENGTH_DEFAULT, 0, key);
    line("walk", from);
}

static void decrypt(void)
{
    uint8_t key[PAWL_KEY_SIZE] = {3}, package_id[PAWL_PACKAGE_ID_SIZE] = {4};
    struct pawl_stream stream;

    (void)pawl_stream_init(&stream, key, package_id, CHUNK_SIZE, CHUNK_SIZE);
    (void)pawl_stream_seal(&stream, 0, chunk, chunk);
    uint32_t from = start();
    enum pawl_result result = pawl_stream_open(&stream, 0, chunk, chunk);
    line(result == PAWL_OK ? "decrypt" : "failed", from);
}

static void hash(void)
{
    uint8_t digest[PAWL_SHA256_SIZE];

    uint32_t from = start();
    pawl_sha256_make(chunk, CHUNK_SIZE, digest);
    line("hash", from);
}

int main(void)
{
    pawl_log_open();
    SYST_RVR = 0x00ffffff;
    SYST_CSR = 5; /* no interrupt */
    hash();
    verify();
    walk();
    decrypt();
    pawl_log_line("done", NULL, 0);
    for (;;)
        __asm volatile("wfi");
}
