/* Decryption of content with a key that no image sees. */
#ifndef PAWL_PORT_CONTENT_H
#define PAWL_PORT_CONTENT_H

#include <stddef.h>
#include <stdint.h>

/* AES-128-CBC in place; `size` is a multiple of 16, `iv` becomes the last block's ciphertext. */
void pawl_content_decrypt(const uint8_t key[16], uint8_t iv[16], uint8_t *bytes, size_t size);

#endif
