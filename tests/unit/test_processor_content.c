/* Content keys (SPEC 20.5): what the engine opens, and what it does not, over the link. */
#include "processor_fixture.h"

#include "pawl/link.h"

#define PAYLOAD_MAX 1400u

static const uint8_t key[PAWL_CONTENT_KEY_SIZE] = "sixteen bytes !";

/* A grant for the device as it would be at `sequence` with `package`. */
static void grant_make(const struct fixture *f, uint64_t sequence,
                       const struct pawl_test_package *package, struct pawl_grant *grant)
{
    memset(grant, 0x5a, sizeof *grant);
    assert_int_equal(
        pawl_grant_wrap(f->device.pud.unit_secret, sequence, package->package_id, key, grant),
        PAWL_OK);
}

static enum pawl_result open_grant(struct fixture *f, const struct pawl_grant *grant)
{
    static const uint8_t untouched[PAWL_CONTENT_KEY_SIZE];
    uint8_t opened[PAWL_CONTENT_KEY_SIZE] = {0};

    enum pawl_result result =
        pawl_processor_content_key(f->device.engine, grant->salt, grant->wrapped, opened);
    assert_memory_equal(opened, result == PAWL_OK ? key : untouched, sizeof opened);
    return result;
}

static void spec20_5_a_device_without_a_package_opens_nothing(void **state)
{
    struct fixture *f = *state;
    struct pawl_grant grant;

    grant_make(f, 0, &f->first, &grant);
    assert_int_equal(open_grant(f, &grant), PAWL_NOT_ENTITLED);
}

/* I2: a grant opens while what it was made for is committed, also after a reboot, and stops with
 * the next commit, until it is made anew. */
static void i2_a_grant_opens_until_the_next_commit(void **state)
{
    struct fixture *f = *state;
    struct pawl_grant first, too_late, too_early, second;

    fixture_commit(f, &f->first);
    grant_make(f, 1, &f->first, &first);
    grant_make(f, 2, &f->first, &too_early);
    grant_make(f, 0, &f->first, &too_late);
    assert_int_equal(open_grant(f, &first), PAWL_OK);
    assert_int_equal(open_grant(f, &too_early), PAWL_NOT_ENTITLED);
    assert_int_equal(open_grant(f, &too_late), PAWL_NOT_ENTITLED);
    assert_int_equal(fixture_reboot(f), PAWL_OK);
    assert_int_equal(open_grant(f, &first), PAWL_OK);

    fixture_commit(f, &f->second);
    assert_int_equal(open_grant(f, &first), PAWL_NOT_ENTITLED);
    assert_int_equal(open_grant(f, &too_early), PAWL_NOT_ENTITLED);
    grant_make(f, 2, &f->second, &second);
    assert_int_equal(open_grant(f, &second), PAWL_OK);
}

/* While another image is on trial, what is committed does not run. */
static void spec20_5_nothing_opens_during_a_trial(void **state)
{
    struct fixture *f = *state;
    struct pawl_grant committed, trial;

    fixture_commit(f, &f->first);
    grant_make(f, 1, &f->first, &committed);
    grant_make(f, 1, &f->second, &trial);
    assert_int_equal(pawl_test_device_download(&f->device, &f->second, 1), PAWL_OK);
    assert_int_equal(pawl_test_device_state(&f->device), PAWL_STATE_TRIAL);
    assert_int_equal(open_grant(f, &committed), PAWL_STATE);
    assert_int_equal(open_grant(f, &trial), PAWL_STATE);
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_OTHER), PAWL_OK);
    assert_int_equal(open_grant(f, &committed), PAWL_OK);
    assert_int_equal(open_grant(f, &trial), PAWL_NOT_ENTITLED);
}

/* I2: when the counter moved behind the engine's back, what it has in memory is the past. */
static void i2_nothing_opens_when_the_counter_has_moved(void **state)
{
    struct fixture *f = *state;
    struct pawl_grant grant;

    fixture_commit(f, &f->first);
    grant_make(f, 1, &f->first, &grant);
    f->device.ram.counter++;
    assert_int_equal(open_grant(f, &grant), PAWL_STORAGE);
    assert_int_equal(open_grant(f, &grant), PAWL_NOT_ENTITLED);
}

/* One request over the link; the answer's body. */
static enum pawl_result ask(struct fixture *f, uint8_t type, const void *payload, uint32_t size,
                            uint8_t body[PAWL_LINK_PAYLOAD_MIN], uint32_t *body_size)
{
    uint8_t answer[PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN];
    const struct pawl_link_frame request = {type, 1, payload, size};
    struct pawl_link_frame frame;
    enum pawl_state device_state;
    const uint8_t *found = NULL;
    size_t written = 0, used = 0;

    assert_int_equal(pawl_link_serve(f->device.engine, &f->device.pud, PAYLOAD_MAX, &request,
                                     answer, sizeof answer, &written),
                     PAWL_OK);
    assert_int_equal(pawl_link_frame_read(answer, written, PAWL_LINK_PAYLOAD_MIN, &frame, &used),
                     PAWL_OK);
    *body_size = 0;
    enum pawl_result result = pawl_link_answer_read(&frame, &device_state, &found, body_size);
    if (result == PAWL_OK)
        memcpy(body, found, *body_size);
    return result;
}

static void spec14_3_content_key_over_the_link(void **state)
{
    struct fixture *f = *state;
    uint8_t body[PAWL_LINK_PAYLOAD_MIN];
    struct pawl_grant grant;
    uint32_t size;

    fixture_commit(f, &f->first);
    grant_make(f, 1, &f->first, &grant);
    const uint32_t wanted = sizeof grant.salt + sizeof grant.wrapped;
    for (uint32_t cut = 0; cut < wanted; cut++)
        assert_int_equal(ask(f, PAWL_LINK_CONTENT_KEY, grant.salt, cut, body, &size),
                         PAWL_MALFORMED);
    assert_int_equal(ask(f, PAWL_LINK_CONTENT_KEY, grant.salt, wanted, body, &size), PAWL_OK);
    assert_int_equal(size, sizeof key);
    assert_memory_equal(body, key, sizeof key);
    grant.wrapped[23] ^= 1;
    assert_int_equal(ask(f, PAWL_LINK_CONTENT_KEY, grant.salt, wanted, body, &size),
                     PAWL_NOT_ENTITLED);
    assert_int_equal(size, 0);
}

static void spec14_3_a_report_asks_for_the_keys_of_its_request(void **state)
{
    struct fixture *f = *state;
    uint8_t ids[5 * PAWL_CONTENT_KEY_ID_SIZE], body[PAWL_LINK_PAYLOAD_MIN];
    struct pawl_report report;
    struct pawl_mac0 mac0;
    uint32_t size;

    for (size_t i = 0; i < sizeof ids; i++)
        ids[i] = (uint8_t)i;
    for (uint32_t count = 0; count <= PAWL_CONTENT_WANTED_MAX; count++) {
        uint32_t ids_size = count * PAWL_CONTENT_KEY_ID_SIZE;
        assert_int_equal(ask(f, PAWL_LINK_REPORT, ids, ids_size, body, &size), PAWL_OK);
        assert_int_equal(pawl_report_split(body, size, &mac0), PAWL_OK);
        assert_int_equal(pawl_report_decode(&mac0, &report), PAWL_OK);
        assert_int_equal(report.wanted_count, count);
        assert_memory_equal(report.wanted, ids, ids_size);
    }
    assert_int_equal(ask(f, PAWL_LINK_REPORT, ids, sizeof ids, body, &size), PAWL_MALFORMED);
    assert_int_equal(ask(f, PAWL_LINK_REPORT, ids, 17, body, &size), PAWL_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(spec20_5_a_device_without_a_package_opens_nothing),
        FIXTURE_TEST(i2_a_grant_opens_until_the_next_commit),
        FIXTURE_TEST(spec20_5_nothing_opens_during_a_trial),
        FIXTURE_TEST(i2_nothing_opens_when_the_counter_has_moved),
        FIXTURE_TEST(spec14_3_content_key_over_the_link),
        FIXTURE_TEST(spec14_3_a_report_asks_for_the_keys_of_its_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
