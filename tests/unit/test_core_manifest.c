/* SPEC 6: the manifest and the vendor's signature around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "pawl/manifest.h"

static struct signer vendor, stranger;

static int setup(void **state)
{
    (void)state;
    signer_make(&vendor);
    signer_make(&stranger);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    signer_release(&vendor);
    signer_release(&stranger);
    return 0;
}

static size_t sample(enum pawl_kind kind, uint8_t payload[PAWL_MANIFEST_SIZE_MAX])
{
    struct pawl_manifest manifest;
    size_t size = 0;

    manifest_make(1000, &manifest);
    manifest.kind = kind;
    manifest.load_address = 0x20000000;
    manifest.entry_address = 0x20000101;
    assert_int_equal(pawl_manifest_write(&manifest, payload, PAWL_MANIFEST_SIZE_MAX, &size),
                     PAWL_OK);
    return size;
}

static void expect_text(struct pawl_text text, const char *expected)
{
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.size);
}

static void every_field_comes_back(void **state)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX], again[PAWL_MANIFEST_SIZE_MAX];
    struct pawl_manifest manifest, read;
    size_t size = 0, again_size = 0;

    (void)state;
    manifest_make(UINT64_MAX, &manifest);
    manifest.argument_count = PAWL_ARGUMENT_MAX;
    for (size_t i = 0; i < PAWL_ARGUMENT_MAX; i++)
        manifest.arguments[i] = (struct pawl_text){"a b\xc3\xbc", (uint32_t)(i % 5)};
    manifest.arguments[4].size = 3; /* not inside the two-byte letter */
    for (size_t i = 4; i < PAWL_ARGUMENT_MAX; i += 5)
        manifest.arguments[i].size = 5;
    manifest.success = PAWL_SUCCESS_CONTACT;
    manifest.deadline = UINT32_MAX;
    manifest.security_version = UINT64_MAX;
    manifest.revoked_count = PAWL_REVOKED_MAX;
    noise_fill(manifest.revoked, sizeof manifest.revoked, 2);
    manifest.profile = PAWL_PROFILE_NETWORK;
    noise_fill(manifest.image_digest, sizeof manifest.image_digest, 1);
    assert_int_equal(pawl_manifest_write(&manifest, payload, sizeof payload, &size), PAWL_OK);
    assert_int_equal(pawl_manifest_read(payload, size, &read), PAWL_OK);
    assert_memory_equal(read.vendor_id, manifest.vendor_id, PAWL_ID_SIZE);
    assert_memory_equal(read.class_id, manifest.class_id, PAWL_ID_SIZE);
    assert_memory_equal(read.image_digest, manifest.image_digest, PAWL_SHA256_SIZE);
    expect_text(read.name, "demo");
    expect_text(read.version, "1.2.3");
    assert_true(read.image_size == UINT64_MAX && read.security_version == UINT64_MAX);
    assert_int_equal(read.kind, PAWL_KIND_EXEC);
    assert_int_equal(read.success, PAWL_SUCCESS_CONTACT);
    assert_int_equal(read.deadline, UINT32_MAX);
    assert_int_equal(read.created, 1700000000);
    assert_int_equal(read.argument_count, PAWL_ARGUMENT_MAX);
    expect_text(read.arguments[9], "a b\xc3\xbc");
    assert_int_equal(read.revoked_count, PAWL_REVOKED_MAX);
    assert_memory_equal(read.revoked, manifest.revoked, sizeof read.revoked);
    assert_int_equal(read.profile, PAWL_PROFILE_NETWORK);
    assert_int_equal(pawl_manifest_write(&read, again, sizeof again, &again_size), PAWL_OK);
    assert_int_equal(again_size, size);
    assert_memory_equal(again, payload, size);
}

static void a_raw_binary_has_its_addresses(void **state)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX];
    struct pawl_manifest read;

    (void)state;
    size_t size = sample(PAWL_KIND_RAW, payload);
    assert_int_equal(pawl_manifest_read(payload, size, &read), PAWL_OK);
    assert_int_equal(read.load_address, 0x20000000);
    assert_int_equal(read.entry_address, 0x20000101);
    size = sample(PAWL_KIND_OPAQUE, payload);
    assert_int_equal(pawl_manifest_read(payload, size, &read), PAWL_OK);
    assert_int_equal(read.load_address, 0);
    assert_int_equal(read.revoked_count, 0);
    assert_int_equal(read.profile, PAWL_PROFILE_CONFINED);
}

#define DIGEST "5820 0000000000000000000000000000000000000000000000000000000000000000"

static const struct edit_case exec_cases[] = {
    {1, "02", PAWL_UNSUPPORTED},
    {1, "41 01", PAWL_MALFORMED},
    {1, NULL, PAWL_MALFORMED},
    {2, "4f 000000000000000000000000000000", PAWL_MALFORMED},
    {2, NULL, PAWL_MALFORMED},
    {3, NULL, PAWL_MALFORMED},
    {4, "60", PAWL_OK},
    {4, "41 61", PAWL_MALFORMED},
    {4, "61 00", PAWL_MALFORMED}, /* NUL */
    {4, "61 ff", PAWL_MALFORMED}, /* not UTF-8 */
    {4, NULL, PAWL_MALFORMED},
    {5, "f6", PAWL_MALFORMED},
    {5, NULL, PAWL_MALFORMED},
    {6, "20", PAWL_MALFORMED},
    {6, NULL, PAWL_MALFORMED},
    {7, "00", PAWL_UNSUPPORTED},
    {7, "04", PAWL_UNSUPPORTED},
    {7, "20", PAWL_UNSUPPORTED},
    {7, "40", PAWL_MALFORMED},
    {7, NULL, PAWL_MALFORMED},
    {8, "00", PAWL_MALFORMED},
    {8, "1bffffffffffffffff", PAWL_OK},
    {8, NULL, PAWL_MALFORMED},
    {9, "82 02 " DIGEST, PAWL_UNSUPPORTED},
    {9, "82 2f 40", PAWL_UNSUPPORTED}, /* another algorithm's digest may have any form */
    {9, "82 01 40", PAWL_MALFORMED},
    {9, "82 6161 " DIGEST, PAWL_MALFORMED},
    {9, "81 01", PAWL_MALFORMED},
    {9, "83 01 " DIGEST " 00", PAWL_MALFORMED},
    {9, DIGEST, PAWL_MALFORMED},
    {9, NULL, PAWL_MALFORMED},
    {10, "a2 01 00 02 00", PAWL_MALFORMED}, /* kind 2 only */
    {11, "a2 01 00 02 00", PAWL_UNSUPPORTED},
    {11, "a2 01 04 02 00", PAWL_UNSUPPORTED},
    {11, "a2 01 01 02 1affffffff", PAWL_OK},
    {11, "a2 01 01 02 1b0000000100000000", PAWL_MALFORMED},
    {11, "a1 01 01", PAWL_MALFORMED},
    {11, "a3 01 01 02 00 03 00", PAWL_UNSUPPORTED},
    {11, "a3 01 01 02 00 1880 00", PAWL_UNSUPPORTED}, /* extensions are the payload's own keys */
    {11, "01", PAWL_MALFORMED},
    {11, NULL, PAWL_MALFORMED},
    {12, "f6", PAWL_MALFORMED},
    {12, NULL, PAWL_MALFORMED},
    {13, "80", PAWL_OK},
    {13, "83 60 6161 6162", PAWL_OK},
    {13, "81 01", PAWL_MALFORMED},
    {13, "81 61 00", PAWL_MALFORMED},
    {13, "60", PAWL_MALFORMED},
    {13, "9821 60606060606060606060606060606060606060606060606060606060606060606060",
     PAWL_MALFORMED}, /* 33 announced, 34 there */
    {13, "9821 606060606060606060606060606060606060606060606060606060606060606060",
     PAWL_UNSUPPORTED}, /* more than we hold */
    {0, "00", PAWL_UNSUPPORTED},
    {14, "81 48 0102030405060708", PAWL_OK},
    {14, "83 48 0102030405060708 48 0202030405060708 48 0302030405060708", PAWL_OK},
    {14, "80", PAWL_MALFORMED},
    {14, "84 48 0102030405060708 48 0202030405060708 48 0302030405060708 48 0402030405060708",
     PAWL_MALFORMED},
    {14, "82 48 0102030405060708 48 0102030405060708", PAWL_MALFORMED}, /* twice */
    {14, "83 48 0102030405060708 48 0202030405060708 48 0102030405060708", PAWL_MALFORMED},
    {14, "81 47 01020304050607", PAWL_MALFORMED},
    {14, "81 49 010203040506070809", PAWL_MALFORMED},
    {14, "81 68 6162636465666768", PAWL_MALFORMED},
    {14, "48 0102030405060708", PAWL_MALFORMED},
    {14, "00", PAWL_MALFORMED},
    {14, "f6", PAWL_MALFORMED},
    {15, "00", PAWL_UNSUPPORTED}, /* reserved: component id */
    {16, "01", PAWL_OK},
    {16, "00", PAWL_UNSUPPORTED}, /* confined is said by leaving it out */
    {16, "02", PAWL_UNSUPPORTED},
    {16, "20", PAWL_UNSUPPORTED},
    {16, "41 01", PAWL_MALFORMED},
    {16, "f6", PAWL_MALFORMED},
    {17, "00", PAWL_UNSUPPORTED},
    {127, "00", PAWL_UNSUPPORTED},
    {-1, "00", PAWL_UNSUPPORTED},
    {-129, "00", PAWL_UNSUPPORTED},
    {128, "00", PAWL_OK},
    {INT64_MAX, "a2 01 82 f5 fb3ff199999999999a 6161 c2 49 010000000000000000", PAWL_OK},
    {200, "81818181818180", PAWL_OK},
    {200, "1800", PAWL_MALFORMED},
    {200, "a2 02 00 01 00", PAWL_MALFORMED},
    {200, "9fff", PAWL_MALFORMED},
};

static const struct edit_case raw_cases[] = {
    {10, NULL, PAWL_MALFORMED},       {10, "a2 01 1bffffffffffffffff 02 00", PAWL_OK},
    {10, "a1 01 00", PAWL_MALFORMED}, {10, "a3 01 00 02 00 03 00", PAWL_UNSUPPORTED},
    {10, "82 00 00", PAWL_MALFORMED}, {13, "80", PAWL_MALFORMED}, /* kind 1 only */
    {13, "81 60", PAWL_MALFORMED},    {14, "81 48 0102030405060708", PAWL_OK},
    {16, "01", PAWL_MALFORMED}, /* kind 1 only */
};

static void run_cases(enum pawl_kind kind, const struct edit_case *cases, size_t count)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX], changed[PAWL_MANIFEST_SIZE_MAX];
    static const struct pawl_manifest none;
    struct pawl_manifest read;

    size_t size = sample(kind, payload);
    for (size_t i = 0; i < count; i++) {
        memset(&read, 0xee, sizeof read);
        size_t length =
            map_edit(payload, size, cases[i].key, cases[i].value, changed, sizeof changed);
        enum pawl_result result = pawl_manifest_read(changed, length, &read);
        if (result != cases[i].expected)
            fail_msg("key %d, case %d: %s", (int)cases[i].key, (int)i, pawl_result_name(result));
        if (result != PAWL_OK)
            assert_memory_equal(&read, &none, sizeof read);
    }
}

static void each_field_is_checked(void **state)
{
    (void)state;
    run_cases(PAWL_KIND_EXEC, exec_cases, sizeof exec_cases / sizeof exec_cases[0]);
    run_cases(PAWL_KIND_RAW, raw_cases, sizeof raw_cases / sizeof raw_cases[0]);
}

static void a_text_key_is_malformed(void **state)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX];
    struct pawl_manifest read;

    (void)state;
    size_t size = sample(PAWL_KIND_EXEC, payload);
    payload[0]++; /* one more pair, the last: "a": 0 */
    memcpy(payload + size, "\x61\x61\x00", 3);
    assert_int_equal(pawl_manifest_read(payload, size + 3, &read), PAWL_MALFORMED);
}

static void a_payload_cut_anywhere_is_malformed(void **state)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX];
    struct pawl_manifest read;

    (void)state;
    size_t size = sample(PAWL_KIND_RAW, payload);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(pawl_manifest_read(payload, cut, &read), PAWL_MALFORMED);
    payload[size] = 0;
    assert_int_equal(pawl_manifest_read(payload, size + 1, &read), PAWL_MALFORMED);
}

static void values_that_no_reader_takes_are_not_written(void **state)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX];
    struct pawl_manifest good, bad;
    size_t size = 99;

    (void)state;
    manifest_make(1, &good);
    bad = good;
    bad.image_size = 0;
    assert_int_equal(pawl_manifest_write(&bad, payload, sizeof payload, &size), PAWL_MALFORMED);
    bad = good;
    bad.kind = (enum pawl_kind)4;
    assert_int_equal(pawl_manifest_write(&bad, payload, sizeof payload, &size), PAWL_MALFORMED);
    bad = good;
    bad.success = (enum pawl_success)0;
    assert_int_equal(pawl_manifest_write(&bad, payload, sizeof payload, &size), PAWL_MALFORMED);
    bad = good;
    bad.name = (struct pawl_text){"\xff", 1};
    assert_int_equal(pawl_manifest_write(&bad, payload, sizeof payload, &size), PAWL_MALFORMED);
    bad = good;
    bad.argument_count = PAWL_ARGUMENT_MAX + 1;
    assert_int_equal(pawl_manifest_write(&bad, payload, sizeof payload, &size), PAWL_MALFORMED);
    bad.argument_count = 1;
    bad.arguments[0] = bad.name;
    bad.kind = PAWL_KIND_OPAQUE;
    assert_int_equal(pawl_manifest_write(&bad, payload, sizeof payload, &size), PAWL_MALFORMED);
    bad = good;
    bad.revoked_count = PAWL_REVOKED_MAX + 1;
    assert_int_equal(pawl_manifest_write(&bad, payload, sizeof payload, &size), PAWL_MALFORMED);
    bad.revoked_count = 2; /* the same twice */
    assert_int_equal(pawl_manifest_write(&bad, payload, sizeof payload, &size), PAWL_MALFORMED);
    bad = good;
    bad.profile = (enum pawl_profile)2;
    assert_int_equal(pawl_manifest_write(&bad, payload, sizeof payload, &size), PAWL_MALFORMED);
    bad.profile = PAWL_PROFILE_NETWORK;
    bad.kind = PAWL_KIND_OPAQUE;
    assert_int_equal(pawl_manifest_write(&bad, payload, sizeof payload, &size), PAWL_MALFORMED);
    assert_int_equal(pawl_manifest_write(&good, payload, 50, &size), PAWL_EXHAUSTED);
    assert_int_equal(size, 99);
}

static void a_trusted_signature_verifies(void **state)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX], bytes[PAWL_MANIFEST_SIZE_MAX];
    const struct pawl_anchor anchors[2] = {stranger.anchor, vendor.anchor};
    struct pawl_signed_manifest outer;

    (void)state;
    size_t size = signer_wrap(&vendor, payload, sample(PAWL_KIND_EXEC, payload), bytes);
    assert_int_equal(pawl_signed_manifest_read(bytes, size, &outer), PAWL_OK);
    assert_memory_equal(outer.kid, vendor.anchor.kid, PAWL_KID_SIZE);
    assert_int_equal(pawl_signed_manifest_verify(&outer, anchors, 2, 3), PAWL_OK);
    assert_int_equal(pawl_signed_manifest_verify(&outer, anchors, 2, 2), PAWL_OK);
    /* I7: not by an anchor that is revoked, nor by another one, nor by none */
    assert_int_equal(pawl_signed_manifest_verify(&outer, anchors, 2, 1), PAWL_UNTRUSTED);
    assert_int_equal(pawl_signed_manifest_verify(&outer, anchors, 1, 3), PAWL_UNTRUSTED);
    assert_int_equal(pawl_signed_manifest_verify(&outer, anchors, 0, 3), PAWL_UNTRUSTED);
}

/* I7: every bit of payload and signature counts, before the payload is looked at. */
static void a_flipped_bit_is_untrusted(void **state)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX], bytes[PAWL_MANIFEST_SIZE_MAX];
    struct pawl_signed_manifest outer;

    (void)state;
    size_t size = signer_wrap(&vendor, payload, sample(PAWL_KIND_EXEC, payload), bytes);
    assert_int_equal(pawl_signed_manifest_read(bytes, size, &outer), PAWL_OK);
    size_t first = (size_t)(outer.payload - bytes);
    for (size_t at = first; at < size; at += 3) {
        if (at >= first + outer.payload_size && &bytes[at] < outer.signature)
            continue; /* the head of the signature's bstr */
        bytes[at] ^= 1;
        assert_int_equal(pawl_signed_manifest_verify(&outer, &vendor.anchor, 1, 1), PAWL_UNTRUSTED);
        bytes[at] ^= 1;
    }
    assert_int_equal(pawl_signed_manifest_verify(&outer, &vendor.anchor, 1, 1), PAWL_OK);
}

/* A COSE_Sign1 of "abc" with its parts as given. */
static enum pawl_result read_parts(const char *start, const char *unprotected, const char *payload,
                                   const char *signature)
{
    const char *parts[] = {start, unprotected, payload, signature};
    struct pawl_signed_manifest outer;
    uint8_t bytes[256];
    size_t size = 0;

    for (size_t i = 0; i < 4; i++)
        size += hex_decode(parts[i], bytes + size, sizeof bytes - size);
    return pawl_signed_manifest_read(bytes, size, &outer);
}

#define START "d2 84 43 a10126"
#define KID "a1 04 48 0001020304050607"
#define PAYLOAD "43 616263"
#define ZEROS_32 "0000000000000000000000000000000000000000000000000000000000000000"
#define PROOF "5840" ZEROS_32 ZEROS_32

static void the_structure_is_checked(void **state)
{
    static const struct {
        enum pawl_result expected;
        const char *start, *unprotected, *payload, *signature;
    } cases[] = {
        {PAWL_OK, START, KID, PAYLOAD, PROOF},
        {PAWL_OK, START, KID, "40", PROOF},
        /* tag and array */
        {PAWL_MALFORMED, "84 43 a10126", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d1 84 43 a10126", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d812 84 43 a10126", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 d2 84 43 a10126", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 83 43 a10126", KID, PAYLOAD, ""},
        {PAWL_MALFORMED, "d2 85 43 a10126", KID, PAYLOAD, PROOF "00"},
        {PAWL_MALFORMED, "d2 85 43 a10126", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 a2 43 a10126", KID, PAYLOAD, PROOF},
        /* protected header: bytes of a map with the algorithm */
        {PAWL_UNSUPPORTED, "d2 84 44 a1013822", KID, PAYLOAD, PROOF}, /* ES384 */
        {PAWL_UNSUPPORTED, "d2 84 43 a10127", KID, PAYLOAD, PROOF},   /* EdDSA */
        {PAWL_UNSUPPORTED, "d2 84 43 a10105", KID, PAYLOAD, PROOF},
        {PAWL_UNSUPPORTED, "d2 84 45 a101625831", KID, PAYLOAD, PROOF},
        {PAWL_UNSUPPORTED, "d2 84 46 a20126044100", KID, PAYLOAD, PROOF},
        {PAWL_UNSUPPORTED, "d2 84 45 a201260300", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 84 40", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 84 41 a0", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 84 a10126", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 84 44 a1011806", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 84 44 a1180126", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 84 44 bf0126ff", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 84 44 a1012600", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 84 42 a101", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 84 43 a10226", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 84 43 a101f6", KID, PAYLOAD, PROOF},
        {PAWL_MALFORMED, "d2 84 43 820126", KID, PAYLOAD, PROOF},
        /* unprotected header: the kid and nothing else */
        {PAWL_MALFORMED, START, "a0", PAYLOAD, PROOF},
        {PAWL_MALFORMED, START, "a1 04 47 00010203040506", PAYLOAD, PROOF},
        {PAWL_MALFORMED, START, "a1 04 49 000102030405060708", PAYLOAD, PROOF},
        {PAWL_MALFORMED, START, "a1 04 40", PAYLOAD, PROOF},
        {PAWL_MALFORMED, START, "a1 04 00", PAYLOAD, PROOF},
        {PAWL_MALFORMED, START, "48 0001020304050607", PAYLOAD, PROOF},
        {PAWL_UNSUPPORTED, START, "a2 04 48 0001020304050607 05 00", PAYLOAD, PROOF},
        {PAWL_UNSUPPORTED, START, "a2 04 48 0001020304050607 1880 00", PAYLOAD, PROOF},
        {PAWL_UNSUPPORTED, START, "a2 01 26 04 48 0001020304050607", PAYLOAD, PROOF},
        {PAWL_MALFORMED, START, "a2 05 00 04 48 0001020304050607", PAYLOAD, PROOF},
        /* payload and signature */
        {PAWL_MALFORMED, START, KID, "f6", PROOF},
        {PAWL_MALFORMED, START, KID, "63 616263", PROOF},
        {PAWL_MALFORMED, START, KID, PAYLOAD,
         "583f" ZEROS_32 "00000000000000000000000000000000000000000000000000000000000000"},
        {PAWL_MALFORMED, START, KID, PAYLOAD, "5820" ZEROS_32},
        {PAWL_MALFORMED, START, KID, PAYLOAD, "5841" ZEROS_32 ZEROS_32 "00"},
        {PAWL_MALFORMED, START, KID, PAYLOAD, "40"},
        {PAWL_MALFORMED, START, KID, PAYLOAD, "7840" ZEROS_32 ZEROS_32},
        {PAWL_MALFORMED, START, KID, PAYLOAD, PROOF "00"},
        {PAWL_MALFORMED, START, KID, PAYLOAD, "590040" ZEROS_32 ZEROS_32},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum pawl_result result =
            read_parts(cases[i].start, cases[i].unprotected, cases[i].payload, cases[i].signature);
        if (result != cases[i].expected)
            fail_msg("case %d: %s", (int)i, pawl_result_name(result));
    }
}

static void a_signed_manifest_cut_anywhere_is_malformed(void **state)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX], bytes[PAWL_MANIFEST_SIZE_MAX];
    struct pawl_signed_manifest outer;

    (void)state;
    size_t size = signer_wrap(&vendor, payload, sample(PAWL_KIND_EXEC, payload), bytes);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(pawl_signed_manifest_read(bytes, cut, &outer), PAWL_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(a_raw_binary_has_its_addresses),
        cmocka_unit_test(each_field_is_checked),
        cmocka_unit_test(a_text_key_is_malformed),
        cmocka_unit_test(a_payload_cut_anywhere_is_malformed),
        cmocka_unit_test(values_that_no_reader_takes_are_not_written),
        cmocka_unit_test(a_trusted_signature_verifies),
        cmocka_unit_test(a_flipped_bit_is_untrusted),
        cmocka_unit_test(the_structure_is_checked),
        cmocka_unit_test(a_signed_manifest_cut_anywhere_is_malformed),
    };

    return cmocka_run_group_tests_name("manifest (SPEC 6)", tests, setup, teardown);
}
