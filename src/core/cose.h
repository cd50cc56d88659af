/*
 * The two COSE structures of Pawl (RFC 9052; SPEC 6, 9, 10): COSE_Sign1 with ES256 and COSE_Mac0
 * with HMAC 256/256. Both are a tagged array of four: protected header, unprotected header,
 * payload, signature or MAC. The protected header holds the algorithm alone, the unprotected one at
 * most an identifier (key 4).
 */
#ifndef PAWL_CORE_COSE_H
#define PAWL_CORE_COSE_H

#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"

#define PAWL_COSE_PREFIX_MAX 64u

/* What is fixed for one use. */
struct pawl_cose_profile {
    uint8_t tag;
    uint8_t protected_header[3]; /* {1: algorithm} */
    uint8_t id_size;     /* bytes of key 4 of the unprotected header; 0: that map is empty */
    uint8_t proof_size;  /* bytes of the signature or MAC */
    const char *context; /* first item of the Sig_structure or MAC_structure */
    const char *external_aad;
};

extern const struct pawl_cose_profile pawl_cose_manifest, pawl_cose_report, pawl_cose_directive;

/* Taken apart: pointers into the caller's bytes. */
struct pawl_cose {
    const uint8_t *id; /* NULL when the profile has none */
    const uint8_t *payload;
    size_t payload_size;
    const uint8_t *proof;
};

/* PAWL_MALFORMED, or PAWL_UNSUPPORTED for another algorithm or header field. Nothing is verified.
 */
enum pawl_result pawl_cose_read(const struct pawl_cose_profile *profile, const uint8_t *bytes,
                                size_t size, struct pawl_cose *cose);

void pawl_cose_write(struct pawl_writer *writer, const struct pawl_cose_profile *profile,
                     const struct pawl_cose *cose);

/* What is signed or MACed is this prefix, then the payload's bytes. Returns the prefix's size. */
size_t pawl_cose_prefix_make(const struct pawl_cose_profile *profile, size_t payload_size,
                             uint8_t prefix[PAWL_COSE_PREFIX_MAX]);

#endif
