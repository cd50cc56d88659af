#include "crypto/key_wrap.h"

#include <string.h>

#include "core/bytes.h"
#include "pawl/secret.h"

#define HALF_SIZE (PAWL_BLOCK_SIZE / 2) /* what RFC 3394 calls a semiblock */
#define SIZE_MAX_UNWRAPPED 64u
#define ROUNDS 6u

static bool size_fits(size_t size)
{
    return size % HALF_SIZE == 0 && size >= 2 * HALF_SIZE && size <= SIZE_MAX_UNWRAPPED;
}

/* Step t is bound to the half that it concerns. */
static void step_add(uint8_t half[HALF_SIZE], size_t step)
{
    pawl_u64be_put(half, pawl_u64be_get(half) ^ step);
}

enum pawl_result pawl_rfc3394_wrap(pawl_block_run run, void *kek, const uint8_t *key, size_t size,
                                   uint8_t *wrapped)
{
    uint8_t block[PAWL_BLOCK_SIZE], halves[SIZE_MAX_UNWRAPPED];
    size_t count = size / HALF_SIZE;
    bool done = true;

    if (!size_fits(size))
        return PAWL_CRYPTO;
    memset(block, 0xa6, HALF_SIZE);
    pawl_secret_copy(halves, key, size);
    for (size_t step = 0; done && step < ROUNDS * count; step++) {
        uint8_t *half = halves + HALF_SIZE * (step % count);
        memcpy(block + HALF_SIZE, half, HALF_SIZE);
        done = run(kek, block);
        step_add(block, step + 1);
        memcpy(half, block + HALF_SIZE, HALF_SIZE);
    }
    if (done) {
        memcpy(wrapped, block, HALF_SIZE);
        memcpy(wrapped + HALF_SIZE, halves, size);
    }
    pawl_wipe(block, sizeof block);
    pawl_wipe(halves, sizeof halves);
    return done ? PAWL_OK : PAWL_CRYPTO;
}

enum pawl_result pawl_rfc3394_unwrap(pawl_block_run run, void *kek, const uint8_t *wrapped,
                                     size_t size, uint8_t *key)
{
    uint8_t block[PAWL_BLOCK_SIZE], halves[SIZE_MAX_UNWRAPPED], expected[HALF_SIZE];
    size_t count = size / HALF_SIZE - 1;
    enum pawl_result result = PAWL_CRYPTO;
    bool done = true;

    if (size < HALF_SIZE || !size_fits(size - HALF_SIZE))
        return PAWL_CRYPTO;
    memcpy(block, wrapped, HALF_SIZE);
    memcpy(halves, wrapped + HALF_SIZE, size - HALF_SIZE);
    for (size_t step = ROUNDS * count; done && step > 0; step--) {
        uint8_t *half = halves + HALF_SIZE * ((step - 1) % count);
        step_add(block, step);
        memcpy(block + HALF_SIZE, half, HALF_SIZE);
        done = run(kek, block);
        memcpy(half, block + HALF_SIZE, HALF_SIZE);
    }
    memset(expected, 0xa6, sizeof expected);
    if (done)
        result = pawl_equal(block, expected, sizeof expected) ? PAWL_OK : PAWL_UNTRUSTED;
    if (result == PAWL_OK)
        pawl_secret_copy(key, halves, size - HALF_SIZE);
    pawl_wipe(block, sizeof block);
    pawl_wipe(halves, sizeof halves);
    return result;
}
