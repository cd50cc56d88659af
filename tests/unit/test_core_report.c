/* SPEC 9 and 10: report and directive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/cose.h"
#include "core/mac0.h"
#include "fixture.h"
#include "pawl/report.h"

static const uint8_t auth_key[PAWL_KEY_SIZE] = {0xa1, 0xa2};
static const uint8_t device_id[PAWL_ID_SIZE] = {0xd1, 0xd2};
static const uint8_t nonce[PAWL_NONCE_SIZE] = {0x71, 0x72};

static void report_make(struct pawl_report *report)
{
    memset(report, 0, sizeof *report);
    report->sequence = UINT64_MAX;
    report->has_instance = report->has_package = report->has_failure = report->has_challenge = true;
    noise_fill(report->instance, sizeof report->instance, 1);
    noise_fill(report->package_id, sizeof report->package_id, 2);
    noise_fill(report->failed_package_id, sizeof report->failed_package_id, 3);
    report->failure = UINT64_MAX;
    memcpy(report->nonce, nonce, sizeof nonce);
    report->challenge_size = PAWL_CHALLENGE_SIZE_MAX;
    noise_fill(report->challenge, sizeof report->challenge, 4);
    report->state = PAWL_STATE_UPDATED;
    report->wanted_count = PAWL_CONTENT_WANTED_MAX;
    noise_fill(report->wanted, sizeof report->wanted, 6);
}

static void directive_make(struct pawl_directive *directive)
{
    memset(directive, 0, sizeof *directive);
    memcpy(directive->nonce, nonce, sizeof nonce);
    directive->action = PAWL_ACTION_DOWNLOAD;
    directive->poll_after = PAWL_POLL_AFTER_MAX;
    directive->challenge_size = PAWL_CHALLENGE_SIZE_MAX;
    noise_fill(directive->challenge, sizeof directive->challenge, 5);
    noise_fill(directive->package_id, sizeof directive->package_id, 6);
    directive->url_size = PAWL_URL_SIZE_MAX;
    memset(directive->url, 'u', sizeof directive->url);
    directive->package_size = UINT64_MAX;
    directive->has_entitlement = true;
    noise_fill(directive->entitlement, sizeof directive->entitlement, 7);
}

static enum pawl_result report_read(const uint8_t *bytes, size_t size, struct pawl_report *report)
{
    struct pawl_mac0 mac0;

    enum pawl_result result = pawl_report_split(bytes, size, &mac0);
    if (result == PAWL_OK)
        result = pawl_report_verify(&mac0, auth_key);
    return result == PAWL_OK ? pawl_report_decode(&mac0, report) : result;
}

static void the_largest_report_fits_and_comes_back(void **state)
{
    uint8_t bytes[PAWL_REPORT_SIZE_MAX];
    struct pawl_report report, read;
    struct pawl_mac0 mac0;
    size_t size = 0;

    (void)state;
    report_make(&report);
    assert_int_equal(pawl_report_write(&report, device_id, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    assert_int_equal(pawl_report_split(bytes, size, &mac0), PAWL_OK);
    assert_memory_equal(mac0.device_id, device_id, sizeof device_id);
    assert_int_equal(report_read(bytes, size, &read), PAWL_OK);
    assert_true(read.sequence == UINT64_MAX && read.failure == UINT64_MAX);
    assert_true(read.has_instance && read.has_package && read.has_failure && read.has_challenge);
    assert_memory_equal(read.instance, report.instance, sizeof report.instance);
    assert_memory_equal(read.package_id, report.package_id, sizeof report.package_id);
    assert_memory_equal(read.failed_package_id, report.failed_package_id, 32);
    assert_memory_equal(read.nonce, nonce, sizeof nonce);
    assert_int_equal(read.challenge_size, PAWL_CHALLENGE_SIZE_MAX);
    assert_memory_equal(read.challenge, report.challenge, sizeof report.challenge);
    assert_int_equal(read.state, PAWL_STATE_UPDATED);
    assert_int_equal(read.wanted_count, PAWL_CONTENT_WANTED_MAX);
    assert_memory_equal(read.wanted, report.wanted, sizeof report.wanted);
}

static void a_report_without_its_options_comes_back(void **state)
{
    uint8_t bytes[PAWL_REPORT_SIZE_MAX];
    struct pawl_report report, read;
    size_t size = 0;

    (void)state;
    memset(&report, 0, sizeof report);
    assert_int_equal(pawl_report_write(&report, device_id, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    memset(&read, 0xee, sizeof read);
    assert_int_equal(report_read(bytes, size, &read), PAWL_OK);
    assert_false(read.has_instance || read.has_package || read.has_failure || read.has_challenge);
    assert_int_equal(read.state, PAWL_STATE_READY);
    assert_int_equal(read.wanted_count, 0);
}

#define KEY_ID "00112233445566778899aabbccddeeff"

static const struct edit_case report_cases[] = {
    {0, "02", PAWL_UNSUPPORTED},
    {0, "60", PAWL_MALFORMED},
    {0, NULL, PAWL_MALFORMED},
    {1, "20", PAWL_MALFORMED},
    {1, "f6", PAWL_MALFORMED},
    {1, NULL, PAWL_MALFORMED},
    {2, "f6", PAWL_OK},
    {2, "f7", PAWL_MALFORMED},
    {2, "47 00000000000000", PAWL_MALFORMED},
    {2, NULL, PAWL_MALFORMED},
    {3, "f6", PAWL_OK},
    {3, "40", PAWL_MALFORMED},
    {3, NULL, PAWL_MALFORMED},
    {4, NULL, PAWL_OK},
    {4, "f6", PAWL_MALFORMED},
    {4, "82 5820 0000000000000000000000000000000000000000000000000000000000000000 1840", PAWL_OK},
    {4, "82 5820 0000000000000000000000000000000000000000000000000000000000000000 20",
     PAWL_MALFORMED},
    {4, "81 5820 0000000000000000000000000000000000000000000000000000000000000000", PAWL_MALFORMED},
    {4, "82 40 00", PAWL_MALFORMED},
    {5, "47 00000000000000", PAWL_MALFORMED},
    {5, "f6", PAWL_MALFORMED},
    {5, NULL, PAWL_MALFORMED},
    {6, "f6", PAWL_OK},
    {6, "40", PAWL_OK},
    {6,
     "58 80 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
     PAWL_OK},
    {6,
     "58 81 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00",
     PAWL_MALFORMED},
    {6, "60", PAWL_MALFORMED},
    {6, NULL, PAWL_MALFORMED},
    {7, "00", PAWL_OK},
    {7, "08", PAWL_UNSUPPORTED},
    {7, "20", PAWL_UNSUPPORTED},
    {7, "f6", PAWL_MALFORMED},
    {7, NULL, PAWL_MALFORMED},
    {8, "00", PAWL_UNSUPPORTED},
    {127, "00", PAWL_UNSUPPORTED},
    {-1, "00", PAWL_UNSUPPORTED},
    {128, "81 50" KEY_ID, PAWL_OK},
    {128, "84 50" KEY_ID "50" KEY_ID "50" KEY_ID "50" KEY_ID, PAWL_OK},
    {128, "85 50" KEY_ID "50" KEY_ID "50" KEY_ID "50" KEY_ID "50" KEY_ID, PAWL_MALFORMED},
    {128, "80", PAWL_MALFORMED},
    {128, "81 4f 00112233445566778899aabbccddee", PAWL_MALFORMED},
    {128, "50" KEY_ID, PAWL_OK}, /* no list: as if this reader did not know it */
    {130, "a1 6161 01", PAWL_OK},
    {130, "9f00ff", PAWL_MALFORMED},
    {200, "1800", PAWL_MALFORMED},
};

/* Wraps an edited payload in a right MAC, so that what is judged is the payload. */
static size_t mac_again(const struct pawl_cose_profile *profile, const uint8_t *payload,
                        size_t payload_size, uint8_t *bytes, size_t capacity)
{
    uint8_t mac[PAWL_MAC_SIZE];
    struct pawl_writer writer;

    pawl_mac0_make(profile, auth_key, payload, payload_size, mac);
    const struct pawl_cose cose = {device_id, payload, payload_size, mac};
    pawl_writer_init(&writer, bytes, capacity);
    pawl_cose_write(&writer, profile, &cose);
    assert_int_equal(writer.error, PAWL_OK);
    return writer.size;
}

static void each_report_field_is_checked(void **state)
{
    uint8_t bytes[PAWL_REPORT_SIZE_MAX], payload[1024], changed[2048];
    struct pawl_report report, read, before;
    struct pawl_mac0 mac0;
    size_t size = 0;

    (void)state;
    report_make(&report);
    assert_int_equal(pawl_report_write(&report, device_id, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    assert_int_equal(pawl_report_split(bytes, size, &mac0), PAWL_OK);
    for (size_t i = 0; i < sizeof report_cases / sizeof report_cases[0]; i++) {
        const struct edit_case *edit = &report_cases[i];
        memset(&read, 0xee, sizeof read);
        before = read;
        size_t length = map_edit(mac0.payload, mac0.payload_size, edit->key, edit->value, payload,
                                 sizeof payload);
        length = mac_again(&pawl_cose_report, payload, length, changed, sizeof changed);
        enum pawl_result result = report_read(changed, length, &read);
        if (result != edit->expected)
            fail_msg("key %d, case %d: %s", (int)edit->key, (int)i, pawl_result_name(result));
        if (result != PAWL_OK)
            assert_memory_equal(&read, &before, sizeof read);
        changed[length - 1] ^= 1; /* the MAC speaks before the payload */
        assert_int_equal(report_read(changed, length, &read), PAWL_UNTRUSTED);
    }
}

/* I9: cut anywhere it is malformed; any bit flipped, it is refused, by the MAC at the latest. */
static void a_damaged_report_is_refused(void **state)
{
    uint8_t bytes[PAWL_REPORT_SIZE_MAX + 1];
    struct pawl_report report;
    struct pawl_mac0 mac0;
    size_t size = 0;

    (void)state;
    report_make(&report);
    assert_int_equal(pawl_report_write(&report, device_id, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(pawl_report_split(bytes, cut, &mac0), PAWL_MALFORMED);
    assert_int_equal(pawl_report_split(bytes, size + 1, &mac0), PAWL_MALFORMED);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum pawl_result result = report_read(bytes, size, &report);
        bool is_id = bit / 8 >= 9 && bit / 8 < 25; /* not under the MAC, chooses the key */
        if (is_id)
            assert_int_equal(result, PAWL_OK);
        else
            assert_in_range(result, PAWL_MALFORMED, PAWL_UNTRUSTED);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* A directive is no report and the reverse, under the same key. */
static void messages_are_not_taken_for_each_other(void **state)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX], payload[512], changed[1024];
    struct pawl_report report;
    struct pawl_directive directive;
    struct pawl_mac0 mac0;
    size_t size = 0;

    (void)state;
    report_make(&report);
    assert_int_equal(pawl_report_write(&report, device_id, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    assert_int_equal(pawl_report_split(bytes, size, &mac0), PAWL_OK);
    memcpy(payload, mac0.payload, mac0.payload_size);
    /* a report's payload in a directive's clothes, with the report's MAC */
    const struct pawl_cose cose = {NULL, payload, mac0.payload_size, mac0.mac};
    struct pawl_writer writer;
    pawl_writer_init(&writer, changed, sizeof changed);
    pawl_cose_write(&writer, &pawl_cose_directive, &cose);
    assert_int_equal(pawl_directive_read(changed, writer.size, auth_key, nonce, &directive),
                     PAWL_UNTRUSTED);
    assert_int_equal(pawl_directive_read(bytes, size, auth_key, nonce, &directive),
                     PAWL_UNSUPPORTED); /* a header field that directives don't have */
    directive_make(&directive);
    assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    assert_int_equal(pawl_report_split(bytes, size, &mac0), PAWL_MALFORMED);
}

static void the_largest_directive_fits_and_comes_back(void **state)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];
    struct pawl_directive directive, read;
    size_t size = 0;

    (void)state;
    directive_make(&directive);
    assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    assert_int_equal(pawl_directive_read(bytes, size, auth_key, nonce, &read), PAWL_OK);
    assert_int_equal(read.action, PAWL_ACTION_DOWNLOAD);
    assert_int_equal(read.poll_after, PAWL_POLL_AFTER_MAX);
    assert_int_equal(read.challenge_size, PAWL_CHALLENGE_SIZE_MAX);
    assert_memory_equal(read.challenge, directive.challenge, sizeof directive.challenge);
    assert_memory_equal(read.package_id, directive.package_id, sizeof directive.package_id);
    assert_int_equal(read.url_size, PAWL_URL_SIZE_MAX);
    assert_memory_equal(read.url, directive.url, sizeof directive.url);
    assert_true(read.package_size == UINT64_MAX);
    assert_true(read.has_entitlement);
    assert_memory_equal(read.entitlement, directive.entitlement, sizeof directive.entitlement);
}

static void only_downloads_carry_download_fields(void **state)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];
    struct pawl_directive directive, read;
    size_t size = 0;

    (void)state;
    directive_make(&directive);
    directive.has_entitlement = false; /* direct mode */
    assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    assert_int_equal(pawl_directive_read(bytes, size, auth_key, nonce, &read), PAWL_OK);
    assert_false(read.has_entitlement);
    for (unsigned action = 0; action < 4; action++) {
        directive.action = (enum pawl_action)action;
        directive.has_entitlement = true;
        assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                         PAWL_OK);
        assert_int_equal(pawl_directive_read(bytes, size, auth_key, nonce, &read), PAWL_OK);
        assert_int_equal(read.action, action);
        assert_int_equal(read.has_entitlement, action == PAWL_ACTION_DOWNLOAD);
        assert_int_equal(read.url_size > 0, action == PAWL_ACTION_DOWNLOAD);
    }
}

#define ENTITLEMENT \
    "5828 00000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define PACKAGE "5820 0000000000000000000000000000000000000000000000000000000000000000"

static const struct edit_case download_cases[] = {
    {0, "02", PAWL_UNSUPPORTED},
    {0, NULL, PAWL_MALFORMED},
    {1, "47 00000000000000", PAWL_MALFORMED},
    {1, NULL, PAWL_MALFORMED},
    {2, "00", PAWL_MALFORMED}, /* fields of a download without one */
    {2, "02", PAWL_MALFORMED},
    {2, "04", PAWL_UNSUPPORTED},
    {2, "20", PAWL_UNSUPPORTED},
    {2, "40", PAWL_MALFORMED},
    {2, NULL, PAWL_MALFORMED},
    {3, "1bffffffffffffffff", PAWL_OK},
    {3, "20", PAWL_MALFORMED},
    {3, NULL, PAWL_MALFORMED},
    {4, "40", PAWL_OK},
    {4, "f6", PAWL_MALFORMED},
    {4, NULL, PAWL_MALFORMED},
    {5, "40", PAWL_MALFORMED},
    {5, NULL, PAWL_MALFORMED},
    {6, "60", PAWL_OK},
    {6, "61 ff", PAWL_MALFORMED},
    {6, "61 00", PAWL_MALFORMED},
    {6, "41 61", PAWL_MALFORMED},
    {6, NULL, PAWL_MALFORMED},
    {7, "20", PAWL_MALFORMED},
    {7, NULL, PAWL_MALFORMED},
    {8, "5827 000000000000000000000000000000000000000000000000000000000000000000000000000000",
     PAWL_MALFORMED},
    {8, "f6", PAWL_MALFORMED},
    {8, NULL, PAWL_OK},
    {9, "00", PAWL_UNSUPPORTED},
    {-1, "00", PAWL_UNSUPPORTED},
    {199, "f97e00", PAWL_OK},
    {199, "fa3f800000", PAWL_MALFORMED},
    {128, "01", PAWL_MALFORMED}, /* a command without being one: SPEC 19.2 */
    {129, "f5", PAWL_MALFORMED},
    {129, "f90015", PAWL_MALFORMED},
};

static const struct edit_case idle_cases[] = {
    {2, "01", PAWL_MALFORMED}, /* a download without its fields */
    {5, PACKAGE, PAWL_MALFORMED},     {6, "61 61", PAWL_MALFORMED}, {7, "00", PAWL_MALFORMED},
    {8, ENTITLEMENT, PAWL_MALFORMED}, {199, "00", PAWL_OK},         {128, "01", PAWL_OK},
    {128, "00", PAWL_MALFORMED},      {129, "f5", PAWL_MALFORMED},  {129, "f90015", PAWL_MALFORMED},
    {130, "61 61", PAWL_MALFORMED},
};

static void directive_cases_run(enum pawl_action action, const struct edit_case *cases,
                                size_t count)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX], payload[2048], changed[4096];
    static const struct pawl_directive none;
    struct pawl_directive directive, read;
    struct pawl_cose cose;
    size_t size = 0;

    directive_make(&directive);
    directive.action = action;
    assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    assert_int_equal(pawl_cose_read(&pawl_cose_directive, bytes, size, &cose), PAWL_OK);
    for (size_t i = 0; i < count; i++) {
        memset(&read, 0xee, sizeof read);
        size_t length = map_edit(cose.payload, cose.payload_size, cases[i].key, cases[i].value,
                                 payload, sizeof payload);
        length = mac_again(&pawl_cose_directive, payload, length, changed, sizeof changed);
        enum pawl_result result = pawl_directive_read(changed, length, auth_key, nonce, &read);
        if (result != cases[i].expected)
            fail_msg("key %d, case %d: %s", (int)cases[i].key, (int)i, pawl_result_name(result));
        if (result == PAWL_OK)
            assert_true(read.poll_after <= PAWL_POLL_AFTER_MAX);
        else
            assert_memory_equal(&read, &none, sizeof read);
    }
}

static void each_directive_field_is_checked(void **state)
{
    (void)state;
    directive_cases_run(PAWL_ACTION_DOWNLOAD, download_cases,
                        sizeof download_cases / sizeof download_cases[0]);
    directive_cases_run(PAWL_ACTION_IDLE, idle_cases, sizeof idle_cases / sizeof idle_cases[0]);
}

/* I5, I7: neither another's directive nor an answer to another report is obeyed. */
static void a_directive_answers_one_report_of_one_device(void **state)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX + 1], other_key[PAWL_KEY_SIZE] = {1}, other_nonce[8];
    struct pawl_directive directive, read;
    size_t size = 0;

    (void)state;
    directive_make(&directive);
    assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    memcpy(other_nonce, nonce, sizeof nonce);
    other_nonce[7] ^= 1;
    assert_int_equal(pawl_directive_read(bytes, size, auth_key, other_nonce, &read),
                     PAWL_UNTRUSTED);
    assert_int_equal(pawl_directive_read(bytes, size, other_key, nonce, &read), PAWL_UNTRUSTED);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(pawl_directive_read(bytes, cut, auth_key, nonce, &read), PAWL_MALFORMED);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_in_range(pawl_directive_read(bytes, size, auth_key, nonce, &read), PAWL_MALFORMED,
                        PAWL_UNTRUSTED);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* For inspection, without the key: the same payload, whatever the MAC. */
static void a_directive_is_decoded_without_its_key(void **state)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];
    struct pawl_directive directive, read;
    size_t size = 0;

    (void)state;
    directive_make(&directive);
    assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    bytes[size - 1] ^= 1;
    assert_int_equal(pawl_directive_decode(bytes, size, &read), PAWL_OK);
    assert_int_equal(read.action, PAWL_ACTION_DOWNLOAD);
    assert_memory_equal(read.entitlement, directive.entitlement, sizeof directive.entitlement);
    memset(&read, 0xee, sizeof read);
    assert_int_equal(pawl_directive_decode(bytes, size - 1, &read), PAWL_MALFORMED);
    assert_int_equal(read.url[0], (char)0xee);
}

static void a_url_of_any_allowed_size_is_read(void **state)
{
    static const struct {
        uint32_t size;
        enum pawl_result expected;
    } cases[] = {{0, PAWL_OK}, {512, PAWL_OK}, {513, PAWL_MALFORMED}, {600, PAWL_MALFORMED}};
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX], payload[2048], changed[4096];
    char url[8 + 2 * 600 + 1];
    struct pawl_directive directive, read;
    struct pawl_cose cose;
    size_t size = 0;

    (void)state;
    directive_make(&directive);
    assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    assert_int_equal(pawl_cose_read(&pawl_cose_directive, bytes, size, &cose), PAWL_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(url, sizeof url, cases[i].size == 0 ? "60" : "79%04x", (unsigned)cases[i].size);
        for (uint32_t j = 0; j < cases[i].size; j++)
            strcat(url, "75");
        size_t length = map_edit(cose.payload, cose.payload_size, 6, url, payload, sizeof payload);
        length = mac_again(&pawl_cose_directive, payload, length, changed, sizeof changed);
        assert_int_equal(pawl_directive_read(changed, length, auth_key, nonce, &read),
                         cases[i].expected);
    }
}

static void messages_that_no_reader_takes_are_not_written(void **state)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];
    struct pawl_directive directive;
    struct pawl_report report;
    size_t size = 99;

    (void)state;
    report_make(&report);
    assert_int_equal(pawl_report_write(&report, device_id, auth_key, bytes, 100, &size),
                     PAWL_EXHAUSTED);
    report.state = (enum pawl_state)8;
    assert_int_equal(pawl_report_write(&report, device_id, auth_key, bytes, sizeof bytes, &size),
                     PAWL_MALFORMED);
    report_make(&report);
    report.challenge_size++;
    assert_int_equal(pawl_report_write(&report, device_id, auth_key, bytes, sizeof bytes, &size),
                     PAWL_MALFORMED);
    directive_make(&directive);
    directive.url_size++;
    assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                     PAWL_MALFORMED);
    directive_make(&directive);
    directive.action = (enum pawl_action)4;
    assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                     PAWL_MALFORMED);
    assert_int_equal(size, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_report_fits_and_comes_back),
        cmocka_unit_test(a_report_without_its_options_comes_back),
        cmocka_unit_test(each_report_field_is_checked),
        cmocka_unit_test(a_damaged_report_is_refused),
        cmocka_unit_test(messages_are_not_taken_for_each_other),
        cmocka_unit_test(the_largest_directive_fits_and_comes_back),
        cmocka_unit_test(only_downloads_carry_download_fields),
        cmocka_unit_test(each_directive_field_is_checked),
        cmocka_unit_test(a_directive_answers_one_report_of_one_device),
        cmocka_unit_test(a_directive_is_decoded_without_its_key),
        cmocka_unit_test(a_url_of_any_allowed_size_is_read),
        cmocka_unit_test(messages_that_no_reader_takes_are_not_written),
    };

    return cmocka_run_group_tests_name("report and directive (SPEC 9, 10)", tests, NULL, NULL);
}
