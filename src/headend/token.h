/*
 * Credentials of the operator API (SPEC 16.10, 16.13). A token is a random secret that its holder
 * shows; the server knows its digest only, which is as good as the secret to recognise it and no
 * use to anybody who reads it. A client certificate is known by a digest of its subject.
 */
#ifndef PAWL_HEADEND_TOKEN_H
#define PAWL_HEADEND_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/crypto.h"
#include "pawl/result.h"

#define PAWL_TOKEN_PREFIX "pawl_"
#define PAWL_TOKEN_TEXT_SIZE 70u /* the prefix, 64 hex digits and the terminator */
#define PAWL_TOKEN_DIGEST_SIZE PAWL_SHA256_SIZE
#define PAWL_TOKEN_NAME_SIZE 49u     /* with the terminator */
#define PAWL_TOKEN_SUBJECT_SIZE 257u /* with the terminator */

/* Draws a new token and its digest. `text` is a secret. PAWL_CRYPTO. */
enum pawl_result pawl_token_make(char text[PAWL_TOKEN_TEXT_SIZE],
                                 uint8_t digest[PAWL_TOKEN_DIGEST_SIZE]);

/* The digest of a token of `size` bytes, by its text alone. PAWL_MALFORMED when it is none. */
enum pawl_result pawl_token_digest(const char *text, size_t size,
                                   uint8_t digest[PAWL_TOKEN_DIGEST_SIZE]);

/* The digest of a certificate's subject (RFC 4514). */
void pawl_subject_digest(const char *subject, uint8_t digest[PAWL_TOKEN_DIGEST_SIZE]);

/* Whether this may be a token's name: 1 to 48 letters, digits, and ". _ - @". None
 * begins with a dot: ".." in a path means another one to clients and proxies. */
bool pawl_token_name_is_good(const char *name);

/* The token in the value of an Authorization header: its beginning in `value` and `*size`, or NULL
 * when the scheme is not Bearer or the rest is no token68 (RFC 6750). */
const char *pawl_bearer_read(const char *value, size_t *size);

#endif
