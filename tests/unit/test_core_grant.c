/* Grants of content keys (SPEC 20.4, 20.5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "pawl/content.h"
#include "pawl/report.h"

static uint8_t secret[32], package_id[32], key[16], auth_key[32];
static const uint8_t nonce[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static void values_make(struct pawl_grant *grants, size_t count)
{
    noise_fill(secret, sizeof secret, 1);
    noise_fill(package_id, sizeof package_id, 2);
    noise_fill(key, sizeof key, 3);
    noise_fill(auth_key, sizeof auth_key, 4);
    for (size_t i = 0; i < count; i++) {
        noise_fill(&grants[i], sizeof grants[i], 10 + i);
        assert_int_equal(pawl_grant_wrap(secret, 7, package_id, key, &grants[i]), PAWL_OK);
    }
}

static void spec20_4_a_grant_is_the_wrapped_key(void **state)
{
    struct pawl_grant grant;
    uint8_t kek[32], opened[16], wanted[24];

    (void)state;
    values_make(&grant, 1);
    pawl_content_object_key_make(secret, 7, package_id, grant.salt, kek);
    assert_int_equal(pawl_key_wrap(kek, key, sizeof key, wanted), PAWL_OK);
    assert_memory_equal(grant.wrapped, wanted, sizeof wanted);
    assert_int_equal(pawl_grant_unwrap(secret, 7, package_id, grant.salt, grant.wrapped, opened),
                     PAWL_OK);
    assert_memory_equal(opened, key, sizeof key);
}

/* I1, I2: not on another device, not at another sequence number, not with another package. */
static void i1_i2_a_grant_opens_for_what_it_was_made_for(void **state)
{
    uint8_t other_secret[32], other_package[32], opened[16] = {0}, untouched[16] = {0};
    struct pawl_grant grant;

    (void)state;
    values_make(&grant, 1);
    memcpy(other_secret, secret, sizeof secret);
    other_secret[0] ^= 1;
    memcpy(other_package, package_id, sizeof package_id);
    other_package[31] ^= 1;
    assert_int_equal(
        pawl_grant_unwrap(other_secret, 7, package_id, grant.salt, grant.wrapped, opened),
        PAWL_NOT_ENTITLED);
    assert_int_equal(pawl_grant_unwrap(secret, 8, package_id, grant.salt, grant.wrapped, opened),
                     PAWL_NOT_ENTITLED);
    assert_int_equal(pawl_grant_unwrap(secret, 6, package_id, grant.salt, grant.wrapped, opened),
                     PAWL_NOT_ENTITLED);
    assert_int_equal(pawl_grant_unwrap(secret, 7, other_package, grant.salt, grant.wrapped, opened),
                     PAWL_NOT_ENTITLED);
    for (size_t bit = 8 * sizeof grant.key_id; bit < 8 * sizeof grant; bit++) {
        struct pawl_grant changed = grant;
        ((uint8_t *)&changed)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(
            pawl_grant_unwrap(secret, 7, package_id, changed.salt, changed.wrapped, opened),
            PAWL_NOT_ENTITLED);
    }
    assert_memory_equal(opened, untouched, sizeof opened);
}

/* A directive, of a download when it has a URL. */
static size_t directive_make(uint32_t challenge_size, uint32_t url_size,
                             uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX])
{
    struct pawl_directive directive = {.poll_after = 30, .challenge_size = challenge_size};
    size_t size = 0;

    memcpy(directive.nonce, nonce, sizeof nonce);
    if (url_size > 0) {
        directive.action = PAWL_ACTION_DOWNLOAD;
        directive.has_entitlement = true;
        directive.url_size = url_size;
        memset(directive.url, 'u', url_size);
        directive.package_size = UINT64_MAX;
    }
    assert_int_equal(
        pawl_directive_write(&directive, auth_key, bytes, PAWL_DIRECTIVE_SIZE_MAX, &size), PAWL_OK);
    return size;
}

static void spec20_4_grants_ride_on_any_directive(void **state)
{
    static const uint32_t url_sizes[] = {0, 77, PAWL_URL_SIZE_MAX};
    struct pawl_grant grants[PAWL_CONTENT_WANTED_MAX], read[PAWL_CONTENT_WANTED_MAX];
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];

    (void)state;
    values_make(grants, PAWL_CONTENT_WANTED_MAX);
    for (size_t i = 0; i < sizeof url_sizes / sizeof url_sizes[0]; i++) {
        for (size_t count = 1; count <= PAWL_CONTENT_WANTED_MAX; count++) {
            struct pawl_directive directive;
            size_t size = directive_make(41, url_sizes[i], bytes), found = 99;
            assert_int_equal(pawl_grants_read(bytes, size, read, &found), PAWL_OK);
            assert_int_equal(found, 0);
            assert_int_equal(
                pawl_grants_append(grants, count, auth_key, bytes, sizeof bytes, &size), PAWL_OK);
            assert_int_equal(pawl_grants_read(bytes, size, read, &found), PAWL_OK);
            assert_int_equal(found, count);
            assert_memory_equal(read, grants, count * sizeof grants[0]);
            /* The device, which does not know the extension, takes the rest as it is. */
            assert_int_equal(pawl_directive_read(bytes, size, auth_key, nonce, &directive),
                             PAWL_OK);
            assert_int_equal(directive.poll_after, 30);
            assert_int_equal(directive.url_size, url_sizes[i]);
        }
    }
}

static void spec20_4_what_does_not_fit_leaves_the_directive_alone(void **state)
{
    struct pawl_grant grants[PAWL_CONTENT_WANTED_MAX];
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX], before[PAWL_DIRECTIVE_SIZE_MAX];

    (void)state;
    values_make(grants, PAWL_CONTENT_WANTED_MAX);
    size_t size = directive_make(PAWL_CHALLENGE_SIZE_MAX, PAWL_URL_SIZE_MAX, bytes);
    size_t size_before = size;
    memcpy(before, bytes, size);
    assert_int_equal(
        pawl_grants_append(grants, PAWL_CONTENT_WANTED_MAX, auth_key, bytes, sizeof bytes, &size),
        PAWL_EXHAUSTED);
    assert_int_equal(size, size_before);
    assert_memory_equal(bytes, before, size);
    size = directive_make(41, 0, bytes);
    assert_int_equal(pawl_grants_append(grants, 1, auth_key, bytes, size + 10, &size),
                     PAWL_EXHAUSTED);
}

/* I9: whatever is cut or flipped, the reader ends, and reports no more grants than there can be. */
static void i9_damaged_grants_are_read_or_refused(void **state)
{
    struct pawl_grant grants[PAWL_CONTENT_WANTED_MAX], read[PAWL_CONTENT_WANTED_MAX];
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];
    size_t found = 0;

    (void)state;
    values_make(grants, PAWL_CONTENT_WANTED_MAX);
    size_t size = directive_make(41, 0, bytes);
    assert_int_equal(
        pawl_grants_append(grants, PAWL_CONTENT_WANTED_MAX, auth_key, bytes, sizeof bytes, &size),
        PAWL_OK);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(pawl_grants_read(bytes, cut, read, &found), PAWL_MALFORMED);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (pawl_grants_read(bytes, size, read, &found) == PAWL_OK)
            assert_true(found <= PAWL_CONTENT_WANTED_MAX);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spec20_4_a_grant_is_the_wrapped_key),
        cmocka_unit_test(i1_i2_a_grant_opens_for_what_it_was_made_for),
        cmocka_unit_test(spec20_4_grants_ride_on_any_directive),
        cmocka_unit_test(spec20_4_what_does_not_fit_leaves_the_directive_alone),
        cmocka_unit_test(i9_damaged_grants_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
