/*
 * What Mbed TLS asks of its platform (src/crypto/mbedtls_config.h). A chip's own PSA implementation
 * needs none of it.
 */
#include <psa/crypto.h>

/* Importing keys that there are, opening, and verifying take no random numbers. Whoever adds what
 * does must add a source of them. */
psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                             uint8_t *output, size_t size, size_t *length)
{
    (void)context;
    (void)output;
    (void)size;
    *length = 0;
    return PSA_ERROR_INSUFFICIENT_ENTROPY;
}

#ifdef MBEDTLS_MEMORY_BUFFER_ALLOC_C
#include <mbedtls/memory_buffer_alloc.h>
#include <mbedtls/platform.h>

#define HEAP_SIZE 3840u /* verifying takes 3,520, with the key of a stream beside it */

static _Alignas(MBEDTLS_MEMORY_ALIGN_MULTIPLE) unsigned char heap[HEAP_SIZE];

/* Mbed TLS has this for its allocator until the first call, which puts the real one in its place.
 */
void *pawl_mbedtls_calloc_first(size_t count, size_t size)
{
    mbedtls_memory_buffer_alloc_init(heap, sizeof heap);
    return mbedtls_calloc(count, size);
}

/* The memory is spoilt. */
void pawl_mbedtls_exit(int status)
{
    (void)status;
    __builtin_trap();
}
#endif
