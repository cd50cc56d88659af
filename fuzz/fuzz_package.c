/* SPEC 7: a preamble that is accepted is written back to the same bytes; no image size, however
 * wrong, upsets the geometry of the chunks. */
#include <string.h>

#include "fuzz.h"
#include "pawl/package.h"

static void geometry_check(const struct pawl_package *package, uint64_t image_size)
{
    uint64_t total = 0, count = pawl_chunk_count(image_size, package->chunk_size);
    uint32_t last = pawl_chunk_length(image_size, package->chunk_size, count - 1);

    FUZZ_EXPECT(last >= 1 && last <= package->chunk_size);
    if (pawl_package_size_make(package->preamble_size, image_size, package->chunk_size, &total) ==
        PAWL_OK)
        FUZZ_EXPECT(total > image_size &&
                    total - image_size == package->preamble_size + 16 * count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct pawl_pud nobody = {.anchor_count = 1};
    const struct pawl_acceptance acceptance = {&nobody, 1, 0};
    uint8_t again[PAWL_PREAMBLE_SIZE_MAX];
    struct pawl_package package;
    struct pawl_manifest manifest;
    size_t again_size = 0;

    if (pawl_package_read(bytes, size, &package) != PAWL_OK)
        return 0;
    FUZZ_EXPECT(package.preamble_size <= size && package.preamble_size <= sizeof again);
    FUZZ_EXPECT(pawl_package_write(package.manifest_bytes, package.manifest_size,
                                   package.chunk_size, package.mode, package.salt, again,
                                   sizeof again, &again_size) == PAWL_OK);
    FUZZ_EXPECT(again_size == package.preamble_size && memcmp(again, bytes, again_size) == 0);
    FUZZ_EXPECT(pawl_package_accept(&package, &acceptance, &manifest) == PAWL_UNTRUSTED);
    if (pawl_manifest_read(package.signed_manifest.payload, package.signed_manifest.payload_size,
                           &manifest) == PAWL_OK)
        geometry_check(&package, manifest.image_size);
    return 0;
}
