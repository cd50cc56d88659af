#include "entropy.h"

#include <string.h>

#include "an505.h"
#include "core/bytes.h"
#include "cortex_m.h"
#include "pawl/crypto.h"
#include "pawl/secret.h"

#define SAMPLES_OPEN 1024u
#define SAMPLES_GET 64u
#define REPETITIONS_MAX 100000u /* of one step in a row: a source that stands still */

static uint8_t state[PAWL_SHA256_SIZE];
static uint64_t drawn;

/* The tick's phase after as many bus accesses as the last phase said. */
static uint32_t sample(void)
{
    uint32_t rounds = SYST_CVR & 31u;

    for (uint32_t i = 0; i <= rounds; i++)
        (void)*an505_register(AN505_WATCHDOG, 0x4);
    return SYST_CVR;
}

/* Only a step that differs from the one before it counts: a clock may stand still for a while. */
static enum pawl_result noise_add(struct pawl_sha256 *sha, unsigned samples)
{
    uint32_t before = sample(), last = 0, repetitions = 0;

    while (samples > 0) {
        uint32_t now = sample(), step = before - now;
        repetitions = step == last ? repetitions + 1 : 0;
        if (repetitions >= REPETITIONS_MAX)
            return PAWL_IO;
        if (repetitions == 0) {
            pawl_sha256_update(sha, &now, sizeof now);
            samples--;
        }
        before = now;
        last = step;
    }
    return PAWL_OK;
}

enum pawl_result pawl_entropy_open(const struct pawl_pud *pud, uint64_t counter)
{
    static const char label[] = "pawl entropy";
    struct pawl_sha256 sha;

    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, label, sizeof label);
    pawl_sha256_update(&sha, pud->unit_secret, sizeof pud->unit_secret);
    pawl_sha256_update(&sha, &counter, sizeof counter);
    enum pawl_result result = noise_add(&sha, SAMPLES_OPEN);
    pawl_sha256_final(&sha, state);
    pawl_wipe(&sha, sizeof sha);
    return result;
}

/* One digest of the state for each 32 bytes, and another for the state that comes after. */
enum pawl_result pawl_entropy_get(void *bytes, size_t size)
{
    uint8_t *next = bytes, block[PAWL_SHA256_SIZE];
    struct pawl_sha256 sha;

    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, state, sizeof state);
    enum pawl_result result = noise_add(&sha, SAMPLES_GET);
    pawl_sha256_final(&sha, state);
    while (result == PAWL_OK && size > 0) {
        size_t part = size < sizeof block ? size : sizeof block;
        drawn++;
        pawl_sha256_init(&sha);
        pawl_sha256_update(&sha, "out", 3);
        pawl_sha256_update(&sha, state, sizeof state);
        pawl_sha256_update(&sha, &drawn, sizeof drawn);
        pawl_sha256_final(&sha, block);
        memcpy(next, block, part);
        next += part;
        size -= part;
    }
    pawl_wipe(block, sizeof block);
    pawl_wipe(&sha, sizeof sha);
    return result;
}
