/* Secrets on their way to the control server (SPEC 15): sealed, cut from a stream, opened, and
 * every altered byte refused (I8, I9). */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "headend/cms.h"

struct fixture {
    char directory[64];
    char key[96], certificate[96], other_key[96], other_certificate[96];
    struct pawl_cms_recipient *recipient;
    struct pawl_cms_opener *opener, *other;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct fixture *f = &fixture;

    strcpy(f->directory, "/tmp/pawl-cms-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->key, sizeof f->key, "%s/a.key", f->directory);
    snprintf(f->certificate, sizeof f->certificate, "%s/a.crt", f->directory);
    snprintf(f->other_key, sizeof f->other_key, "%s/b.key", f->directory);
    snprintf(f->other_certificate, sizeof f->other_certificate, "%s/b.crt", f->directory);
    assert_int_equal(pawl_cms_identity_create(f->key, f->certificate), PAWL_OK);
    assert_int_equal(pawl_cms_identity_create(f->other_key, f->other_certificate), PAWL_OK);
    assert_int_equal(pawl_cms_recipient_load(f->certificate, &f->recipient), PAWL_OK);
    assert_int_equal(pawl_cms_opener_load(f->key, f->certificate, &f->opener), PAWL_OK);
    assert_int_equal(pawl_cms_opener_load(f->other_key, f->other_certificate, &f->other), PAWL_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    pawl_cms_recipient_free(f->recipient);
    pawl_cms_opener_free(f->opener);
    pawl_cms_opener_free(f->other);
    unlink(f->key);
    unlink(f->certificate);
    unlink(f->other_key);
    unlink(f->other_certificate);
    return rmdir(f->directory);
}

static void seal_text(struct fixture *f, const char *text, uint8_t **der, size_t *size)
{
    assert_int_equal(pawl_cms_seal(f->recipient, (const uint8_t *)text, strlen(text), der, size),
                     PAWL_OK);
}

static void opens_what_was_sealed(void **state)
{
    struct fixture *f = *state;
    uint8_t *der, *plain = NULL;
    size_t der_size, size = 0, length = 0;

    seal_text(f, "unit data", &der, &der_size);
    assert_int_equal(pawl_cms_length_read(der, der_size < 16 ? der_size : 16, &length), PAWL_OK);
    assert_int_equal(length, der_size);
    assert_int_equal(pawl_cms_open(f->opener, der, der_size, &plain, &size), PAWL_OK);
    assert_int_equal(size, 9);
    assert_memory_equal(plain, "unit data", 9);
    pawl_cms_plain_free(plain, size);
    free(der);
}

static void opens_large_content(void **state)
{
    struct fixture *f = *state;
    const size_t big = 20u * 1024u * 1024u;
    uint8_t *content = malloc(big), *der, *plain = NULL;
    size_t der_size, size = 0;

    assert_non_null(content);
    for (size_t i = 0; i < big; i++)
        content[i] = (uint8_t)(i * 7u >> 3);
    assert_int_equal(pawl_cms_seal(f->recipient, content, big, &der, &der_size), PAWL_OK);
    assert_int_equal(pawl_cms_open(f->opener, der, der_size, &plain, &size), PAWL_OK);
    assert_int_equal(size, big);
    assert_memory_equal(plain, content, big);
    pawl_cms_plain_free(plain, size);
    free(der);
    free(content);
}

static void refuses_another_key(void **state)
{
    struct fixture *f = *state;
    uint8_t *der, *plain = NULL;
    size_t der_size, size = 0;

    seal_text(f, "for one server only", &der, &der_size);
    assert_int_equal(pawl_cms_open(f->other, der, der_size, &plain, &size), PAWL_UNTRUSTED);
    assert_null(plain);
    free(der);
}

/* Flips every byte in turn: no altered envelope yields other content. */
static void refuses_every_altered_byte(void **state)
{
    struct fixture *f = *state;
    uint8_t *der;
    size_t der_size;
    unsigned refused = 0;

    seal_text(f, "secret of thirty-two bytes, say.", &der, &der_size);
    for (size_t i = 0; i < der_size; i++) {
        uint8_t *plain = NULL;
        size_t size = 0;

        der[i] ^= 0x01;
        if (pawl_cms_open(f->opener, der, der_size, &plain, &size) != PAWL_OK) {
            assert_null(plain);
            refused++;
        } else { /* a byte that says nothing, such as an absent parameter's encoding */
            assert_int_equal(size, 32);
            assert_memory_equal(plain, "secret of thirty-two bytes, say.", 32);
            pawl_cms_plain_free(plain, size);
        }
        der[i] ^= 0x01;
    }
    assert_true(refused > der_size * 3 / 4);
    free(der);
}

static void refuses_truncation_and_trailing_bytes(void **state)
{
    struct fixture *f = *state;
    uint8_t *der, *plain = NULL;
    size_t der_size, size = 0;

    seal_text(f, "whole", &der, &der_size);
    for (size_t cut = 0; cut < der_size; cut++)
        assert_int_equal(pawl_cms_open(f->opener, der, cut, &plain, &size), PAWL_MALFORMED);
    uint8_t *longer = malloc(der_size + 1);
    assert_non_null(longer);
    memcpy(longer, der, der_size);
    longer[der_size] = 0;
    assert_int_equal(pawl_cms_open(f->opener, longer, der_size + 1, &plain, &size), PAWL_MALFORMED);
    assert_null(plain);
    free(longer);
    free(der);
}

static void length_is_bounded(void **state)
{
    static const struct {
        uint8_t bytes[6];
        size_t size;
        enum pawl_result expected;
    } cases[] = {
        {{0x30, 0x05}, 2, PAWL_OK},
        {{0x31, 0x05}, 2, PAWL_MALFORMED},                         /* not a SEQUENCE */
        {{0x30, 0x80}, 2, PAWL_MALFORMED},                         /* indefinite */
        {{0x30, 0x81, 0x7f}, 3, PAWL_MALFORMED},                   /* not the shortest form */
        {{0x30, 0x82, 0x00, 0x90}, 4, PAWL_MALFORMED},             /* leading zero */
        {{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, 6, PAWL_MALFORMED}, /* more than we take */
        {{0x30, 0x82, 0x01}, 3, PAWL_MALFORMED},                   /* cut */
        {{0x30}, 1, PAWL_MALFORMED},
        {{0}, 0, PAWL_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t length = 99;
        assert_int_equal(pawl_cms_length_read(cases[i].bytes, cases[i].size, &length),
                         cases[i].expected);
        assert_int_equal(length, cases[i].expected == PAWL_OK ? 7 : 99);
    }
}

static void identity_is_never_overwritten(void **state)
{
    struct fixture *f = *state;
    struct stat before, after;

    assert_int_equal(stat(f->key, &before), 0);
    assert_int_equal(before.st_mode & 0777, 0600);
    assert_int_not_equal(pawl_cms_identity_create(f->key, f->certificate), PAWL_OK);
    assert_int_equal(stat(f->key, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_size, after.st_size);
}

static void key_and_certificate_must_match(void **state)
{
    struct fixture *f = *state;
    struct pawl_cms_opener *opener = NULL;

    assert_int_equal(pawl_cms_opener_load(f->key, f->other_certificate, &opener), PAWL_MALFORMED);
    assert_int_equal(pawl_cms_opener_load("/nonexistent", f->certificate, &opener), PAWL_IO);
    assert_int_equal(pawl_cms_opener_load(f->certificate, f->certificate, &opener), PAWL_MALFORMED);
    assert_null(opener);
}

static void content_key_is_raw_or_enveloped(void **state)
{
    struct fixture *f = *state;
    const char *secret = "0123456789abcdef0123456789abcdef";
    uint8_t key[32] = {0}, *der;
    size_t der_size;

    assert_int_equal(pawl_content_key_read((const uint8_t *)secret, 32, NULL, key), PAWL_OK);
    assert_memory_equal(key, secret, 32);
    assert_int_equal(pawl_content_key_read((const uint8_t *)secret, 31, f->opener, key),
                     PAWL_MALFORMED);
    memset(key, 0, sizeof key);
    seal_text(f, secret, &der, &der_size);
    assert_int_equal(pawl_content_key_read(der, der_size, NULL, key), PAWL_MALFORMED);
    assert_int_equal(pawl_content_key_read(der, der_size, f->other, key), PAWL_UNTRUSTED);
    assert_int_equal(key[0], 0);
    assert_int_equal(pawl_content_key_read(der, der_size, f->opener, key), PAWL_OK);
    assert_memory_equal(key, secret, 32);
    free(der);
    seal_text(f, "not thirty-two bytes", &der, &der_size);
    assert_int_equal(pawl_content_key_read(der, der_size, f->opener, key), PAWL_MALFORMED);
    free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_what_was_sealed),
        cmocka_unit_test(opens_large_content),
        cmocka_unit_test(refuses_another_key),
        cmocka_unit_test(refuses_every_altered_byte),
        cmocka_unit_test(refuses_truncation_and_trailing_bytes),
        cmocka_unit_test(length_is_bounded),
        cmocka_unit_test(identity_is_never_overwritten),
        cmocka_unit_test(key_and_certificate_must_match),
        cmocka_unit_test(content_key_is_raw_or_enveloped),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
