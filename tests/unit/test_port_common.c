/* What ports without an operating system share: NOR flash in memory, unit data that is written once
 * (SPEC 14.8), and the device's end of a link that loses frames (SPEC 14.6). */
#include <string.h>

#include "common/link_device.h"
#include "common/nor_memory.h"
#include "common/otp.h"
#include "pawl_test.h"

#define PAGE 256u

static uint32_t memory[1024];

static int memory_erase(void **state)
{
    (void)state;
    memset(memory, 0xff, sizeof memory);
    return 0;
}

static void test_nor_clears_bits_and_erases_pages(void **state)
{
    const struct pawl_nor_memory nor = {memory, sizeof memory, PAGE};
    const uint8_t one[8] = {0xf0, 1, 2, 3, 4, 5, 6, 7}, two[8] = {0x3f, 1, 2, 3, 4, 5, 6, 0};
    uint8_t read[8];

    (void)state;
    assert_result(PAWL_OK, pawl_nor_program(&nor, PAGE + 8, one, sizeof one));
    assert_result(PAWL_OK, pawl_nor_program(&nor, PAGE + 8, two, sizeof two));
    assert_result(PAWL_OK, pawl_nor_read(&nor, PAGE + 8, read, sizeof read));
    assert_int_equal(0x30, read[0]); /* no bit came back */
    assert_int_equal(0, read[7]);
    assert_result(PAWL_OK, pawl_nor_erase(&nor, 0, PAGE));
    assert_result(PAWL_OK, pawl_nor_read(&nor, PAGE + 8, read, 1));
    assert_int_equal(0x30, read[0]);
    assert_result(PAWL_OK, pawl_nor_erase(&nor, PAGE, PAGE));
    assert_result(PAWL_OK, pawl_nor_read(&nor, PAGE + 8, read, 1));
    assert_int_equal(0xff, read[0]);
}

static void test_nor_refuses_what_lies_outside(void **state)
{
    const struct pawl_nor_memory nor = {memory, sizeof memory, PAGE};
    uint8_t bytes[16] = {0};

    (void)state;
    assert_result(PAWL_STORAGE, pawl_nor_read(&nor, sizeof memory - 8, bytes, 16));
    assert_result(PAWL_STORAGE, pawl_nor_read(&nor, UINT64_MAX - 7, bytes, 16));
    assert_result(PAWL_STORAGE, pawl_nor_program(&nor, 4, bytes, 8));
    assert_result(PAWL_STORAGE, pawl_nor_program(&nor, 8, bytes, 12));
    assert_result(PAWL_STORAGE, pawl_nor_program(&nor, sizeof memory, bytes, 8));
    assert_result(PAWL_STORAGE, pawl_nor_erase(&nor, 8, PAGE));
    assert_result(PAWL_STORAGE, pawl_nor_erase(&nor, sizeof memory, PAGE));
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++)
        assert_int_equal(UINT32_MAX, memory[i]);
}

static size_t pud_make(uint8_t secret, uint8_t bytes[PAWL_PUD_SIZE_MAX])
{
    struct pawl_pud pud = {.chain_length = 1024, .anchor_count = 1};
    size_t size = 0;

    memset(pud.unit_secret, secret, sizeof pud.unit_secret);
    memset(pud.anchors[0].x, 1, sizeof pud.anchors[0].x);
    assert_result(PAWL_OK, pawl_pud_write(&pud, bytes, PAWL_PUD_SIZE_MAX, &size));
    return size;
}

static void test_unit_data_is_written_once(void **state)
{
    const struct pawl_otp otp = {memory};
    uint8_t first[PAWL_PUD_SIZE_MAX], second[PAWL_PUD_SIZE_MAX];
    size_t size = pud_make(0x11, first);
    struct pawl_pud pud;

    (void)state;
    assert_int_equal(size, pud_make(0x22, second));
    assert_result(PAWL_STATE, pawl_otp_read(&otp, &pud));
    assert_result(PAWL_MALFORMED, pawl_otp_write(&otp, first, size - 1));
    assert_int_equal(UINT32_MAX, memory[0]);
    assert_result(PAWL_OK, pawl_otp_write(&otp, first, size));
    assert_result(PAWL_STATE, pawl_otp_write(&otp, second, size));
    assert_result(PAWL_OK, pawl_otp_read(&otp, &pud));
    assert_int_equal(0x11, pud.unit_secret[0]);
}

/* I4: after any word the power may fail; the same data finishes it, other data is refused. */
static void test_unit_data_that_was_cut_short_is_finished(void **state)
{
    const struct pawl_otp otp = {memory};
    static uint32_t whole[PAWL_OTP_SIZE / 4];
    uint8_t first[PAWL_PUD_SIZE_MAX], second[PAWL_PUD_SIZE_MAX];
    size_t size = pud_make(0x11, first);
    struct pawl_pud pud;

    (void)state;
    pud_make(0x22, second);
    assert_result(PAWL_OK, pawl_otp_write(&otp, first, size));
    memcpy(whole, memory, sizeof whole);
    size_t words = 0;
    while (whole[words] != UINT32_MAX)
        words++;
    for (size_t cut = 1; cut < words; cut++) {
        assert_int_equal(0, memory_erase(NULL));
        memcpy(memory, whole, cut * 4);
        assert_result(PAWL_STATE, pawl_otp_read(&otp, &pud));
        if (memcmp(first, second, cut * 4 > 12 ? cut * 4 - 12 : 0) != 0)
            assert_result(PAWL_STATE, pawl_otp_write(&otp, second, size));
        assert_result(PAWL_OK, pawl_otp_write(&otp, first, size));
        assert_result(PAWL_OK, pawl_otp_read(&otp, &pud));
    }
}

struct factory {
    unsigned calls;
    enum pawl_result result;
};

static enum pawl_result provision(void *context, const uint8_t *pud, size_t size)
{
    struct factory *factory = context;

    (void)pud;
    assert_int_equal(3, size);
    factory->calls++;
    return factory->result;
}

static size_t request_make(uint8_t type, uint8_t id, const char *payload, uint8_t bytes[64])
{
    size_t size = 0;

    assert_result(PAWL_OK, pawl_link_frame_write(type, id, (const uint8_t *)payload,
                                                 (uint32_t)strlen(payload), bytes, 64, &size));
    return size;
}

/* SPEC 14.6: once carried out, however often it comes; another id or other bytes are another. */
static void test_a_request_sent_again_is_answered_again(void **state)
{
    struct factory factory = {.result = PAWL_OK};
    struct pawl_link_device link = {.provision = provision, .context = &factory};
    uint8_t request[64], first[PAWL_LINK_DEVICE_FRAME_MAX];
    size_t size = request_make(PAWL_LINK_PROVISION, 7, "pud", request), answer = 0, again = 0;

    (void)state;
    assert_int_equal(size, pawl_link_device_take(&link, request, size, &answer));
    memcpy(first, link.answer, answer);
    assert_int_equal(PAWL_OK, first[PAWL_LINK_HEADER_SIZE]);
    factory.result = PAWL_STATE;
    assert_int_equal(size, pawl_link_device_take(&link, request, size, &again));
    assert_int_equal(answer, again);
    assert_memory_equal(first, link.answer, answer);
    assert_int_equal(1, factory.calls);

    size = request_make(PAWL_LINK_PROVISION, 8, "pud", request);
    assert_int_equal(size, pawl_link_device_take(&link, request, size, &answer));
    assert_int_equal(PAWL_STATE, link.answer[PAWL_LINK_HEADER_SIZE]);
    size = request_make(PAWL_LINK_PROVISION, 8, "PUD", request);
    assert_int_equal(size, pawl_link_device_take(&link, request, size, &answer));
    assert_int_equal(3, factory.calls);
}

static void test_noise_is_dropped_and_an_incomplete_frame_waits(void **state)
{
    struct factory factory = {.result = PAWL_OK};
    struct pawl_link_device link = {.provision = provision, .context = &factory};
    uint8_t request[64];
    size_t size = request_make(PAWL_LINK_STATUS, 1, "", request), answer = 1;

    (void)state;
    assert_int_equal(0, pawl_link_device_take(&link, request, size - 1, &answer));
    assert_int_equal(0, answer);
    request[size - 1] ^= 1;
    assert_true(pawl_link_device_take(&link, request, size, &answer) > 0);
    assert_int_equal(0, answer);
    request[size - 1] ^= 1;
    assert_int_equal(size, pawl_link_device_take(&link, request, size, &answer));
    assert_int_equal(PAWL_STATE, link.answer[PAWL_LINK_HEADER_SIZE]); /* no unit data (14.8) */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nor_clears_bits_and_erases_pages, memory_erase),
        cmocka_unit_test_setup(test_nor_refuses_what_lies_outside, memory_erase),
        cmocka_unit_test_setup(test_unit_data_is_written_once, memory_erase),
        cmocka_unit_test_setup(test_unit_data_that_was_cut_short_is_finished, memory_erase),
        cmocka_unit_test(test_a_request_sent_again_is_answered_again),
        cmocka_unit_test(test_noise_is_dropped_and_an_incomplete_frame_waits),
    };

    return cmocka_run_group_tests_name("port/common", tests, NULL, NULL);
}
