/* A private key in the HSM as OpenSSL's CMS can use it: it does the rest, the HSM the ECDH. */
#ifndef PAWL_HEADEND_HSM_ECDH_H
#define PAWL_HEADEND_HSM_ECDH_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "headend/master.h"

/* A key for CMS_decrypt: the public half from the certificate, the private one named by `uri`. The
 * HSM is asked when it is used, not now. PAWL_UNSUPPORTED when the certificate is not for P-256;
 * PAWL_EXHAUSTED. Free it with EVP_PKEY_free. */
enum pawl_result pawl_hsm_ecdh_key_make(X509 *certificate, const char *uri,
                                        const struct pawl_hsm_access *access, EVP_PKEY **key);

/* How the last ECDH of this thread went, which OpenSSL tells nobody: PAWL_OK, or the class and
 * words of its failure. Asking resets it. */
enum pawl_result pawl_hsm_ecdh_trouble(struct pawl_trouble *trouble);

#endif
