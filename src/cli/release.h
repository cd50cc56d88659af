/* A release and its package header, from what the command line says. */
#ifndef PAWL_CLI_RELEASE_H
#define PAWL_CLI_RELEASE_H

#include <stddef.h>
#include <stdint.h>

#include "headend/signer.h"
#include "pawl/package.h"
#include "pawl/result.h"

/* A signed manifest inside a package preamble. `package` points into `preamble`: do not copy. */
struct pawl_release {
    uint8_t release_id[PAWL_RELEASE_ID_SIZE];
    uint8_t preamble[PAWL_PREAMBLE_SIZE_MAX];
    size_t preamble_size;
    struct pawl_package package;
};

/* Signs `manifest` and puts it into a preamble with a random salt. Prints the error that it
 * returns: PAWL_MALFORMED for values that the format does not allow, PAWL_EXHAUSTED for a manifest
 * that is too long, PAWL_CRYPTO. */
enum pawl_result pawl_release_make(const struct pawl_signer *signer,
                                   const struct pawl_manifest *manifest, uint32_t chunk_size,
                                   enum pawl_mode mode, struct pawl_release *release);

#endif
