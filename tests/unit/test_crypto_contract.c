/* An adapter gives what the standards give: SHA-256 (FIPS 180-4), AES-256-GCM (SP 800-38D), AES key
 * wrap (RFC 3394), ECDSA P-256 (RFC 6979's example). Linked with each adapter in turn, and run on a
 * microcontroller as well, with tests/cortex_m33/contract/cmocka.h. */
#include <string.h>

#include "pawl/crypto.h"
#include "samples.h"

#if __STDC_HOSTED__
#include <pthread.h>

#include <openssl/err.h>
#endif

static void expect_hex(const uint8_t *bytes, size_t size, const char *hex)
{
    uint8_t expected[128];

    assert_int_equal(hex_decode(hex, expected, sizeof expected), size);
    assert_memory_equal(bytes, expected, size);
}

static void sha256_matches_the_standard(void **state)
{
    static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    struct pawl_sha256 sha;
    uint8_t digest[PAWL_SHA256_SIZE];

    (void)state;
    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, text, 0);
    pawl_sha256_final(&sha, digest);
    expect_hex(digest, sizeof digest,
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    pawl_sha256_init(&sha);
    for (size_t i = 0; i < sizeof text - 1; i++)
        pawl_sha256_update(&sha, text + i, 1);
    pawl_sha256_final(&sha, digest);
    expect_hex(digest, sizeof digest,
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void sha256_states_can_be_copied(void **state)
{
    struct pawl_sha256 sha, copy;
    uint8_t one[PAWL_SHA256_SIZE], two[PAWL_SHA256_SIZE];

    (void)state;
    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, "ab", 2);
    copy = sha;
    pawl_sha256_update(&copy, "x", 1);
    pawl_sha256_final(&copy, two);
    pawl_sha256_update(&sha, "c", 1);
    pawl_sha256_final(&sha, one);
    expect_hex(one, sizeof one, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_memory_not_equal(one, two, sizeof one);
}

static void iterating_a_block_is_hashing_it(void **state)
{
    uint8_t block[64] = {0}, message[52], digest[PAWL_SHA256_SIZE];
    struct pawl_sha256 sha;

    (void)state;
    noise_fill(message, sizeof message, 1);
    memcpy(block, message, sizeof message);
    block[52] = 0x80;
    block[62] = 0x01; /* 416 bits */
    block[63] = 0xa0;
    pawl_sha256_iterate(block, 20, 0);
    assert_memory_equal(block, message, sizeof message);
    pawl_sha256_iterate(block, 20, 3);
    for (int i = 0; i < 3; i++) {
        pawl_sha256_init(&sha);
        pawl_sha256_update(&sha, message, sizeof message);
        pawl_sha256_final(&sha, digest);
        memcpy(message + 20, digest, sizeof digest);
    }
    assert_memory_equal(block, message, sizeof message);
}

static void sha1_of_two_parts_is_that_of_the_whole(void **state)
{
    uint8_t digest[PAWL_SHA1_SIZE];

    (void)state;
    pawl_sha1_make("a", 1, "bc", 2, digest);
    expect_hex(digest, sizeof digest, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void gcm_matches_the_standard(void **state)
{
    static const uint8_t zeros[32];
    struct pawl_gcm gcm;
    uint8_t out[16 + PAWL_GCM_TAG_SIZE];

    (void)state;
    assert_int_equal(pawl_gcm_init(&gcm, zeros), PAWL_OK);
    assert_int_equal(pawl_gcm_seal(&gcm, zeros, zeros, 16, out), PAWL_OK);
    expect_hex(out, sizeof out, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    pawl_gcm_release(&gcm);
    pawl_gcm_release(&gcm); /* a released one may be released again */
}

/* I3: whatever bit differs, it does not open and leaves no plaintext. */
static void gcm_refuses_every_flipped_bit_and_wipes(void **state)
{
    uint8_t key[32], nonce[12], plain[40], sealed[40 + 16], out[40], zeros[40] = {0};
    struct pawl_gcm gcm;

    (void)state;
    noise_fill(key, sizeof key, 1);
    noise_fill(nonce, sizeof nonce, 2);
    noise_fill(plain, sizeof plain, 3);
    assert_int_equal(pawl_gcm_init(&gcm, key), PAWL_OK);
    assert_int_equal(pawl_gcm_seal(&gcm, nonce, plain, 40, sealed), PAWL_OK);
    for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        memset(out, 0xee, sizeof out);
        assert_int_equal(pawl_gcm_open(&gcm, nonce, sealed, 40, out), PAWL_CORRUPT);
        assert_memory_equal(out, zeros, sizeof out);
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    nonce[11] ^= 1;
    assert_int_equal(pawl_gcm_open(&gcm, nonce, sealed, 40, out), PAWL_CORRUPT);
    nonce[11] ^= 1;
    /* in place, and sealing again after opening with the same context */
    assert_int_equal(pawl_gcm_open(&gcm, nonce, sealed, 40, sealed), PAWL_OK);
    assert_memory_equal(sealed, plain, sizeof plain);
    assert_int_equal(pawl_gcm_seal(&gcm, nonce, sealed, 40, sealed), PAWL_OK);
    assert_int_equal(pawl_gcm_open(&gcm, nonce, sealed, 40, out), PAWL_OK);
    assert_memory_equal(out, plain, sizeof plain);
    pawl_gcm_release(&gcm);
}

/* An adapter may have room for a few keys at a time, and gets it back. */
static void gcm_contexts_are_given_back(void **state)
{
    static const uint8_t key[32] = {1};
    struct pawl_gcm gcm;

    (void)state;
    for (int i = 0; i < 200; i++) {
        assert_int_equal(pawl_gcm_init(&gcm, key), PAWL_OK);
        pawl_gcm_release(&gcm);
    }
}

/* RFC 3394, 4.3, 4.5 and 4.6: 128, 192 and 256 bits under a 256-bit key. */
static const struct {
    size_t size;
    const char *wrapped;
} wrap_cases[] = {
    {16, "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
    {24, "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1"},
    {32, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
};

static void wrap_inputs(uint8_t kek[32], uint8_t key[32])
{
    hex_decode("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", kek, 32);
    hex_decode("00112233445566778899aabbccddeeff0001020304050607", key, 32);
    hex_decode("08090a0b0c0d0e0f", key + 24, 8);
}

static void key_wrap_matches_rfc_3394(void **state)
{
    uint8_t kek[32], key[32], wrapped[40], again[32];

    (void)state;
    wrap_inputs(kek, key);
    for (size_t i = 0; i < sizeof wrap_cases / sizeof wrap_cases[0]; i++) {
        size_t size = wrap_cases[i].size;
        assert_int_equal(pawl_key_wrap(kek, key, size, wrapped), PAWL_OK);
        expect_hex(wrapped, size + 8, wrap_cases[i].wrapped);
        assert_int_equal(pawl_key_unwrap(kek, wrapped, size + 8, again), PAWL_OK);
        assert_memory_equal(again, key, size);
    }
}

static void key_unwrap_refuses_every_flipped_bit(void **state)
{
    uint8_t kek[32], key[32], wrapped[40], out[32], untouched[32];

    (void)state;
    wrap_inputs(kek, key);
    memset(out, 0xee, sizeof out);
    memcpy(untouched, out, sizeof out);
    assert_int_equal(pawl_key_wrap(kek, key, 32, wrapped), PAWL_OK);
    for (size_t bit = 0; bit < 8 * sizeof wrapped; bit++) {
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(pawl_key_unwrap(kek, wrapped, 40, out), PAWL_UNTRUSTED);
        assert_memory_equal(out, untouched, sizeof out);
        wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    kek[31] ^= 1;
    assert_int_equal(pawl_key_unwrap(kek, wrapped, 40, out), PAWL_UNTRUSTED);
}

static void key_wrap_refuses_sizes_outside_the_contract(void **state)
{
    static const size_t sizes[] = {0, 8, 15, 17, 31, 33, 65, 72, 1000};
    uint8_t kek[32] = {0}, key[1000] = {0}, out[1008];

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(pawl_key_wrap(kek, key, sizes[i], out), PAWL_CRYPTO);
        assert_int_equal(pawl_key_unwrap(kek, key, sizes[i] + 8, out), PAWL_CRYPTO);
    }
    assert_int_equal(pawl_key_unwrap(kek, key, 7, out), PAWL_CRYPTO);
    assert_int_equal(pawl_key_wrap(kek, key, 64, out), PAWL_OK);
}

#if __STDC_HOSTED__
static void *wrap_in_thread(void *context)
{
    uint8_t kek[32], key[32], wrapped[40];

    (void)context;
    wrap_inputs(kek, key);
    for (int i = 0; i < 1000; i++) {
        if (pawl_key_wrap(kek, key, 32, wrapped) != PAWL_OK || wrapped[0] != 0x28 ||
            pawl_key_unwrap(kek, wrapped, 40, key) != PAWL_OK)
            return (void *)"failed";
    }
    return NULL;
}

static void threads_wrap_side_by_side(void **state)
{
    pthread_t threads[4];
    void *failure;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wrap_in_thread, NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &failure), 0);
        assert_null(failure);
    }
}
#endif

#define KEY_X "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
#define KEY_Y "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define SIGNATURE                                                      \
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" \
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"

static void es256_verifies_rfc_6979s_example_alone(void **state)
{
    uint8_t x[32], y[32], signature[64], digest[32], zeros[64] = {0}, ones[64];
    struct pawl_sha256 sha;

    (void)state;
    hex_decode(KEY_X, x, 32);
    hex_decode(KEY_Y, y, 32);
    hex_decode(SIGNATURE, signature, 64);
    memset(ones, 0xff, sizeof ones);
    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, "sample", 6);
    pawl_sha256_final(&sha, digest);
    assert_int_equal(pawl_es256_verify(x, y, digest, signature), PAWL_OK);
    assert_int_equal(pawl_es256_verify(x, y, digest, zeros), PAWL_UNTRUSTED);
    assert_int_equal(pawl_es256_verify(x, y, digest, ones), PAWL_UNTRUSTED);
    for (size_t i = 0; i < 64; i += 7) {
        signature[i] ^= 0x10;
        assert_int_equal(pawl_es256_verify(x, y, digest, signature), PAWL_UNTRUSTED);
        signature[i] ^= 0x10;
    }
    digest[0] ^= 1;
    assert_int_equal(pawl_es256_verify(x, y, digest, signature), PAWL_UNTRUSTED);
    digest[0] ^= 1;
    y[31] ^= 1; /* not on the curve */
    assert_int_equal(pawl_es256_verify(x, y, digest, signature), PAWL_UNTRUSTED);
    assert_int_equal(pawl_es256_verify(zeros, zeros, digest, signature), PAWL_UNTRUSTED);
#if __STDC_HOSTED__
    assert_int_equal(ERR_peek_error(), 0); /* nothing is left for the thread's next user */
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_matches_the_standard),
        cmocka_unit_test(sha256_states_can_be_copied),
        cmocka_unit_test(iterating_a_block_is_hashing_it),
        cmocka_unit_test(sha1_of_two_parts_is_that_of_the_whole),
        cmocka_unit_test(gcm_matches_the_standard),
        cmocka_unit_test(gcm_refuses_every_flipped_bit_and_wipes),
        cmocka_unit_test(gcm_contexts_are_given_back),
        cmocka_unit_test(key_wrap_matches_rfc_3394),
        cmocka_unit_test(key_unwrap_refuses_every_flipped_bit),
        cmocka_unit_test(key_wrap_refuses_sizes_outside_the_contract),
#if __STDC_HOSTED__
        cmocka_unit_test(threads_wrap_side_by_side),
#endif
        cmocka_unit_test(es256_verifies_rfc_6979s_example_alone),
    };

    return cmocka_run_group_tests_name("crypto contract", tests, NULL, NULL);
}
