#include "cli/release.h"

#include <openssl/rand.h>

#include "cli/cli.h"

static enum pawl_result preamble_make(const uint8_t *manifest, size_t manifest_size,
                                      uint32_t chunk_size, enum pawl_mode mode,
                                      struct pawl_release *release)
{
    uint8_t salt[PAWL_SALT_SIZE];

    if (RAND_bytes(salt, sizeof salt) != 1)
        return PAWL_CRYPTO;
    enum pawl_result result =
        pawl_package_write(manifest, manifest_size, chunk_size, mode, salt, release->preamble,
                           sizeof release->preamble, &release->preamble_size);
    if (result == PAWL_OK)
        result = pawl_package_read(release->preamble, release->preamble_size, &release->package);
    return result;
}

enum pawl_result pawl_release_make(const struct pawl_signer *signer,
                                   const struct pawl_manifest *manifest, uint32_t chunk_size,
                                   enum pawl_mode mode, struct pawl_release *release)
{
    uint8_t payload[PAWL_MANIFEST_SIZE_MAX], signed_bytes[PAWL_MANIFEST_SIZE_MAX];
    size_t payload_size = 0, signed_size = 0;
    enum pawl_result result = pawl_manifest_write(manifest, payload, sizeof payload, &payload_size);

    if (result == PAWL_OK)
        result = pawl_manifest_sign(signer, payload, payload_size, signed_bytes,
                                    sizeof signed_bytes, &signed_size);
    if (result == PAWL_OK)
        result = preamble_make(signed_bytes, signed_size, chunk_size, mode, release);
    if (result == PAWL_MALFORMED)
        pawl_error(result, "these values do not make a manifest");
    else if (result == PAWL_EXHAUSTED)
        pawl_error(result, "the manifest has more than %u bytes", PAWL_MANIFEST_SIZE_MAX);
    else if (result != PAWL_OK)
        pawl_error(result, "the manifest could not be signed");
    if (result == PAWL_MALFORMED || result == PAWL_EXHAUSTED)
        pawl_hint("name, version and arguments are UTF-8 text without NUL, and short");
    if (result != PAWL_OK)
        return result;
    pawl_sha256_make(payload, payload_size, release->release_id);
    return PAWL_OK;
}
