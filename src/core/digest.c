/* The digest of one byte string, by the adapter's running SHA-256. */
#include "pawl/crypto.h"

void pawl_sha256_make(const void *bytes, size_t size, uint8_t digest[PAWL_SHA256_SIZE])
{
    struct pawl_sha256 sha;

    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, bytes, size);
    pawl_sha256_final(&sha, digest);
}
