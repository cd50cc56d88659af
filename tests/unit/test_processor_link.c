/* The device side of the link (SPEC 14): every request through frames, as an agent sends them. */
#include "processor_fixture.h"

#include "pawl/link.h"

#define PAYLOAD_MAX 2048u

struct answer {
    uint8_t bytes[PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN];
    struct pawl_link_frame frame;
};

static void ask(struct fixture *f, uint8_t type, const void *payload, uint32_t size,
                struct answer *answer)
{
    static uint8_t request[PAWL_LINK_OVERHEAD + PAYLOAD_MAX];
    struct pawl_link_frame frame;
    size_t written = 0, used = 0;

    assert_int_equal(
        pawl_link_frame_write(type, 42, payload, size, request, sizeof request, &written), PAWL_OK);
    assert_int_equal(pawl_link_frame_read(request, written, PAYLOAD_MAX, &frame, &used), PAWL_OK);
    assert_int_equal(pawl_link_serve(f->device.engine, &f->device.pud, PAYLOAD_MAX, &frame,
                                     answer->bytes, sizeof answer->bytes, &written),
                     PAWL_OK);
    assert_int_equal(
        pawl_link_frame_read(answer->bytes, written, PAWL_LINK_PAYLOAD_MIN, &answer->frame, &used),
        PAWL_OK);
    assert_int_equal(used, written);
    assert_int_equal(answer->frame.type, type | PAWL_LINK_ANSWER);
    assert_int_equal(answer->frame.id, 42);
}

/* REPORT, then DIRECTIVE offering `package`, over the link. */
static enum pawl_result offer(struct fixture *f, const struct pawl_test_package *package,
                              struct pawl_work *work)
{
    struct answer answer;
    struct pawl_directive directive;
    struct pawl_mac0 mac0;
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX], auth_key[PAWL_KEY_SIZE];
    const uint8_t *body = NULL;
    enum pawl_state device_state;
    uint32_t body_size = 0;
    size_t size = 0;

    ask(f, PAWL_LINK_REPORT, NULL, 0, &answer);
    assert_int_equal(pawl_link_answer_read(&answer.frame, &device_state, &body, &body_size),
                     PAWL_OK);
    pawl_auth_key_make(f->device.pud.unit_secret, auth_key);
    assert_int_equal(pawl_report_split(body, body_size, &mac0), PAWL_OK);
    assert_int_equal(pawl_report_verify(&mac0, auth_key), PAWL_OK);
    assert_int_equal(pawl_report_decode(&mac0, &f->device.report), PAWL_OK);
    pawl_test_directive_fill(&f->device, package, f->device.report.sequence, &directive);
    assert_int_equal(pawl_directive_write(&directive, auth_key, bytes, sizeof bytes, &size),
                     PAWL_OK);
    ask(f, PAWL_LINK_DIRECTIVE, bytes, (uint32_t)size, &answer);
    return pawl_link_work_read(&answer.frame, &device_state, work);
}

static enum pawl_result bring(struct fixture *f, const struct pawl_test_package *package,
                              uint64_t offset)
{
    uint8_t payload[8 + 1000];
    enum pawl_result result = PAWL_OK;

    while (result == PAWL_OK && offset < package->size) {
        struct answer answer;
        enum pawl_state device_state;
        size_t part = package->size - offset < 1000 ? (size_t)(package->size - offset) : 1000;
        for (unsigned i = 0; i < 8; i++)
            payload[i] = (uint8_t)(offset >> (56 - 8 * i));
        memcpy(payload + 8, package->bytes + offset, part);
        ask(f, PAWL_LINK_WRITE, payload, (uint32_t)(8 + part), &answer);
        result = pawl_link_write_read(&answer.frame, &device_state, &offset);
    }
    return result;
}

static void spec14_2_a_whole_download(void **state)
{
    struct fixture *f = *state;
    struct answer answer;
    struct pawl_link_hello hello;
    struct pawl_processor_status status;
    struct pawl_work work;
    enum pawl_state device_state;
    const uint8_t *body = NULL;
    uint32_t size = 0;

    ask(f, PAWL_LINK_HELLO, NULL, 0, &answer);
    assert_int_equal(pawl_link_hello_read(&answer.frame, &device_state, &hello), PAWL_OK);
    assert_int_equal(hello.version, PAWL_LINK_VERSION);
    assert_int_equal(hello.payload_max, PAYLOAD_MAX);
    assert_memory_equal(hello.device_id, f->device.pud.device_id, PAWL_ID_SIZE);
    assert_int_equal(hello.sequence, 0);

    assert_int_equal(offer(f, &f->first, &work), PAWL_OK);
    assert_true(work.fetch);
    assert_int_equal(work.action, PAWL_ACTION_DOWNLOAD);
    assert_int_equal(work.poll_after, 30);
    assert_int_equal(work.package_size, f->first.size);
    assert_memory_equal(work.url, "/v1/packages/x", work.url_size);
    assert_int_equal(bring(f, &f->first, work.offset), PAWL_OK);
    assert_int_equal(offer(f, &f->first, &work), PAWL_OK);
    assert_true(work.install && !work.fetch);
    ask(f, PAWL_LINK_INSTALL, NULL, 0, &answer);
    assert_int_equal(pawl_link_answer_read(&answer.frame, &device_state, &body, &size), PAWL_OK);
    assert_int_equal(device_state, PAWL_STATE_TRIAL);
    assert_int_equal(size, 0);
    assert_int_equal(pawl_processor_ran(f->device.engine, PAWL_RUN_EXITED_ZERO), PAWL_OK);

    ask(f, PAWL_LINK_STATUS, NULL, 0, &answer);
    assert_int_equal(pawl_link_status_read(&answer.frame, &status), PAWL_OK);
    assert_int_equal(status.state, PAWL_STATE_UPDATED);
    assert_int_equal(status.sequence, 1);
    assert_true(status.has_package && !status.running && !status.has_failure);
    assert_memory_equal(status.package_id, f->first.package_id, PAWL_PACKAGE_ID_SIZE);
}

static void spec14_2_status_tells_the_failure(void **state)
{
    struct fixture *f = *state;
    struct pawl_processor_status status;
    struct pawl_work work;
    struct answer answer;

    fixture_commit(f, &f->first);
    f->second.bytes[f->second.size - 1] ^= 1;
    assert_int_equal(offer(f, &f->second, &work), PAWL_OK);
    assert_int_equal(bring(f, &f->second, 0), PAWL_CORRUPT);
    ask(f, PAWL_LINK_STATUS, NULL, 0, &answer);
    assert_int_equal(pawl_link_status_read(&answer.frame, &status), PAWL_OK);
    assert_int_equal(status.state, PAWL_STATE_REJECTED);
    assert_true(status.has_failure);
    assert_int_equal(status.failure, PAWL_CORRUPT);
    assert_memory_equal(status.failed_package_id, f->second.package_id, PAWL_PACKAGE_ID_SIZE);
}

static void spec14_2_requests_may_be_repeated(void **state)
{
    static const uint8_t types[] = {PAWL_LINK_HELLO, PAWL_LINK_REPORT, PAWL_LINK_STATUS,
                                    PAWL_LINK_CANCEL};
    struct fixture *f = *state;
    struct answer answer;
    enum pawl_state device_state;
    const uint8_t *body;
    uint32_t size;

    for (size_t i = 0; i < 2 * sizeof types; i++) {
        ask(f, types[i / 2], NULL, 0, &answer);
        assert_int_equal(pawl_link_answer_read(&answer.frame, &device_state, &body, &size),
                         PAWL_OK);
    }
}

/* Requests that are refused before the engine sees them. */
static void i9_requests_that_are_none(void **state)
{
    static const struct {
        uint8_t type;
        uint32_t size;
        enum pawl_result expected;
    } cases[] = {
        {0, 0, PAWL_UNSUPPORTED},
        {PAWL_LINK_TAKEN, 7, PAWL_MALFORMED},
        {PAWL_LINK_TAKEN, 8, PAWL_STATE},
        {0x20, 0, PAWL_UNSUPPORTED},
        {0x7f, 0, PAWL_UNSUPPORTED},
        {0xff, 0, PAWL_UNSUPPORTED},
        {PAWL_LINK_HELLO, 1, PAWL_MALFORMED},
        {PAWL_LINK_REPORT, 1, PAWL_MALFORMED},
        {PAWL_LINK_DIRECTIVE, 0, PAWL_MALFORMED},
        {PAWL_LINK_DIRECTIVE, PAWL_DIRECTIVE_SIZE_MAX + 1, PAWL_MALFORMED},
        {PAWL_LINK_WRITE, 7, PAWL_MALFORMED},
        {PAWL_LINK_INSTALL, 1, PAWL_MALFORMED},
        {PAWL_LINK_STATUS, 1, PAWL_MALFORMED},
        {PAWL_LINK_CANCEL, 1, PAWL_MALFORMED},
        {PAWL_LINK_WRITE, 8, PAWL_STATE},
        {PAWL_LINK_INSTALL, 0, PAWL_STATE},
    };
    static const uint8_t payload[PAYLOAD_MAX];
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer answer;
        ask(f, cases[i].type, payload, cases[i].size, &answer);
        assert_int_equal(answer.frame.payload[0], cases[i].expected);
        assert_int_equal(answer.frame.payload[1], PAWL_STATE_READY);
        assert_int_equal(answer.frame.size,
                         cases[i].expected == PAWL_STATE && cases[i].type == PAWL_LINK_WRITE ? 10
                                                                                             : 2);
    }
}

static void spec14_2_an_answer_needs_its_room(void **state)
{
    struct fixture *f = *state;
    struct pawl_link_frame request = {.type = PAWL_LINK_HELLO};
    uint8_t answer[100];
    size_t size = 0;

    assert_int_equal(pawl_link_serve(f->device.engine, &f->device.pud, PAYLOAD_MAX, &request,
                                     answer, sizeof answer, &size),
                     PAWL_EXHAUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(spec14_2_a_whole_download),
        FIXTURE_TEST(spec14_2_status_tells_the_failure),
        FIXTURE_TEST(spec14_2_requests_may_be_repeated),
        FIXTURE_TEST(i9_requests_that_are_none),
        FIXTURE_TEST(spec14_2_an_answer_needs_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
