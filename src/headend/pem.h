/* PEM files: read whole, wiped when given back, never asking for a pass phrase. */
#ifndef PAWL_HEADEND_PEM_H
#define PAWL_HEADEND_PEM_H

#include <openssl/bio.h>
#include <openssl/evp.h>

#include "host/file.h"
#include "pawl/result.h"

struct pawl_pem {
    struct pawl_buffer text;
    BIO *bio; /* reads `text` */
};

/* PAWL_IO, PAWL_MALFORMED when the file is too long for PEM, PAWL_CRYPTO. Close after success. */
enum pawl_result pawl_pem_open(const char *path, struct pawl_pem *pem);
/* Wipes the text, and forgets what OpenSSL noted about bytes that were not what they should be. */
void pawl_pem_close(struct pawl_pem *pem);

/* For OpenSSL's readers: an encrypted key reads as malformed, as there is nobody to ask. */
int pawl_pem_passphrase_refuse(char *buffer, int size, int writing, void *context);

/* A private key of any kind, the caller's to free. Errors as pawl_pem_open, and PAWL_MALFORMED. */
enum pawl_result pawl_pem_key_load(const char *path, EVP_PKEY **key);

#endif
