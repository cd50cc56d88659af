/*
 * The server's key, to which units and content keys are encrypted, wherever it is: `server.key` is
 * a PEM key, or one line with the URI of a P-256 key in an HSM (hsm.h). `server.crt` is a file.
 */
#ifndef PAWL_HEADEND_IDENTITY_H
#define PAWL_HEADEND_IDENTITY_H

#include "headend/cms.h"
#include "headend/master.h"

/* Makes a key and its certificate; neither file may exist (PAWL_STATE). `uri` NULL: the key is in
 * its file; else it is made in the HSM, where it stays. Errors as pawl_hsm_open; PAWL_CRYPTO. */
enum pawl_result pawl_identity_create(const char *key_path, const char *cert_path, const char *uri,
                                      const struct pawl_hsm_access *access,
                                      struct pawl_trouble *trouble);

/* Loads them. The HSM is asked when something is opened, each time. PAWL_IO, PAWL_MALFORMED,
 * PAWL_UNSUPPORTED. */
enum pawl_result pawl_identity_open(const char *key_path, const char *cert_path,
                                    const struct pawl_hsm_access *access,
                                    struct pawl_cms_opener **opener, struct pawl_trouble *trouble);

/* Why the last object that this thread could not open was not: words for PAWL_IO and the like. */
const char *pawl_identity_words(void);

#endif
