/* SPEC 6: a signed manifest or a payload that is accepted is written back to the same bytes. What
 * may be missing then are extension fields and an empty list of arguments. */
#include <string.h>

#include "fuzz.h"
#include "pawl/manifest.h"

static void payload_check(const uint8_t *payload, size_t size)
{
    uint8_t *again = malloc(size + 1);
    struct pawl_manifest manifest, reread;
    size_t again_size = 0;

    FUZZ_EXPECT(again != NULL);
    if (pawl_manifest_read(payload, size, &manifest) == PAWL_OK) {
        FUZZ_EXPECT(manifest.image_size >= 1);
        FUZZ_EXPECT(pawl_manifest_write(&manifest, again, size, &again_size) == PAWL_OK);
        FUZZ_EXPECT(again_size < size || memcmp(again, payload, size) == 0);
        FUZZ_EXPECT(pawl_manifest_read(again, again_size, &reread) == PAWL_OK);
        FUZZ_EXPECT(memcmp(manifest.image_digest, reread.image_digest, PAWL_SHA256_SIZE) == 0);
        FUZZ_EXPECT(manifest.argument_count == reread.argument_count);
    }
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct pawl_signed_manifest outer;
    uint8_t digest[PAWL_SHA256_SIZE];

    payload_check(bytes, size);
    if (pawl_signed_manifest_read(bytes, size, &outer) != PAWL_OK)
        return 0;
    uint8_t *again = malloc(size);
    size_t again_size = 0;
    FUZZ_EXPECT(again != NULL);
    FUZZ_EXPECT(pawl_signed_manifest_write(outer.payload, outer.payload_size, outer.kid,
                                           outer.signature, again, size, &again_size) == PAWL_OK);
    FUZZ_EXPECT(again_size == size && memcmp(again, bytes, size) == 0);
    pawl_manifest_digest_make(outer.payload, outer.payload_size, digest);
    payload_check(outer.payload, outer.payload_size);
    free(again);
    return 0;
}
