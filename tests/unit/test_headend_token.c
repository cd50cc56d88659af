/* Tokens, roles, and how often somebody may do something (SPEC 16.8, 16.10, 16.15). */
#include <string.h>

#include "headend/rate.h"
#include "headend/role.h"
#include "headend/token.h"
#include "host/hex.h"
#include "pawl_test.h"

static void tokens_are_random_and_known_by_their_digest_16_10(void **state)
{
    (void)state;
    char text[2][PAWL_TOKEN_TEXT_SIZE];
    uint8_t made[2][PAWL_TOKEN_DIGEST_SIZE], read[PAWL_TOKEN_DIGEST_SIZE];
    for (size_t i = 0; i < 2; i++) {
        assert_result(PAWL_OK, pawl_token_make(text[i], made[i]));
        assert_int_equal(strlen(text[i]), 69);
        assert_memory_equal(text[i], "pawl_", 5);
        assert_result(PAWL_OK, pawl_token_digest(text[i], 69, read));
        assert_memory_equal(read, made[i], sizeof read);
    }
    assert_string_not_equal(text[0], text[1]);
    assert_memory_not_equal(made[0], made[1], sizeof read);
}

/* The digest is what `printf %s TOKEN | sha256sum` prints. */
static void digest_is_sha256_of_the_text_16_10(void **state)
{
    (void)state;
    static const char text[] =
        "pawl_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    uint8_t digest[PAWL_TOKEN_DIGEST_SIZE], expected[PAWL_TOKEN_DIGEST_SIZE];
    struct pawl_sha256 sha;
    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, text, sizeof text - 1);
    pawl_sha256_final(&sha, expected);
    assert_result(PAWL_OK, pawl_token_digest(text, sizeof text - 1, digest));
    assert_memory_equal(digest, expected, sizeof digest);
}

static void what_is_no_token_is_malformed_i9(void **state)
{
    (void)state;
    static const char good[] =
        "pawl_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    char text[sizeof good + 1];
    uint8_t digest[PAWL_TOKEN_DIGEST_SIZE];
    for (size_t size = 0; size < sizeof good - 1; size++)
        assert_result(PAWL_MALFORMED, pawl_token_digest(good, size, digest));
    memcpy(text, good, sizeof good);
    text[sizeof good - 1] = '0';
    assert_result(PAWL_MALFORMED, pawl_token_digest(text, sizeof good, digest));
    for (size_t at = 0; at < sizeof good - 1; at++) {
        memcpy(text, good, sizeof good);
        text[at] = 'G';
        assert_result(PAWL_MALFORMED, pawl_token_digest(text, sizeof good - 1, digest));
        text[at] = '\0';
        assert_result(PAWL_MALFORMED, pawl_token_digest(text, sizeof good - 1, digest));
    }
}

static void subjects_and_tokens_never_share_a_digest_16_13(void **state)
{
    (void)state;
    uint8_t one[PAWL_TOKEN_DIGEST_SIZE], two[PAWL_TOKEN_DIGEST_SIZE];
    pawl_subject_digest("CN=a", one);
    pawl_subject_digest("CN=b", two);
    assert_memory_not_equal(one, two, sizeof one);
    static const char text[] =
        "pawl_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    pawl_subject_digest(text, one);
    assert_result(PAWL_OK, pawl_token_digest(text, sizeof text - 1, two));
    assert_memory_not_equal(one, two, sizeof one);
}

static void bearer_headers_are_read_strictly_16_11(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        const char *token;
    } cases[] = {
        {"Bearer abc", "abc"}, {"bearer   a.b_c-d~e+f/g==", "a.b_c-d~e+f/g=="},
        {"Basic abc", NULL},   {"Bearer", NULL},
        {"Bearer ", NULL},     {"Bearer a b", NULL},
        {"Bearer a,b", NULL},  {"Bearer \"a\"", NULL},
        {"Bearer =", NULL},    {"Bearer a=b", NULL},
        {"Bearer\ta", NULL},   {"", NULL},
        {"abc", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = 0;
        const char *token = pawl_bearer_read(cases[i].value, &size);
        if (cases[i].token == NULL) {
            assert_null(token);
        } else {
            assert_non_null(token);
            assert_int_equal(size, strlen(cases[i].token));
            assert_memory_equal(token, cases[i].token, size);
        }
    }
}

static void names_of_tokens_16_10(void **state)
{
    (void)state;
    char longest[PAWL_TOKEN_NAME_SIZE + 1];
    memset(longest, 'a', sizeof longest);
    longest[PAWL_TOKEN_NAME_SIZE] = '\0';
    assert_false(pawl_token_name_is_good(longest));
    longest[PAWL_TOKEN_NAME_SIZE - 1] = '\0';
    assert_true(pawl_token_name_is_good(longest));
    assert_true(pawl_token_name_is_good("ci.build-7_a@example"));
    static const char *const bad[] = {"",    ".",   "..",       ".a",  "a b",
                                      "a/b", "a\"", "\xc3\xa4", "a\n", "a:b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(pawl_token_name_is_good(bad[i]));
}

static void roles_have_names_16_8(void **state)
{
    (void)state;
    static const enum pawl_role roles[] = {PAWL_ROLE_VIEWER, PAWL_ROLE_OPERATOR, PAWL_ROLE_ADMIN,
                                           PAWL_ROLE_FACTORY};
    enum pawl_role role;
    char text[PAWL_ROLES_TEXT_SIZE];
    for (size_t i = 0; i < 4; i++) {
        assert_result(PAWL_OK, pawl_role_parse(pawl_role_name(roles[i]), &role));
        assert_int_equal(role, roles[i]);
    }
    assert_result(PAWL_MALFORMED, pawl_role_parse("root", &role));
    assert_result(PAWL_MALFORMED, pawl_role_parse("", &role));
    assert_string_equal(pawl_roles_print(PAWL_MAY_OPERATE, text), "operator, admin");
    assert_string_equal(pawl_roles_print(15, text), "viewer, operator, admin, factory");
    assert_string_equal(pawl_roles_print(0, text), "");
}

static void rates_allow_a_burst_then_one_an_interval_16_15(void **state)
{
    (void)state;
    static const struct pawl_rate rate = {.interval = 1000, .burst = 5};
    struct pawl_bucket bucket = {0};
    uint64_t now = 77777;
    for (int i = 0; i < 5; i++)
        assert_int_equal(pawl_bucket_take(&bucket, &rate, now), 0);
    assert_int_equal(pawl_bucket_take(&bucket, &rate, now), 1000);
    assert_int_equal(pawl_bucket_take(&bucket, &rate, now + 400), 600);
    assert_int_equal(pawl_bucket_take(&bucket, &rate, now + 1000), 0);
    assert_int_equal(pawl_bucket_take(&bucket, &rate, now + 1000), 1000);
    now += 1000000; /* a pause earns a whole burst, not more */
    for (int i = 0; i < 5; i++)
        assert_int_equal(pawl_bucket_take(&bucket, &rate, now), 0);
    assert_int_not_equal(pawl_bucket_take(&bucket, &rate, now), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_random_and_known_by_their_digest_16_10),
        cmocka_unit_test(digest_is_sha256_of_the_text_16_10),
        cmocka_unit_test(what_is_no_token_is_malformed_i9),
        cmocka_unit_test(subjects_and_tokens_never_share_a_digest_16_13),
        cmocka_unit_test(bearer_headers_are_read_strictly_16_11),
        cmocka_unit_test(names_of_tokens_16_10),
        cmocka_unit_test(roles_have_names_16_8),
        cmocka_unit_test(rates_allow_a_burst_then_one_an_interval_16_15),
    };
    return cmocka_run_group_tests_name("headend: tokens", tests, NULL, NULL);
}
