#include <string.h>

#include "core/cbor.h"
#include "core/mac0.h"
#include "core/map.h"

enum {
    KEY_VERSION,
    KEY_SEQUENCE,
    KEY_INSTANCE,
    KEY_PACKAGE,
    KEY_FAILURE,
    KEY_NONCE,
    KEY_CHALLENGE,
    KEY_STATE,
    KEY_WANTED = 128,
    KEY_COMMAND = 129
};

/* Places in report_fields. */
#define INSTANCE_FIELD 2u
#define PACKAGE_FIELD 3u
#define FAILURE_FIELD 4u
#define CHALLENGE_FIELD 6u
#define WANTED_FIELD 8u
#define COMMAND_FIELD 9u

static void failure_read(struct pawl_reader *reader, void *target)
{
    struct pawl_report *report = target;

    if (pawl_cbor_count_read(reader, PAWL_CBOR_ARRAY) != 2)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    pawl_cbor_bytes_copy(reader, report->failed_package_id, sizeof report->failed_package_id);
    report->failure = pawl_cbor_uint_read(reader);
}

static void challenge_read(struct pawl_reader *reader, void *target)
{
    struct pawl_report *report = target;

    pawl_challenge_read(reader, report->challenge, &report->challenge_size);
}

static void wanted_read(struct pawl_reader *reader, void *target)
{
    struct pawl_report *report = target;

    if (reader->left > 0 && reader->next[0] >> 5 != PAWL_CBOR_ARRAY) {
        pawl_cbor_item_skip(reader); /* somebody else's extension (SPEC 20.3) */
        return;
    }
    size_t count = pawl_cbor_count_read(reader, PAWL_CBOR_ARRAY);
    if (count < 1 || count > PAWL_CONTENT_WANTED_MAX)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    for (uint64_t i = 0; i < count && reader->error == PAWL_OK; i++)
        pawl_cbor_bytes_copy(reader, report->wanted[i], sizeof report->wanted[i]);
    report->wanted_count = (uint32_t)count;
}

enum { FAILURE, CHALLENGE, WANTED }; /* others */
static const pawl_field_reader readers[] = {
    [FAILURE] = failure_read,
    [CHALLENGE] = challenge_read,
    [WANTED] = wanted_read,
};

static const struct pawl_field report_fields[] = {
    {.key = KEY_VERSION, .type = PAWL_FIELD_FIXED, .fixed = 1},
    {.key = KEY_SEQUENCE,
     .type = PAWL_FIELD_UINT,
     PAWL_FIELD_MEMBER(struct pawl_report, sequence),
     .bits = 64},
    [INSTANCE_FIELD] = {.key = KEY_INSTANCE,
                        .type = PAWL_FIELD_BYTES | PAWL_FIELD_NULLABLE,
                        PAWL_FIELD_MEMBER(struct pawl_report, instance)},
    [PACKAGE_FIELD] = {.key = KEY_PACKAGE,
                       .type = PAWL_FIELD_BYTES | PAWL_FIELD_NULLABLE,
                       PAWL_FIELD_MEMBER(struct pawl_report, package_id)},
    [FAILURE_FIELD] = {.key = KEY_FAILURE,
                       .type = PAWL_FIELD_OTHER | PAWL_FIELD_OPTIONAL,
                       .other = FAILURE},
    {.key = KEY_NONCE, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_report, nonce)},
    [CHALLENGE_FIELD] = {.key = KEY_CHALLENGE,
                         .type = PAWL_FIELD_OTHER | PAWL_FIELD_NULLABLE,
                         .other = CHALLENGE},
    {.key = KEY_STATE,
     .type = PAWL_FIELD_CODE,
     PAWL_FIELD_MEMBER(struct pawl_report, state),
     .most = PAWL_STATE_UPDATED},
    [WANTED_FIELD] = {.key = KEY_WANTED,
                      .type = PAWL_FIELD_OTHER | PAWL_FIELD_OPTIONAL,
                      .other = WANTED},
    [COMMAND_FIELD] = {.key = KEY_COMMAND,
                       .type = PAWL_FIELD_UINT | PAWL_FIELD_OPTIONAL,
                       PAWL_FIELD_MEMBER(struct pawl_report, command),
                       .bits = PAWL_COMMAND_BITS},
};
static const struct pawl_map report_map = PAWL_MAP(report_fields, true);

enum pawl_result pawl_report_split(const uint8_t *bytes, size_t size, struct pawl_mac0 *out)
{
    struct pawl_cose cose;

    enum pawl_result result = pawl_cose_read(&pawl_cose_report, bytes, size, &cose);
    if (result != PAWL_OK)
        return result;
    memcpy(out->device_id, cose.id, sizeof out->device_id);
    out->payload = cose.payload;
    out->payload_size = cose.payload_size;
    out->mac = cose.proof;
    return PAWL_OK;
}

enum pawl_result pawl_report_verify(const struct pawl_mac0 *mac0,
                                    const uint8_t auth_key[PAWL_KEY_SIZE])
{
    return pawl_mac0_verify(&pawl_cose_report, auth_key, mac0->payload, mac0->payload_size,
                            mac0->mac);
}

enum pawl_result pawl_report_decode(const struct pawl_mac0 *mac0, struct pawl_report *report)
{
    struct pawl_report found;
    uint32_t present;

    memset(&found, 0, sizeof found);
    enum pawl_result result =
        pawl_map_decode(mac0->payload, mac0->payload_size, &report_map, readers, &found, &present);
    if (result != PAWL_OK)
        return result;
    found.has_instance = present >> INSTANCE_FIELD & 1;
    found.has_package = present >> PACKAGE_FIELD & 1;
    found.has_failure = present >> FAILURE_FIELD & 1;
    found.has_challenge = present >> CHALLENGE_FIELD & 1;
    found.has_command = present >> COMMAND_FIELD & 1;
    *report = found;
    return PAWL_OK;
}

static void uint_write(struct pawl_writer *writer, unsigned key, uint64_t value)
{
    pawl_cbor_head_write(writer, PAWL_CBOR_UINT, key);
    pawl_cbor_head_write(writer, PAWL_CBOR_UINT, value);
}

static void bytes_write(struct pawl_writer *writer, unsigned key, bool present,
                        const uint8_t *bytes, size_t size)
{
    pawl_cbor_head_write(writer, PAWL_CBOR_UINT, key);
    if (present)
        pawl_cbor_bytes_write(writer, bytes, size);
    else
        pawl_cbor_null_write(writer);
}

/* What report_fields describes. By hand: it is the one map that a device writes, and without what
 * writes by tables it has 400 bytes less. */
static void payload_write(struct pawl_writer *writer, const struct pawl_report *report)
{
    bool wants = report->wanted_count > 0;

    pawl_cbor_head_write(writer, PAWL_CBOR_MAP,
                         7u + report->has_failure + wants + report->has_command);
    uint_write(writer, KEY_VERSION, 1);
    uint_write(writer, KEY_SEQUENCE, report->sequence);
    bytes_write(writer, KEY_INSTANCE, report->has_instance, report->instance,
                sizeof report->instance);
    bytes_write(writer, KEY_PACKAGE, report->has_package, report->package_id,
                sizeof report->package_id);
    if (report->has_failure) {
        pawl_cbor_head_write(writer, PAWL_CBOR_UINT, KEY_FAILURE);
        pawl_cbor_head_write(writer, PAWL_CBOR_ARRAY, 2);
        pawl_cbor_bytes_write(writer, report->failed_package_id, sizeof report->failed_package_id);
        pawl_cbor_head_write(writer, PAWL_CBOR_UINT, report->failure);
    }
    bytes_write(writer, KEY_NONCE, true, report->nonce, sizeof report->nonce);
    bytes_write(writer, KEY_CHALLENGE, report->has_challenge, report->challenge,
                report->challenge_size);
    uint_write(writer, KEY_STATE, report->state);
    if (wants) {
        pawl_cbor_head_write(writer, PAWL_CBOR_UINT, KEY_WANTED);
        pawl_cbor_head_write(writer, PAWL_CBOR_ARRAY, report->wanted_count);
        for (uint32_t i = 0; i < report->wanted_count; i++)
            pawl_cbor_bytes_write(writer, report->wanted[i], sizeof report->wanted[i]);
    }
    if (report->has_command)
        uint_write(writer, KEY_COMMAND, report->command);
}

enum pawl_result pawl_report_write(const struct pawl_report *report,
                                   const uint8_t device_id[PAWL_ID_SIZE],
                                   const uint8_t auth_key[PAWL_KEY_SIZE], uint8_t *bytes,
                                   size_t capacity, size_t *size)
{
    uint8_t payload[PAWL_REPORT_SIZE_MAX];
    struct pawl_writer writer;

    if (report->challenge_size > PAWL_CHALLENGE_SIZE_MAX || report->state > PAWL_STATE_UPDATED ||
        report->wanted_count > PAWL_CONTENT_WANTED_MAX || report->command >> PAWL_COMMAND_BITS != 0)
        return PAWL_MALFORMED;
    pawl_writer_init(&writer, payload, sizeof payload);
    payload_write(&writer, report);
    return pawl_mac0_write(&pawl_cose_report, &writer, device_id, auth_key, bytes, capacity, size);
}
