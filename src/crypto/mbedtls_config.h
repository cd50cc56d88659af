/*
 * What is built of Mbed TLS 2.28 (cmake/mbedtls.cmake): the PSA functions that src/crypto/psa.c
 * calls, without stored keys, without randomness, and small rather than fast.
 */
#ifndef PAWL_CRYPTO_MBEDTLS_CONFIG_H
#define PAWL_CRYPTO_MBEDTLS_CONFIG_H

#define MBEDTLS_PSA_CRYPTO_C
/* Nothing here takes random numbers: mbedtls_platform.c says no to who asks. */
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
/* Keys that exist at a time: that of the stream, and one more of a wrapped key or a signature. A
 * host may have as many threads as it likes. */
#if __STDC_HOSTED__
#define MBEDTLS_PSA_KEY_SLOT_COUNT 64
#else
#define MBEDTLS_PSA_KEY_SLOT_COUNT 4
#endif

#define MBEDTLS_CIPHER_C
#define MBEDTLS_AES_C
#define MBEDTLS_CIPHER_MODE_CBC /* content, of port/cortex-m33 */
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_GCM_C
#define MBEDTLS_SHA1_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA256_SMALLER

/* ECDSA P-256. The signatures, and the numbers in them, are public. */
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_NO_INTERNAL_RNG
#define MBEDTLS_ECP_WINDOW_SIZE 2
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_MPI_WINDOW_SIZE 1
#define MBEDTLS_HAVE_ASM
#define MBEDTLS_ASN1_PARSE_C /* asked for by ECDSA, not linked */
#define MBEDTLS_ASN1_WRITE_C

/* Mbed TLS allocates: on a host from libc, elsewhere from memory of its own that nobody else takes
 * of, so that what was enough once is enough always. */
#if !__STDC_HOSTED__
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#define MBEDTLS_MEMORY_BUFFER_ALLOC_C
#define MBEDTLS_MEMORY_ALIGN_MULTIPLE 8
#define MBEDTLS_PLATFORM_STD_CALLOC pawl_mbedtls_calloc_first
#define MBEDTLS_PLATFORM_EXIT_MACRO pawl_mbedtls_exit
#include <stddef.h>
void *pawl_mbedtls_calloc_first(size_t count, size_t size);
void pawl_mbedtls_exit(int status);
#endif

#endif
