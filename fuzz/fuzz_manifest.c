/* SPEC 6: a signed manifest or a payload that is accepted is written back to the same bytes. What
 * may be missing then are extension fields and an empty list of arguments. What it revokes comes
 * before its signer, in whatever order a device trusts keys. */
#include <string.h>

#include "fuzz.h"
#include "pawl/package.h"

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

/* Whether the manifest names one of the anchors from `first` on. */
static bool names_from(const struct pawl_manifest *manifest, const struct pawl_pud *pud,
                       uint32_t first)
{
    for (uint32_t i = first; i < pud->anchor_count; i++)
        for (uint32_t k = 0; k < manifest->revoked_count; k++)
            if (memcmp(pud->anchors[i].kid, manifest->revoked[k], PAWL_KID_SIZE) == 0)
                return true;
    return false;
}

/* No unit data has two anchors that are alike (SPEC 3.2). */
static bool anchors_differ(const struct pawl_pud *pud)
{
    for (uint32_t i = 1; i < pud->anchor_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (memcmp(pud->anchors[i].kid, pud->anchors[k].kid, PAWL_KID_SIZE) == 0)
                return false;
    return true;
}

/* The signer in each place among the anchors, with the keys that are revoked around it. */
static void revocation_check(const struct pawl_signed_manifest *outer)
{
    struct pawl_manifest manifest;

    if (pawl_manifest_read(outer->payload, outer->payload_size, &manifest) != PAWL_OK)
        return;
    for (uint32_t own = 0; own < PAWL_ANCHOR_MAX; own++) {
        struct pawl_pud pud = {.anchor_count = PAWL_ANCHOR_MAX};
        uint32_t revoked = UINT32_MAX, named = 0;
        for (uint32_t i = 0; i < PAWL_ANCHOR_MAX; i++) {
            uint8_t *kid = pud.anchors[i].kid;
            kid[0] = (uint8_t)i;
            if (i == own)
                memcpy(kid, outer->kid, PAWL_KID_SIZE);
            else if (named < manifest.revoked_count)
                memcpy(kid, manifest.revoked[named++], PAWL_KID_SIZE);
        }
        if (!anchors_differ(&pud))
            continue;
        enum pawl_result result = pawl_revocation_make(&manifest, outer->kid, &pud, &revoked);
        FUZZ_EXPECT(result == PAWL_OK || (result == PAWL_UNTRUSTED && revoked == UINT32_MAX));
        if (result == PAWL_OK)
            FUZZ_EXPECT(revoked >> own == 0 && !names_from(&manifest, &pud, own));
        else
            FUZZ_EXPECT(names_from(&manifest, &pud, 0));
    }
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
    revocation_check(&outer);
    free(again);
    return 0;
}
