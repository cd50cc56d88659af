#include "pawl/identifier.h"

#include <string.h>

#include "core/bytes.h"
#include "pawl/crypto.h"

/* The DNS namespace of RFC 4122, appendix C: 6ba7b810-9dad-11d1-80b4-00c04fd430c8. */
static const uint8_t dns_space[PAWL_ID_SIZE] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                                0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};

void pawl_uuid5_make(const uint8_t space[PAWL_ID_SIZE], const void *name, size_t size,
                     uint8_t id[PAWL_ID_SIZE])
{
    uint8_t digest[PAWL_SHA1_SIZE];

    pawl_sha1_make(space, PAWL_ID_SIZE, name, size, digest);
    memcpy(id, digest, PAWL_ID_SIZE);
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x50); /* version 5 */
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80); /* the RFC's variant */
}

void pawl_vendor_id_make(const char *domain, uint8_t vendor_id[PAWL_ID_SIZE])
{
    pawl_uuid5_make(dns_space, domain, pawl_string_size(domain), vendor_id);
}

void pawl_class_id_make(const uint8_t vendor_id[PAWL_ID_SIZE], const char *name,
                        uint8_t class_id[PAWL_ID_SIZE])
{
    pawl_uuid5_make(vendor_id, name, pawl_string_size(name), class_id);
}

void pawl_kid_make(const uint8_t x[32], const uint8_t y[32], uint8_t kid[PAWL_KID_SIZE])
{
    static const uint8_t uncompressed = 0x04;
    struct pawl_sha256 sha;
    uint8_t digest[PAWL_SHA256_SIZE];

    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, &uncompressed, 1);
    pawl_sha256_update(&sha, x, 32);
    pawl_sha256_update(&sha, y, 32);
    pawl_sha256_final(&sha, digest);
    memcpy(kid, digest, PAWL_KID_SIZE);
}
