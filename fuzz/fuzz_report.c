/* SPEC 9: a report or a payload that is accepted is written back to the same bytes, extension
 * fields apart. The payload is judged even if the MAC is wrong, or nothing would reach its reader.
 */
#include <string.h>

#include "fuzz.h"
#include "pawl/report.h"

static void payload_check(const struct pawl_mac0 *mac0)
{
    static const uint8_t key[PAWL_KEY_SIZE] = {1};
    uint8_t again[PAWL_REPORT_SIZE_MAX];
    struct pawl_report report;
    struct pawl_mac0 written;
    size_t size = 0;

    if (pawl_report_decode(mac0, &report) != PAWL_OK)
        return;
    FUZZ_EXPECT(report.challenge_size <= PAWL_CHALLENGE_SIZE_MAX);
    FUZZ_EXPECT(pawl_report_write(&report, mac0->device_id, key, again, sizeof again, &size) ==
                PAWL_OK);
    FUZZ_EXPECT(pawl_report_split(again, size, &written) == PAWL_OK);
    FUZZ_EXPECT(pawl_report_verify(&written, key) == PAWL_OK);
    FUZZ_EXPECT(memcmp(written.device_id, mac0->device_id, PAWL_ID_SIZE) == 0);
    FUZZ_EXPECT(written.payload_size < mac0->payload_size ||
                memcmp(written.payload, mac0->payload, mac0->payload_size) == 0);
    FUZZ_EXPECT(pawl_report_decode(&written, &report) == PAWL_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t key[PAWL_KEY_SIZE] = {0};
    struct pawl_mac0 mac0 = {.payload = bytes, .payload_size = size};

    payload_check(&mac0);
    if (pawl_report_split(bytes, size, &mac0) == PAWL_OK) {
        FUZZ_EXPECT(pawl_report_verify(&mac0, key) == PAWL_UNTRUSTED);
        payload_check(&mac0);
    }
    return 0;
}
