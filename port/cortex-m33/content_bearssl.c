#include "content.h"

#include <bearssl.h>

#include "pawl/secret.h"

void pawl_content_decrypt(const uint8_t key[16], uint8_t iv[16], uint8_t *bytes, size_t size)
{
    br_aes_ct_cbcdec_keys keys;

    br_aes_ct_cbcdec_init(&keys, key, 16);
    br_aes_ct_cbcdec_run(&keys, iv, bytes, size);
    pawl_wipe(&keys, sizeof keys);
}
