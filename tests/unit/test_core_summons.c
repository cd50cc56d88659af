/* What wakes a device, and what comes with a command (SPEC 19): written, read, and refused. */
#include "pawl_test.h"

#include <string.h>

#include "pawl/report.h"

static const uint8_t key[PAWL_KEY_SIZE] = {1, 2, 3};

static struct pawl_directive directive_make(void)
{
    return (struct pawl_directive){.nonce = {9}, .poll_after = 60, .challenge_size = 1};
}

static enum pawl_result pass(const struct pawl_directive *directive, struct pawl_directive *read)
{
    static uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX]; /* `read` may point into it */
    size_t size = 0;
    enum pawl_result result = pawl_directive_write(directive, key, bytes, sizeof bytes, &size);
    return result == PAWL_OK ? pawl_directive_read(bytes, size, key, directive->nonce, read)
                             : result;
}

static void spec19_what_is_written_is_read(void **state)
{
    const struct pawl_summons summons = {
        .window = 30, .counter = UINT64_MAX, .topic_count = 2, .topics = {{1}, {2}}};
    struct pawl_directive directive = directive_make(), read;
    struct pawl_summons found;
    uint8_t bytes[PAWL_SUMMONS_SIZE_MAX];
    size_t size = 0;

    (void)state;
    assert_int_equal(pawl_summons_write(&summons, bytes, &size), PAWL_OK);
    directive.command = PAWL_COMMAND_MAX;
    directive.message_size = PAWL_MESSAGE_SIZE_MAX;
    memset(directive.message, 'm', PAWL_MESSAGE_SIZE_MAX);
    directive.summons = bytes;
    directive.summons_size = (uint32_t)size;
    assert_int_equal(pass(&directive, &read), PAWL_OK);
    assert_int_equal(read.command, directive.command);
    assert_int_equal(read.message_size, PAWL_MESSAGE_SIZE_MAX);
    assert_memory_equal(read.message, directive.message, PAWL_MESSAGE_SIZE_MAX);
    assert_int_equal(pawl_summons_read(read.summons, read.summons_size, &found), PAWL_OK);
    assert_memory_equal(&found, &summons, sizeof found);
}

static void spec19_the_largest_directive_fits(void **state)
{
    struct pawl_summons summons = {
        .window = PAWL_WAKE_WINDOW_MAX, .counter = UINT64_MAX, .topic_count = PAWL_TOPICS_MAX};
    struct pawl_directive directive = directive_make(), read;
    uint8_t bytes[PAWL_SUMMONS_SIZE_MAX];
    size_t size = 0;

    (void)state;
    assert_int_equal(pawl_summons_write(&summons, bytes, &size), PAWL_OK);
    assert_true(size <= sizeof bytes);
    directive.action = PAWL_ACTION_DOWNLOAD;
    directive.challenge_size = PAWL_CHALLENGE_SIZE_MAX;
    directive.url_size = 80;
    memset(directive.url, 'u', directive.url_size);
    directive.has_entitlement = true;
    directive.command = PAWL_COMMAND_MAX;
    directive.diagnostic = true;
    directive.summons = bytes;
    directive.summons_size = (uint32_t)size;
    assert_int_equal(pass(&directive, &read), PAWL_OK);
    assert_true(read.diagnostic);
}

/* SPEC 19.2: with a download a command runs it once; a message belongs to a command. */
static void spec19_2_what_does_not_belong_together_is_malformed(void **state)
{
    struct pawl_directive directive, read;

    (void)state;
    directive = directive_make();
    directive.message_size = 3;
    assert_int_equal(pass(&directive, &read), PAWL_MALFORMED);
    directive = directive_make();
    directive.action = PAWL_ACTION_DOWNLOAD;
    directive.command = 5;
    assert_int_equal(pass(&directive, &read), PAWL_MALFORMED);
    directive.command = 0;
    directive.diagnostic = true;
    assert_int_equal(pass(&directive, &read), PAWL_MALFORMED);
    directive.command = 5;
    assert_int_equal(pass(&directive, &read), PAWL_OK);
    directive.message_size = 3;
    assert_int_equal(pass(&directive, &read), PAWL_MALFORMED);
    directive = directive_make();
    directive.command = (uint64_t)PAWL_COMMAND_MAX + 1;
    assert_int_equal(pass(&directive, &read), PAWL_MALFORMED);
}

/* I9: each of these is refused, and nothing is written out. */
static void i9_summons_that_are_none_are_malformed(void **state)
{
    static const struct {
        size_t size;
        uint8_t bytes[24];
    } cases[] = {
        {1, {0x80}},                                /* [] */
        {3, {0x82, 0x01, 0x01}},                    /* no topic */
        {13, {0x83, 0x01, 0x01, 0x49}},             /* a topic of 9 bytes */
        {12, {0x83, 0x20, 0x01, 0x48}},             /* a negative window */
        {14, {0x83, 0x19, 0x0e, 0x11, 0x01, 0x48}}, /* a window of 3601 s */
        {11, {0x83, 0x01, 0x01, 0x48}},             /* cut off */
        {13, {0x83, 0x01, 0x01, 0x48}},             /* bytes behind it */
        {1, {0xf6}},                                /* null */
        {12, {0x83, 0x01, 0x61, 0x48}},             /* a text for a counter */
        {3, {0x9b, 0xff, 0xff}},                    /* a huge array */
    };
    struct pawl_summons untouched = {.window = 77}, summons = untouched;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(pawl_summons_read(cases[i].bytes, cases[i].size, &summons),
                         PAWL_MALFORMED);
    assert_memory_equal(&summons, &untouched, sizeof summons);
    summons.topic_count = PAWL_TOPICS_MAX + 1;
    size_t size = 0;
    uint8_t bytes[PAWL_SUMMONS_SIZE_MAX];
    assert_int_equal(pawl_summons_write(&summons, bytes, &size), PAWL_MALFORMED);
}

/* SPEC 9.2: key 129 says that a device knows commands at all. */
static void spec19_a_report_tells_the_command_taken(void **state)
{
    const uint8_t device_id[PAWL_ID_SIZE] = {4};
    struct pawl_report report = {.has_command = true, .command = 1234}, read;
    uint8_t bytes[PAWL_REPORT_SIZE_MAX];
    struct pawl_mac0 mac0;
    size_t size = 0;

    (void)state;
    for (int known = 0; known <= 1; known++) {
        report.has_command = known;
        assert_int_equal(pawl_report_write(&report, device_id, key, bytes, sizeof bytes, &size),
                         PAWL_OK);
        assert_int_equal(pawl_report_split(bytes, size, &mac0), PAWL_OK);
        assert_int_equal(pawl_report_decode(&mac0, &read), PAWL_OK);
        assert_int_equal(read.has_command, known);
        assert_int_equal(read.command, known ? 1234 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spec19_what_is_written_is_read),
        cmocka_unit_test(spec19_the_largest_directive_fits),
        cmocka_unit_test(spec19_2_what_does_not_belong_together_is_malformed),
        cmocka_unit_test(i9_summons_that_are_none_are_malformed),
        cmocka_unit_test(spec19_a_report_tells_the_command_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
