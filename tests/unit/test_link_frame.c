/* Frames and answers of the link (SPEC 14), as both ends read and write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "core/crc32.h"
#include "pawl/link.h"

static void spec14_1_the_crc_is_that_of_ethernet(void **state)
{
    (void)state;
    assert_int_equal(pawl_crc32_make("", 0), 0);
    assert_int_equal(pawl_crc32_make("123456789", 9), 0xcbf43926);
}

static void spec14_1_each_byte_of_a_frame(void **state)
{
    static const uint8_t expected[] = {'P', 'L', 4, 7, 0, 0, 0, 3, 'a', 'b', 'c'};
    uint8_t bytes[32];
    size_t size = 0;

    (void)state;
    assert_int_equal(
        pawl_link_frame_write(4, 7, (const uint8_t *)"abc", 3, bytes, sizeof bytes, &size),
        PAWL_OK);
    assert_int_equal(size, sizeof expected + 4);
    assert_memory_equal(bytes, expected, sizeof expected);
    assert_int_equal(pawl_u32be_get(bytes + sizeof expected),
                     pawl_crc32_make(expected, sizeof expected));
    assert_int_equal(pawl_link_frame_write(4, 7, (const uint8_t *)"abc", 3, bytes, 14, &size),
                     PAWL_EXHAUSTED);
    assert_int_equal(pawl_link_frame_write(4, 7, NULL, 0, bytes, 11, &size), PAWL_EXHAUSTED);
    assert_int_equal(pawl_link_frame_write(4, 7, NULL, 0, bytes, 12, &size), PAWL_OK);
}

static void spec14_1_a_payload_in_place(void **state)
{
    uint8_t bytes[64];
    struct pawl_link_frame frame;
    size_t size = 0, used = 0;

    (void)state;
    memcpy(bytes + PAWL_LINK_HEADER_SIZE, "payload", 7);
    assert_int_equal(
        pawl_link_frame_write(2, 1, bytes + PAWL_LINK_HEADER_SIZE, 7, bytes, sizeof bytes, &size),
        PAWL_OK);
    assert_int_equal(pawl_link_frame_read(bytes, size, 100, &frame, &used), PAWL_OK);
    assert_int_equal(used, size);
    assert_int_equal(frame.type, 2);
    assert_int_equal(frame.id, 1);
    assert_int_equal(frame.size, 7);
    assert_memory_equal(frame.payload, "payload", 7);
}

static void i9_a_reader_waits_for_the_whole_frame(void **state)
{
    uint8_t bytes[64];
    struct pawl_link_frame frame;
    size_t size = 0, used = 1;

    (void)state;
    assert_int_equal(
        pawl_link_frame_write(1, 9, (const uint8_t *)"xyz", 3, bytes, sizeof bytes, &size),
        PAWL_OK);
    for (size_t have = 0; have < size; have++) {
        assert_int_equal(pawl_link_frame_read(bytes, have, 100, &frame, &used), PAWL_EXHAUSTED);
        assert_int_equal(used, 0);
    }
}

static void i9_a_damaged_frame_is_never_taken(void **state)
{
    uint8_t bytes[64];
    struct pawl_link_frame frame;
    size_t size = 0, used = 0;

    (void)state;
    assert_int_equal(
        pawl_link_frame_write(1, 9, (const uint8_t *)"xyz", 3, bytes, sizeof bytes, &size),
        PAWL_OK);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum pawl_result result = pawl_link_frame_read(bytes, size, 100, &frame, &used);
        assert_int_not_equal(result, PAWL_OK);
        assert_true(result == PAWL_EXHAUSTED ? used == 0 : used > 0 && used <= size);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void i9_a_reader_finds_the_next_frame_after_noise(void **state)
{
    static const char noise[] = "noise PL noise PPL";
    uint8_t bytes[128];
    struct pawl_link_frame frame;
    size_t size = 0, used = 0, at = 0;

    (void)state;
    memcpy(bytes, noise, sizeof noise);
    assert_int_equal(pawl_link_frame_write(3, 4, (const uint8_t *)"ok", 2, bytes + sizeof noise,
                                           sizeof bytes - sizeof noise, &size),
                     PAWL_OK);
    size += sizeof noise;
    while (pawl_link_frame_read(bytes + at, size - at, 100, &frame, &used) != PAWL_OK) {
        assert_true(used > 0);
        at += used;
        assert_true(at < size);
    }
    assert_int_equal(at, sizeof noise);
    assert_int_equal(frame.type, 3);
}

static void i9_a_length_above_the_limit_is_malformed(void **state)
{
    uint8_t bytes[] = {'P', 'L', 1, 1, 0, 0, 0, 101, 0, 0, 0, 0};
    struct pawl_link_frame frame;
    size_t used = 0;

    (void)state;
    assert_int_equal(pawl_link_frame_read(bytes, sizeof bytes, 100, &frame, &used), PAWL_MALFORMED);
    bytes[4] = 0xff;
    assert_int_equal(pawl_link_frame_read(bytes, sizeof bytes, UINT32_MAX, &frame, &used),
                     PAWL_MALFORMED);
}

static const uint8_t hello_answer[] = {0,  5,  1,  0,  0,  4,  0,  1, 2, 3, 4, 5, 6, 7, 8, 9,
                                       10, 11, 12, 13, 14, 15, 16, 0, 0, 0, 0, 0, 0, 1, 2};

static void spec14_2_hello(void **state)
{
    struct pawl_link_frame frame = {.payload = hello_answer, .size = sizeof hello_answer};
    struct pawl_link_hello hello;
    enum pawl_state device_state;

    (void)state;
    assert_int_equal(pawl_link_hello_read(&frame, &device_state, &hello), PAWL_OK);
    assert_int_equal(device_state, PAWL_STATE_TRIAL);
    assert_int_equal(hello.version, 1);
    assert_int_equal(hello.payload_max, 1024);
    assert_int_equal(hello.device_id[15], 16);
    assert_int_equal(hello.sequence, 258);
    for (frame.size = 0; frame.size < sizeof hello_answer; frame.size++)
        assert_int_equal(pawl_link_hello_read(&frame, &device_state, &hello), PAWL_MALFORMED);
}

static void spec14_2_an_error_comes_with_its_class_and_state(void **state)
{
    static const uint8_t error[] = {PAWL_ROLLBACK, PAWL_STATE_REJECTED};
    static const uint8_t unknown_class[] = {PAWL_RESULT_COUNT, 0};
    static const uint8_t unknown_state[] = {0, 8};
    struct pawl_link_frame frame = {.payload = error, .size = 2};
    enum pawl_state device_state = PAWL_STATE_READY;
    struct pawl_work work;
    const uint8_t *body = NULL;
    uint32_t size = 0;
    uint64_t next = 77;

    (void)state;
    assert_int_equal(pawl_link_work_read(&frame, &device_state, &work), PAWL_ROLLBACK);
    assert_int_equal(device_state, PAWL_STATE_REJECTED);
    assert_int_equal(pawl_link_write_read(&frame, &device_state, &next), PAWL_ROLLBACK);
    assert_int_equal(next, 77);
    frame.payload = unknown_class;
    assert_int_equal(pawl_link_answer_read(&frame, &device_state, &body, &size), PAWL_MALFORMED);
    frame.payload = unknown_state;
    assert_int_equal(pawl_link_answer_read(&frame, &device_state, &body, &size), PAWL_MALFORMED);
}

static void spec14_2_the_offset_wanted_comes_with_errors_too(void **state)
{
    uint8_t answer[] = {PAWL_STATE, PAWL_STATE_WRITING, 0, 0, 0, 1, 0, 0, 0, 2, 0xee};
    struct pawl_link_frame frame = {.payload = answer, .size = 10};
    enum pawl_state device_state;
    uint64_t next = 0;

    (void)state;
    assert_int_equal(pawl_link_write_read(&frame, &device_state, &next), PAWL_STATE);
    assert_int_equal(next, 0x100000002);
    answer[0] = PAWL_OK;
    frame.size = 9;
    assert_int_equal(pawl_link_write_read(&frame, &device_state, &next), PAWL_MALFORMED);
    frame.size = 11;
    assert_int_equal(pawl_link_write_read(&frame, &device_state, &next), PAWL_MALFORMED);
}

static void i9_work_with_a_url_that_is_too_long_is_malformed(void **state)
{
    static uint8_t answer[2 + 54 + PAWL_URL_SIZE_MAX + 1];
    struct pawl_link_frame frame = {.payload = answer, .size = 2 + 54 + PAWL_URL_SIZE_MAX};
    enum pawl_state device_state;
    struct pawl_work work;

    (void)state;
    answer[2] = PAWL_ACTION_DOWNLOAD;
    answer[7] = PAWL_LINK_WORK_FETCH;
    memset(answer + 56, 'u', PAWL_URL_SIZE_MAX);
    assert_int_equal(pawl_link_work_read(&frame, &device_state, &work), PAWL_OK);
    assert_true(work.fetch && !work.install);
    assert_int_equal(work.url_size, PAWL_URL_SIZE_MAX);
    assert_int_equal(work.url[PAWL_URL_SIZE_MAX - 1], 'u');
    frame.size++;
    assert_int_equal(pawl_link_work_read(&frame, &device_state, &work), PAWL_MALFORMED);
    frame.size = 55;
    assert_int_equal(pawl_link_work_read(&frame, &device_state, &work), PAWL_MALFORMED);
    frame.size = 56;
    answer[2] = 4;
    assert_int_equal(pawl_link_work_read(&frame, &device_state, &work), PAWL_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spec14_1_the_crc_is_that_of_ethernet),
        cmocka_unit_test(spec14_1_each_byte_of_a_frame),
        cmocka_unit_test(spec14_1_a_payload_in_place),
        cmocka_unit_test(i9_a_reader_waits_for_the_whole_frame),
        cmocka_unit_test(i9_a_damaged_frame_is_never_taken),
        cmocka_unit_test(i9_a_reader_finds_the_next_frame_after_noise),
        cmocka_unit_test(i9_a_length_above_the_limit_is_malformed),
        cmocka_unit_test(spec14_2_hello),
        cmocka_unit_test(spec14_2_an_error_comes_with_its_class_and_state),
        cmocka_unit_test(spec14_2_the_offset_wanted_comes_with_errors_too),
        cmocka_unit_test(i9_work_with_a_url_that_is_too_long_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
