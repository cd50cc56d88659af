/* Making grants, and grants in a directive (SPEC 20.4). Apart from the directive's own table and
 * from grant.c, which are in a device's firmware: the device passes them by, only server and agent
 * read and write them. */
#include <string.h>

#include "core/cbor.h"
#include "core/mac0.h"
#include "pawl/content.h"
#include "pawl/secret.h"

#define GRANTS_KEY 140u
#define PAIRS_IN_HEAD_MAX 23u /* more would need a longer head */

enum pawl_result pawl_grant_wrap(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                                 uint64_t sequence, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                 const uint8_t key[PAWL_CONTENT_KEY_SIZE], struct pawl_grant *grant)
{
    uint8_t kek[PAWL_KEY_SIZE];

    pawl_content_object_key_make(unit_secret, sequence, package_id, grant->salt, kek);
    enum pawl_result result = pawl_key_wrap(kek, key, PAWL_CONTENT_KEY_SIZE, grant->wrapped);
    pawl_wipe(kek, sizeof kek);
    return result;
}

static void grants_write(struct pawl_writer *writer, const struct pawl_grant *grants, size_t count)
{
    pawl_cbor_head_write(writer, PAWL_CBOR_UINT, GRANTS_KEY);
    pawl_cbor_head_write(writer, PAWL_CBOR_ARRAY, count);
    for (size_t i = 0; i < count; i++) {
        pawl_cbor_head_write(writer, PAWL_CBOR_ARRAY, 3);
        pawl_cbor_bytes_write(writer, grants[i].key_id, sizeof grants[i].key_id);
        pawl_cbor_bytes_write(writer, grants[i].salt, sizeof grants[i].salt);
        pawl_cbor_bytes_write(writer, grants[i].wrapped, sizeof grants[i].wrapped);
    }
}

enum pawl_result pawl_grants_append(const struct pawl_grant *grants, size_t count,
                                    const uint8_t auth_key[PAWL_KEY_SIZE], uint8_t *bytes,
                                    size_t capacity, size_t *size)
{
    uint8_t payload[PAWL_DIRECTIVE_SIZE_MAX], longer[PAWL_DIRECTIVE_SIZE_MAX], mac[PAWL_MAC_SIZE];
    struct pawl_cose cose;
    struct pawl_reader reader;
    struct pawl_writer writer;
    size_t longer_size;

    enum pawl_result result = pawl_cose_read(&pawl_cose_directive, bytes, *size, &cose);
    if (result != PAWL_OK)
        return result;
    pawl_reader_init(&reader, cose.payload, cose.payload_size);
    size_t pairs = pawl_cbor_count_read(&reader, PAWL_CBOR_MAP);
    if (reader.error != PAWL_OK || pairs >= PAIRS_IN_HEAD_MAX)
        return PAWL_MALFORMED;
    pawl_writer_init(&writer, payload, sizeof payload);
    pawl_cbor_head_write(&writer, PAWL_CBOR_MAP, pairs + 1);
    pawl_writer_put(&writer, reader.next, reader.left);
    grants_write(&writer, grants, count);
    result = pawl_writer_finish(&writer, &cose.payload_size);
    if (result != PAWL_OK)
        return result;

    cose.payload = payload;
    cose.proof = mac;
    pawl_mac0_make(&pawl_cose_directive, auth_key, payload, cose.payload_size, mac);
    pawl_writer_init(&writer, longer, capacity < sizeof longer ? capacity : sizeof longer);
    pawl_cose_write(&writer, &pawl_cose_directive, &cose);
    result = pawl_writer_finish(&writer, &longer_size);
    if (result != PAWL_OK)
        return result;
    memcpy(bytes, longer, longer_size);
    *size = longer_size;
    return PAWL_OK;
}

static size_t list_read(struct pawl_reader *reader,
                        struct pawl_grant grants[PAWL_CONTENT_WANTED_MAX])
{
    size_t count = pawl_cbor_count_read(reader, PAWL_CBOR_ARRAY);

    if (count < 1 || count > PAWL_CONTENT_WANTED_MAX)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    for (uint64_t i = 0; i < count && reader->error == PAWL_OK; i++) {
        if (pawl_cbor_count_read(reader, PAWL_CBOR_ARRAY) != 3)
            pawl_reader_fail(reader, PAWL_MALFORMED);
        pawl_cbor_bytes_copy(reader, grants[i].key_id, sizeof grants[i].key_id);
        pawl_cbor_bytes_copy(reader, grants[i].salt, sizeof grants[i].salt);
        pawl_cbor_bytes_copy(reader, grants[i].wrapped, sizeof grants[i].wrapped);
    }
    return (size_t)count;
}

enum pawl_result pawl_grants_read(const uint8_t *bytes, size_t size,
                                  struct pawl_grant grants[PAWL_CONTENT_WANTED_MAX], size_t *count)
{
    struct pawl_grant found[PAWL_CONTENT_WANTED_MAX];
    struct pawl_cose cose;
    struct pawl_reader reader;
    size_t found_count = 0;

    enum pawl_result result = pawl_cose_read(&pawl_cose_directive, bytes, size, &cose);
    if (result == PAWL_OK)
        result = pawl_cbor_check(cose.payload, cose.payload_size);
    if (result != PAWL_OK)
        return result;
    pawl_reader_init(&reader, cose.payload, cose.payload_size);
    size_t pairs = pawl_cbor_count_read(&reader, PAWL_CBOR_MAP);
    for (uint64_t i = 0; i < pairs && reader.error == PAWL_OK; i++) {
        struct pawl_cbor_head key = pawl_cbor_head_read(&reader);
        if (key.major == PAWL_CBOR_UINT && key.value == GRANTS_KEY)
            found_count = list_read(&reader, found);
        else
            pawl_cbor_item_skip(&reader);
    }
    if (reader.error != PAWL_OK)
        return reader.error;
    memcpy(grants, found, found_count * sizeof found[0]);
    *count = found_count;
    return PAWL_OK;
}
