#include "headend/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#define PEM_SIZE_MAX 65536u

int pawl_pem_passphrase_refuse(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

enum pawl_result pawl_pem_open(const char *path, struct pawl_pem *pem)
{
    *pem = (struct pawl_pem){0};
    enum pawl_result result = pawl_file_read(path, PEM_SIZE_MAX, &pem->text);
    if (result != PAWL_OK)
        return result == PAWL_EXHAUSTED ? PAWL_MALFORMED : result;
    pem->bio = BIO_new_mem_buf(pem->text.size > 0 ? (const void *)pem->text.bytes : "",
                               (int)pem->text.size);
    if (pem->bio == NULL) {
        pawl_buffer_release(&pem->text);
        return PAWL_CRYPTO;
    }
    return PAWL_OK;
}

void pawl_pem_close(struct pawl_pem *pem)
{
    BIO_free(pem->bio);
    pawl_buffer_release(&pem->text);
    ERR_clear_error();
}

enum pawl_result pawl_pem_key_load(const char *path, EVP_PKEY **key)
{
    struct pawl_pem pem;
    enum pawl_result result = pawl_pem_open(path, &pem);
    if (result != PAWL_OK)
        return result;
    EVP_PKEY *found = PEM_read_bio_PrivateKey(pem.bio, NULL, pawl_pem_passphrase_refuse, NULL);
    pawl_pem_close(&pem);
    if (found == NULL)
        return PAWL_MALFORMED;
    *key = found;
    return PAWL_OK;
}
