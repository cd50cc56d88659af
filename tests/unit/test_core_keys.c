/* SPEC 2, 4 and 5: identifiers, key branches and the download key chain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "pawl/chain.h"
#include "pawl/entitlement.h"
#include "pawl/keys.h"
#include "pawl/secret.h"

static void expect_hex(const uint8_t *bytes, size_t size, const char *hex)
{
    uint8_t expected[128];

    assert_int_equal(hex_decode(hex, expected, sizeof expected), size);
    assert_memory_equal(bytes, expected, size);
}

/* RFC 4231, cases 1, 2 and 4 (keys of at most a block). */
static void hmac_matches_rfc_4231(void **state)
{
    static const struct {
        const char *key, *data, *mac;
    } cases[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"0102030405060708090a0b0c0d0e0f10111213141516171819",
         "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
         "cdcdcdcdcdcdcdcdcdcd",
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t key[64], data[64], mac[PAWL_MAC_SIZE];
        size_t key_size = hex_decode(cases[i].key, key, sizeof key);
        size_t size = hex_decode(cases[i].data, data, sizeof data);
        struct pawl_hmac hmac;

        pawl_hmac_init(&hmac, key, key_size);
        for (size_t split = 0; split <= size; split++) { /* the same at any split, and reusable */
            pawl_hmac_make(&hmac, data, split, data + split, size - split, mac);
            expect_hex(mac, sizeof mac, cases[i].mac);
        }
    }
}

/* RFC 5869, A.1 and the first 64 bytes of A.2. */
static void expand_matches_rfc_5869(void **state)
{
    uint8_t key[32], info[80], out[64];

    (void)state;
    hex_decode("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5", key, 32);
    size_t size = hex_decode("f0f1f2f3f4f5f6f7f8f9", info, sizeof info);
    pawl_expand(key, "", info, size, out, 42);
    expect_hex(out, 42,
               "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8"
               "87185865");
    hex_decode("06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244", key, 32);
    for (size_t i = 0; i < sizeof info; i++)
        info[i] = (uint8_t)(0xb0 + i);
    pawl_expand(key, "", info, sizeof info, out, 64);
    expect_hex(out, 64,
               "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271"
               "cb41c65e590e09da3275600c2f09b8367793a9aca3db71");
}

static void a_label_and_its_info_are_joined(void **state)
{
    uint8_t key[32] = {1}, one[40], two[40];

    (void)state;
    pawl_expand(key, "pawl/1 ", "chain", 5, one, sizeof one);
    pawl_expand(key, "", "pawl/1 chain", 12, two, sizeof two);
    assert_memory_equal(one, two, sizeof one);
    pawl_expand(key, "pawl/1 chain", NULL, 0, two, 8);
    assert_memory_equal(one, two, 8);
}

static void uuid5_matches_a_known_one(void **state)
{
    uint8_t id[PAWL_ID_SIZE];

    (void)state;
    pawl_vendor_id_make("python.org", id);
    expect_hex(id, sizeof id, "886313e13b8a53729b900c9aee199e5d");
}

/* Every branch, sequence number, package and salt gives another key (SPEC 4). */
static void key_branches_are_independent(void **state)
{
    uint8_t secret[32] = {1}, package_id[32] = {2}, salt[16] = {3}, keys[12][32];
    size_t count = 0;

    (void)state;
    pawl_auth_key_make(secret, keys[count++]);
    for (uint64_t s = 5; s < 7; s++) {
        pawl_storage_key_make(secret, s, package_id, keys[count++]);
        pawl_trial_key_make(secret, s, package_id, keys[count++]);
        pawl_content_object_key_make(secret, s, package_id, salt, keys[count++]);
        pawl_chain_root_make(secret, s, keys[count++]);
    }
    package_id[31] = 1;
    pawl_storage_key_make(secret, 5, package_id, keys[count++]);
    salt[15] = 1;
    pawl_content_object_key_make(secret, 5, package_id, salt, keys[count++]);
    secret[31] = 1;
    pawl_auth_key_make(secret, keys[count++]);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(keys[i], keys[j], 32);
    }
}

/* I6: whoever has K(s) can walk to the keys of the epoch's earlier downloads, to no later one. */
static void a_link_walks_to_earlier_downloads_only(void **state)
{
    enum { LENGTH = 8 };
    uint8_t secret[32] = {7}, device_id[16] = {8}, keys[LENGTH][32], walked[32];

    (void)state;
    for (uint32_t s = 0; s < LENGTH; s++)
        pawl_download_key_make(secret, device_id, LENGTH, s, keys[s]);
    for (uint32_t leaked = 0; leaked < LENGTH; leaked++) {
        memcpy(walked, keys[leaked], sizeof walked);
        for (uint32_t steps = 1; steps <= 4 * LENGTH; steps++) {
            pawl_chain_walk(device_id, walked, 1);
            for (uint32_t s = 0; s < LENGTH; s++) {
                bool reached = memcmp(walked, keys[s], sizeof walked) == 0;
                assert_int_equal(reached, s + steps == leaked);
            }
        }
    }
}

/* Bounded delegation: link(e, N - t) makes the rows up to number eN + t, and not one more. */
static void a_delegated_link_reaches_its_bound(void **state)
{
    enum { LENGTH = 32, EPOCH = 3, BOUND = 10 };
    uint8_t secret[32] = {7}, device_id[16] = {8}, link[32], key[32], walked[32];

    (void)state;
    pawl_chain_root_make(secret, EPOCH, link);
    pawl_chain_walk(device_id, link, LENGTH - BOUND);
    for (uint32_t t = 0; t < LENGTH; t++) {
        pawl_download_key_make(secret, device_id, LENGTH, EPOCH * LENGTH + t, key);
        bool reached = false;
        memcpy(walked, link, sizeof walked);
        for (uint32_t steps = 0; steps <= LENGTH && !reached; steps++) {
            reached = memcmp(walked, key, sizeof key) == 0;
            pawl_chain_walk(device_id, walked, 1);
        }
        assert_int_equal(reached, t <= BOUND);
    }
}

static void each_epoch_and_device_has_its_own_chain(void **state)
{
    uint8_t secret[32] = {7}, one[16] = {1}, two[16] = {2}, a[32], b[32];

    (void)state;
    pawl_download_key_make(secret, one, 4, 0, a);
    pawl_download_key_make(secret, two, 4, 0, b);
    assert_memory_not_equal(a, b, sizeof a);
    pawl_download_key_make(secret, one, 4, 4, b);
    assert_memory_not_equal(a, b, sizeof a);
    pawl_download_key_make(secret, one, 65535, UINT64_MAX, a);
    pawl_download_key_make(secret, one, 65535, UINT64_MAX - 65535, b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void walking_in_parts_is_walking_at_once(void **state)
{
    uint8_t device_id[16] = {1}, one[32] = {2}, two[32] = {2};

    (void)state;
    pawl_chain_walk(device_id, one, 1000);
    for (int i = 0; i < 10; i++)
        pawl_chain_walk(device_id, two, 100);
    pawl_chain_walk(device_id, two, 0);
    assert_memory_equal(one, two, sizeof one);
}

static void a_download_is_placed_as_the_compiler_divides(uint64_t sequence, uint32_t length)
{
    static const uint8_t secret[PAWL_UNIT_SECRET_SIZE] = {8}, device_id[PAWL_ID_SIZE] = {9};
    uint8_t key[PAWL_KEY_SIZE], expected[PAWL_KEY_SIZE];

    pawl_download_key_make(secret, device_id, length, sequence, key);
    pawl_chain_root_make(secret, sequence / length, expected);
    pawl_chain_walk(device_id, expected, length - (uint32_t)(sequence % length));
    assert_memory_equal(key, expected, sizeof key);
}

/* The chain divides by itself, since a small device's compiler would take 750 bytes for that. */
static void spec5_every_sequence_number_has_its_epoch_and_place(void **state)
{
    static const uint64_t sequences[] = {
        0, 1, 2, 1023, 1024, 65535, 65536, UINT32_MAX, UINT64_C(1) << 32, INT64_MAX, UINT64_MAX};
    static const uint32_t lengths[] = {1, 2, 3, 7, 1024, 32768, 65534, 65535};
    struct {
        uint64_t sequence;
        uint16_t length;
    } noise;

    (void)state;
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        for (size_t j = 0; j < sizeof lengths / sizeof lengths[0]; j++)
            a_download_is_placed_as_the_compiler_divides(sequences[i], lengths[j]);
    }
    for (uint64_t seed = 0; seed < 1000; seed++) {
        noise_fill(&noise, sizeof noise, seed);
        a_download_is_placed_as_the_compiler_divides(noise.sequence >> seed % 64,
                                                     (uint32_t)(noise.length >> seed % 15) | 1u);
    }
}

static void secrets_compare_and_wipe(void **state)
{
    uint8_t a[33], b[33];

    (void)state;
    noise_fill(a, sizeof a, 1);
    memcpy(b, a, sizeof b);
    for (size_t bit = 0; bit < 8 * 32; bit++) {
        assert_true(pawl_equal(a, b, 32));
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(pawl_equal(a, b, 32));
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(pawl_equal(a, b, 0));
    pawl_wipe(b, 0);
    assert_memory_equal(a, b, sizeof a);
    pawl_wipe(b, 32);
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(b[i], 0);
    assert_int_equal(b[32], a[32]);
}

static void classes_have_names(void **state)
{
    (void)state;
    assert_string_equal(pawl_result_name(PAWL_WRONG_CLASS), "wrong-class");
    assert_string_equal(pawl_result_name(PAWL_CRYPTO), "crypto");
    assert_string_equal(pawl_result_name(PAWL_RESULT_COUNT), "unknown");
    assert_string_equal(pawl_result_name((enum pawl_result) - 1), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_matches_rfc_4231),
        cmocka_unit_test(expand_matches_rfc_5869),
        cmocka_unit_test(a_label_and_its_info_are_joined),
        cmocka_unit_test(uuid5_matches_a_known_one),
        cmocka_unit_test(key_branches_are_independent),
        cmocka_unit_test(a_link_walks_to_earlier_downloads_only),
        cmocka_unit_test(a_delegated_link_reaches_its_bound),
        cmocka_unit_test(each_epoch_and_device_has_its_own_chain),
        cmocka_unit_test(walking_in_parts_is_walking_at_once),
        cmocka_unit_test(spec5_every_sequence_number_has_its_epoch_and_place),
        cmocka_unit_test(secrets_compare_and_wipe),
        cmocka_unit_test(classes_have_names),
    };

    return cmocka_run_group_tests_name("keys and chain (SPEC 2, 4, 5)", tests, NULL, NULL);
}
