/* SPEC 10: a directive is read as it comes, then its bytes as a payload under a right MAC, or
 * nothing would reach the payload's reader. What is accepted is written back to the same bytes,
 * extension fields and a time beyond the cap apart. */
#include <string.h>

#include "core/cose.h"
#include "core/mac0.h"
#include "fuzz.h"
#include "pawl/report.h"

static const uint8_t key[PAWL_KEY_SIZE] = {1};

static void payload_check(const uint8_t *payload, size_t size)
{
    uint8_t mac[PAWL_MAC_SIZE], again[PAWL_DIRECTIVE_SIZE_MAX];
    uint8_t *bytes = malloc(size + 64);
    const struct pawl_cose cose = {NULL, payload, size, mac};
    struct pawl_directive directive;
    struct pawl_writer writer;
    struct pawl_cose written;
    size_t again_size = 0;

    FUZZ_EXPECT(bytes != NULL);
    pawl_mac0_make(&pawl_cose_directive, key, payload, size, mac);
    pawl_writer_init(&writer, bytes, size + 64);
    pawl_cose_write(&writer, &pawl_cose_directive, &cose);
    FUZZ_EXPECT(writer.error == PAWL_OK);
    /* the nonce where it lies in any well-formed payload: after the map's head, 00 01 01 48 */
    if (pawl_directive_read(bytes, writer.size, key, payload + 5, &directive) == PAWL_OK) {
        FUZZ_EXPECT(directive.poll_after <= PAWL_POLL_AFTER_MAX);
        FUZZ_EXPECT(directive.url_size <= PAWL_URL_SIZE_MAX);
        FUZZ_EXPECT(pawl_directive_write(&directive, key, again, sizeof again, &again_size) ==
                    PAWL_OK);
        FUZZ_EXPECT(pawl_cose_read(&pawl_cose_directive, again, again_size, &written) == PAWL_OK);
        FUZZ_EXPECT(written.payload_size < size || directive.poll_after == PAWL_POLL_AFTER_MAX ||
                    memcmp(written.payload, payload, size) == 0);
    }
    free(bytes);
}

/* What wakes a device comes to the agent before anybody verified it, if a directive is forged. */
static void summons_check(const uint8_t *bytes, size_t size)
{
    uint8_t again[PAWL_SUMMONS_SIZE_MAX];
    struct pawl_summons summons;
    size_t again_size = 0;

    if (pawl_summons_read(bytes, size, &summons) != PAWL_OK)
        return;
    FUZZ_EXPECT(summons.topic_count >= 1 && summons.topic_count <= PAWL_TOPICS_MAX);
    FUZZ_EXPECT(pawl_summons_write(&summons, again, &again_size) == PAWL_OK);
    FUZZ_EXPECT(again_size == size && memcmp(again, bytes, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t nonce[PAWL_NONCE_SIZE] = {0};
    struct pawl_directive directive;
    struct pawl_cose cose;

    FUZZ_EXPECT(pawl_directive_read(bytes, size, key, nonce, &directive) != PAWL_OK);
    summons_check(bytes, size);
    if (size >= 5 + PAWL_NONCE_SIZE)
        payload_check(bytes, size);
    if (pawl_cose_read(&pawl_cose_directive, bytes, size, &cose) == PAWL_OK &&
        cose.payload_size >= 5 + PAWL_NONCE_SIZE)
        payload_check(cose.payload, cose.payload_size);
    return 0;
}
