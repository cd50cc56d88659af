#include "content.h"

#include <psa/crypto.h>

#include "pawl/secret.h"

/* The core checked the grant, and a key's slot is free (src/crypto/psa.c): what fails here is the
 * implementation. The image then gets zeros, not ciphertext that it may take for content. */
void pawl_content_decrypt(const uint8_t key[16], uint8_t iv[16], uint8_t *bytes, size_t size)
{
    psa_key_attributes_t attributes = psa_key_attributes_init();
    psa_cipher_operation_t cipher = psa_cipher_operation_init();
    psa_key_id_t id = PSA_KEY_ID_NULL;
    uint8_t next[16];
    size_t length = 0;

    if (size == 0)
        return;
    for (size_t i = 0; i < sizeof next; i++)
        next[i] = bytes[size - sizeof next + i];
    psa_set_key_type(&attributes, PSA_KEY_TYPE_AES);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DECRYPT);
    psa_set_key_algorithm(&attributes, PSA_ALG_CBC_NO_PADDING);
    if (psa_crypto_init() != PSA_SUCCESS ||
        psa_import_key(&attributes, key, 16, &id) != PSA_SUCCESS ||
        psa_cipher_decrypt_setup(&cipher, id, PSA_ALG_CBC_NO_PADDING) != PSA_SUCCESS ||
        psa_cipher_set_iv(&cipher, iv, 16) != PSA_SUCCESS ||
        psa_cipher_update(&cipher, bytes, size, bytes, size, &length) != PSA_SUCCESS ||
        length != size)
        pawl_wipe(bytes, size);
    psa_cipher_abort(&cipher);
    psa_destroy_key(id);
    for (size_t i = 0; i < sizeof next; i++)
        iv[i] = next[i];
}
