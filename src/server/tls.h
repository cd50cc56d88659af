/*
 * TLS of the listeners, by GnuTLS under libmicrohttpd: certificate, key and the authority of client
 * certificates, from files that may be replaced while we serve (SPEC 16.12). A connection keeps
 * what it began with; what no connection holds any more is freed.
 */
#ifndef PAWL_SERVER_TLS_H
#define PAWL_SERVER_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/result.h"

struct gnutls_session_int;
struct pawl_tls;
struct pawl_tls_material; /* a certificate with its key, as a connection holds it */

/* PEM files; kept by reference. */
struct pawl_tls_files {
    const char *certificate; /* the server's, then those that lead to its authority */
    const char *key;         /* that nobody else may read */
    const char *client_ca;   /* who vouches for client certificates; NULL: none is asked for */
};

/* What a handshake may agree on: TLS 1.2 and 1.3, forward secrecy, authenticated encryption. */
extern const char pawl_tls_priorities[];

/* Reads the files. PAWL_IO, PAWL_MALFORMED, PAWL_UNTRUSTED when others may read the key or it is
 * not the certificate's, PAWL_EXHAUSTED; an error was printed. */
enum pawl_result pawl_tls_open(const struct pawl_tls_files *files, struct pawl_tls **tls);

/* Reads them again for connections to come. After a failure, which is logged, it goes on with what
 * it had. */
enum pawl_result pawl_tls_reload(struct pawl_tls *tls);

/* No connection may hold any of it. Harmless on NULL. */
void pawl_tls_close(struct pawl_tls *tls);

/* When the certificate in use expires, Unix seconds. */
int64_t pawl_tls_expiry(struct pawl_tls *tls);

/* Prepares a connection's session before its handshake: `asks` for a client certificate where there
 * is an authority for them, or else lets the client resume the session later. To be ended when the
 * connection is closed. NULL when it is not possible. */
struct pawl_tls_material *pawl_tls_begin(struct pawl_tls *tls, struct gnutls_session_int *session,
                                         bool asks);
void pawl_tls_end(struct pawl_tls_material *material);

/* The subject of the certificate that the client showed, as RFC 4514 writes it (what `openssl x509
 * -subject -nameopt RFC2253` prints), once the handshake is done. PAWL_STATE when it showed none;
 * PAWL_UNTRUSTED when the authority does not vouch for it now; PAWL_EXHAUSTED when the name has
 * more than `size` bytes with its terminator. */
enum pawl_result pawl_tls_peer_name(struct gnutls_session_int *session, char *name, size_t size);

#endif
