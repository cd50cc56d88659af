#include "core/cose.h"

#include <string.h>

#include "core/cbor.h"
#include "pawl/crypto.h"
#include "pawl/identifier.h"
#include "pawl/keys.h"

#define ALGORITHM_KEY 1u
#define ID_KEY 4u

const struct pawl_cose_profile pawl_cose_manifest = {
    .tag = 18,
    .protected_header = {0xa1, 0x01, 0x26}, /* {1: -7}, ES256 */
    .id_size = PAWL_KID_SIZE,
    .proof_size = PAWL_ES256_SIGNATURE_SIZE,
    .context = "Signature1",
    .external_aad = "pawl/1 manifest",
};

const struct pawl_cose_profile pawl_cose_report = {
    .tag = 17,
    .protected_header = {0xa1, 0x01, 0x05}, /* {1: 5}, HMAC 256/256 */
    .id_size = PAWL_ID_SIZE,
    .proof_size = PAWL_MAC_SIZE,
    .context = "MAC0",
    .external_aad = "pawl/1 report",
};

const struct pawl_cose_profile pawl_cose_directive = {
    .tag = 17,
    .protected_header = {0xa1, 0x01, 0x05},
    .id_size = 0,
    .proof_size = PAWL_MAC_SIZE,
    .context = "MAC0",
    .external_aad = "pawl/1 directive",
};

/* Why a protected header that is not the profile's is refused: one that a reader of another version
 * could take is unsupported, everything else malformed. */
static enum pawl_result protected_judge(const uint8_t *bytes, size_t size)
{
    struct pawl_reader reader;

    if (pawl_cbor_check(bytes, size) != PAWL_OK)
        return PAWL_MALFORMED;
    pawl_reader_init(&reader, bytes, size);
    size_t pairs = pawl_cbor_count_read(&reader, PAWL_CBOR_MAP);
    struct pawl_cbor_head key = pawl_cbor_head_read(&reader);
    struct pawl_cbor_head algorithm = pawl_cbor_head_read(&reader);
    if (reader.error != PAWL_OK || pairs == 0)
        return PAWL_MALFORMED;
    if (key.major != PAWL_CBOR_UINT || key.value != ALGORITHM_KEY)
        return PAWL_MALFORMED;
    bool is_name = algorithm.major == PAWL_CBOR_TEXT;
    return algorithm.major <= PAWL_CBOR_NEGATIVE || is_name ? PAWL_UNSUPPORTED : PAWL_MALFORMED;
}

static void protected_read(struct pawl_reader *reader, const struct pawl_cose_profile *profile)
{
    size_t size = 0;
    const uint8_t *bytes = pawl_cbor_bytes_read(reader, &size);

    if (bytes == NULL)
        return;
    if (size != sizeof profile->protected_header ||
        memcmp(bytes, profile->protected_header, size) != 0)
        pawl_reader_fail(reader, protected_judge(bytes, size));
}

/* The unprotected header: the identifier alone, or nothing. */
static const uint8_t *id_read(struct pawl_reader *reader, size_t id_size)
{
    const uint8_t *id = NULL;
    size_t size = 0;

    for (size_t pairs = pawl_cbor_count_read(reader, PAWL_CBOR_MAP); pairs > 0; pairs--) {
        struct pawl_cbor_head key = pawl_cbor_integer_read(reader);
        if (id_size == 0 || key.major != PAWL_CBOR_UINT || key.value != ID_KEY)
            pawl_reader_fail(reader, PAWL_UNSUPPORTED);
        id = pawl_cbor_bytes_read(reader, &size);
    }
    if (size != id_size)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    return id;
}

enum pawl_result pawl_cose_read(const struct pawl_cose_profile *profile, const uint8_t *bytes,
                                size_t size, struct pawl_cose *cose)
{
    struct pawl_reader reader;
    struct pawl_cose found = {NULL, NULL, 0, NULL};
    size_t proof_size = 0;

    enum pawl_result result = pawl_cbor_check(bytes, size);
    if (result != PAWL_OK)
        return result;
    pawl_reader_init(&reader, bytes, size);
    if (pawl_cbor_tag_read(&reader) != profile->tag ||
        pawl_cbor_count_read(&reader, PAWL_CBOR_ARRAY) != 4)
        pawl_reader_fail(&reader, PAWL_MALFORMED);
    protected_read(&reader, profile);
    found.id = id_read(&reader, profile->id_size);
    found.payload = pawl_cbor_bytes_read(&reader, &found.payload_size);
    found.proof = pawl_cbor_bytes_read(&reader, &proof_size);
    if (proof_size != profile->proof_size)
        pawl_reader_fail(&reader, PAWL_MALFORMED);
    if (reader.error == PAWL_OK)
        *cose = found;
    return reader.error;
}

void pawl_cose_write(struct pawl_writer *writer, const struct pawl_cose_profile *profile,
                     const struct pawl_cose *cose)
{
    pawl_cbor_head_write(writer, PAWL_CBOR_TAG, profile->tag);
    pawl_cbor_head_write(writer, PAWL_CBOR_ARRAY, 4);
    pawl_cbor_bytes_write(writer, profile->protected_header, sizeof profile->protected_header);
    pawl_cbor_head_write(writer, PAWL_CBOR_MAP, profile->id_size > 0 ? 1 : 0);
    if (profile->id_size > 0) {
        pawl_cbor_head_write(writer, PAWL_CBOR_UINT, ID_KEY);
        pawl_cbor_bytes_write(writer, cose->id, profile->id_size);
    }
    pawl_cbor_bytes_write(writer, cose->payload, cose->payload_size);
    pawl_cbor_bytes_write(writer, cose->proof, profile->proof_size);
}

size_t pawl_cose_prefix_make(const struct pawl_cose_profile *profile, size_t payload_size,
                             uint8_t prefix[PAWL_COSE_PREFIX_MAX])
{
    struct pawl_writer writer;
    size_t context_size = pawl_string_size(profile->context);

    pawl_writer_init(&writer, prefix, PAWL_COSE_PREFIX_MAX);
    pawl_cbor_head_write(&writer, PAWL_CBOR_ARRAY, 4);
    pawl_cbor_head_write(&writer, PAWL_CBOR_TEXT, context_size);
    pawl_writer_put(&writer, profile->context, context_size);
    pawl_cbor_bytes_write(&writer, profile->protected_header, sizeof profile->protected_header);
    pawl_cbor_bytes_write(&writer, profile->external_aad, pawl_string_size(profile->external_aad));
    pawl_cbor_head_write(&writer, PAWL_CBOR_BYTES, payload_size);
    return writer.size;
}
