/*
 * AES key wrap (RFC 3394) over single blocks, for adapters whose library has none.
 */
#ifndef PAWL_CRYPTO_KEY_WRAP_H
#define PAWL_CRYPTO_KEY_WRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

#define PAWL_BLOCK_SIZE 16u

/* Encrypts or decrypts one block in place under `key`, whatever the adapter means by it. False when
 * the library fails. */
typedef bool (*pawl_block_run)(void *key, uint8_t block[PAWL_BLOCK_SIZE]);

/* pawl_key_wrap and pawl_key_unwrap of pawl/crypto.h, sizes and results as there, with a key that
 * is set for encryption or decryption. PAWL_CRYPTO when `run` fails. */
enum pawl_result pawl_rfc3394_wrap(pawl_block_run run, void *kek, const uint8_t *key, size_t size,
                                   uint8_t *wrapped);
enum pawl_result pawl_rfc3394_unwrap(pawl_block_run run, void *kek, const uint8_t *wrapped,
                                     size_t size, uint8_t *key);

#endif
