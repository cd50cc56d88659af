/* The agent's end of the link (SPEC 14): damaged, late and foreign frames are dropped, the verdict
 * of the processor is told apart from a link that is of no use. The processor's answers lie in the
 * socket before they are asked for. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/link_client.h"
#include "pawl_test.h"

struct fixture {
    struct pawl_wake wake;
    struct pawl_link_client client;
    int processor; /* the other end */
};

static int fixture_make(void **state)
{
    static struct fixture fixture;
    int pair[2];

    fixture = (struct fixture){.wake = {.signals = -1}};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
        return -1;
    fixture.processor = pair[1];
    fixture.client.channel.fd = pair[0];
    fixture.client.wake = &fixture.wake;
    fixture.client.hello.payload_max = PAWL_LINK_PAYLOAD_MIN;
    fixture.client.frame = malloc(PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MAX);
    *state = &fixture;
    return fixture.client.frame == NULL ? -1 : 0;
}

static int fixture_release(void **state)
{
    struct fixture *fixture = *state;

    pawl_link_client_close(&fixture->client);
    if (fixture->processor >= 0)
        close(fixture->processor);
    return 0;
}

/* Puts an answer into the socket. */
static void answer_put(struct fixture *fixture, uint8_t type, uint8_t id, const void *payload,
                       uint32_t size, size_t damaged)
{
    uint8_t frame[256];
    size_t written;

    assert_result(PAWL_OK, pawl_link_frame_write(type | PAWL_LINK_ANSWER, id, payload, size, frame,
                                                 sizeof frame, &written));
    frame[damaged] ^= damaged > 0 ? 0x10 : 0;
    assert_int_equal(written, write(fixture->processor, frame, written));
}

static void test_only_the_whole_answer_to_this_request_counts(void **state)
{
    struct fixture *fixture = *state;
    const uint8_t untrusted[] = {PAWL_UNTRUSTED, PAWL_STATE_READY};
    const uint8_t installed[] = {PAWL_OK, PAWL_STATE_TRIAL};
    struct pawl_link_answer answer;

    assert_int_equal(7, write(fixture->processor, "PLnoise", 7));
    answer_put(fixture, PAWL_LINK_INSTALL, 0, untrusted, sizeof untrusted, 0); /* too late */
    answer_put(fixture, PAWL_LINK_REPORT, 1, untrusted, sizeof untrusted, 0);  /* another's */
    answer_put(fixture, PAWL_LINK_INSTALL, 1, untrusted, sizeof untrusted, 8); /* damaged */
    answer_put(fixture, PAWL_LINK_INSTALL, 1, installed, sizeof installed, 0);
    assert_result(PAWL_OK, pawl_link_client_install(&fixture->client, &answer));
    assert_result(PAWL_OK, answer.result);
    assert_int_equal(PAWL_STATE_TRIAL, answer.state);
}

static void test_verdict_of_the_processor_is_no_link_failure(void **state)
{
    struct fixture *fixture = *state;
    const uint8_t corrupt[] = {PAWL_CORRUPT, PAWL_STATE_REJECTED};
    struct pawl_link_answer answer;

    answer_put(fixture, PAWL_LINK_INSTALL, 1, corrupt, sizeof corrupt, 0);
    assert_result(PAWL_OK, pawl_link_client_install(&fixture->client, &answer));
    assert_result(PAWL_CORRUPT, answer.result);
    assert_int_equal(PAWL_STATE_REJECTED, answer.state);
}

/* I9: whatever is at the other end, the agent says that it does not understand it. */
static void test_answers_of_a_wrong_form_are_malformed(void **state)
{
    struct fixture *fixture = *state;
    const uint8_t bytes[64] = {PAWL_OK, PAWL_STATE_READY};
    struct pawl_link_answer answer;
    struct pawl_processor_status status;

    for (uint32_t size = 0; size < sizeof bytes; size++) {
        answer_put(fixture, PAWL_LINK_STATUS, (uint8_t)(size + 1), bytes, size, 0);
        assert_result(PAWL_MALFORMED, pawl_link_client_status(&fixture->client, &answer, &status));
        assert_non_null(strstr(fixture->client.problem, "not understood"));
    }
}

static void test_closed_link_is_io(void **state)
{
    struct fixture *fixture = *state;
    struct pawl_link_answer answer;
    struct pawl_processor_status status;

    close(fixture->processor);
    fixture->processor = -1;
    assert_result(PAWL_IO, pawl_link_client_status(&fixture->client, &answer, &status));
    assert_true(strlen(fixture->client.problem) > 0);
}

static void test_stop_ends_the_wait(void **state)
{
    struct fixture *fixture = *state;
    struct pawl_link_answer answer;

    fixture->wake.is_stopped = true;
    assert_result(PAWL_IO, pawl_link_client_install(&fixture->client, &answer));
}

static void test_package_bytes_travel_with_their_offset(void **state)
{
    static const uint8_t head[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct fixture *fixture = *state;
    const uint8_t taken[] = {PAWL_OK, PAWL_STATE_WRITING, 1, 2, 3, 4, 5, 6, 7, 8 + 5};
    struct pawl_link_answer answer;
    struct pawl_link_frame frame;
    uint8_t sent[PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN];
    size_t capacity, used;
    uint64_t next;

    memcpy(pawl_link_client_write_area(&fixture->client, &capacity), "bytes", 5);
    assert_int_equal(PAWL_LINK_PAYLOAD_MIN - 8, capacity);
    assert_result(PAWL_OK, pawl_link_client_write_send(&fixture->client, 0x0102030405060708, 5));
    assert_true(fixture->client.write_pending);
    ssize_t size = read(fixture->processor, sent, sizeof sent);
    assert_true(size > 0);
    assert_result(PAWL_OK,
                  pawl_link_frame_read(sent, (size_t)size, PAWL_LINK_PAYLOAD_MIN, &frame, &used));
    assert_int_equal(PAWL_LINK_WRITE, frame.type);
    assert_int_equal(13, frame.size);
    assert_memory_equal(frame.payload, head, 8);
    assert_memory_equal(frame.payload + 8, "bytes", 5);

    answer_put(fixture, PAWL_LINK_WRITE, frame.id, taken, sizeof taken, 0);
    assert_result(PAWL_OK, pawl_link_client_write_finish(&fixture->client, &answer, &next));
    assert_int_equal(0x010203040506070d, next);
    assert_false(fixture->client.write_pending);
}

/* A fetch that broke off leaves the answer to its last WRITE behind. */
static void test_pending_write_does_not_disturb_what_follows(void **state)
{
    struct fixture *fixture = *state;
    const uint8_t taken[] = {PAWL_OK, PAWL_STATE_WRITING, 0, 0, 0, 0, 0, 0, 0, 5};
    const uint8_t installed[] = {PAWL_OK, PAWL_STATE_TRIAL};
    struct pawl_link_answer answer;

    assert_result(PAWL_OK, pawl_link_client_write_send(&fixture->client, 0, 5));
    answer_put(fixture, PAWL_LINK_WRITE, 1, taken, sizeof taken, 0);
    answer_put(fixture, PAWL_LINK_INSTALL, 2, installed, sizeof installed, 0);
    assert_result(PAWL_OK, pawl_link_client_install(&fixture->client, &answer));
    assert_false(fixture->client.write_pending);
}

/* A line that loses what is sent on it, but for every third frame. */
static struct lossy {
    struct fixture *fixture;
    unsigned sent;
    uint8_t first[64];
    bool same; /* each was the first one once more */
} lossy;

static ssize_t lossy_send(struct pawl_channel *channel, const uint8_t *bytes, size_t size)
{
    const uint8_t installed[] = {PAWL_OK, PAWL_STATE_TRIAL};

    (void)channel;
    if (lossy.sent == 0)
        memcpy(lossy.first, bytes, size);
    lossy.same = memcmp(lossy.first, bytes, size) == 0;
    if (++lossy.sent == 3)
        answer_put(lossy.fixture, PAWL_LINK_INSTALL, bytes[3], installed, sizeof installed, 0);
    return (ssize_t)size;
}

static ssize_t lossy_receive(struct pawl_channel *channel, uint8_t *bytes, size_t capacity)
{
    return recv(channel->fd, bytes, capacity, 0);
}

/* SPEC 14.6: the same frame again, until it is answered. */
static void test_lost_requests_are_sent_again_as_they_were(void **state)
{
    static const struct pawl_channel_kind kind = {.send = lossy_send,
                                                  .receive = lossy_receive,
                                                  .frame_max =
                                                      PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN,
                                                  .resend_after = 5};
    struct fixture *fixture = *state;
    struct pawl_link_answer answer;

    lossy = (struct lossy){.fixture = fixture};
    fixture->client.channel.kind = &kind;
    assert_result(PAWL_OK, pawl_link_client_install(&fixture->client, &answer));
    assert_result(PAWL_OK, answer.result);
    assert_int_equal(3, lossy.sent);
    assert_true(lossy.same);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_only_the_whole_answer_to_this_request_counts),
        TEST(test_verdict_of_the_processor_is_no_link_failure),
        TEST(test_answers_of_a_wrong_form_are_malformed),
        TEST(test_closed_link_is_io),
        TEST(test_stop_ends_the_wait),
        TEST(test_package_bytes_travel_with_their_offset),
        TEST(test_pending_write_does_not_disturb_what_follows),
        TEST(test_lost_requests_are_sent_again_as_they_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
