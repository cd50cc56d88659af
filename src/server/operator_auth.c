#include "server/operator_auth.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/log.h"
#include "pawl/secret.h"
#include "server/server.h"
#include "server/tls.h"

#define ASKED "Bearer realm=\"pawld\""
#define INVALID ASKED ", error=\"invalid_token\""

static const struct sockaddr *address_of(const struct pawl_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info != NULL ? info->client_addr : NULL;
}

static void address_print(const struct sockaddr *address, char text[NI_MAXHOST])
{
    socklen_t size = sizeof(struct sockaddr_in);
    if (address != NULL && address->sa_family == AF_INET6)
        size = sizeof(struct sockaddr_in6);
    if (address == NULL ||
        getnameinfo(address, size, text, NI_MAXHOST, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(text, NI_MAXHOST, "unknown");
}

/* Refuses a request: `cause` is a word for the log, `why` for the client. An address that fails too
 * often is told to stay away, and no longer written about: good tokens from there are served all
 * the same. */
static void refuse(struct pawl_request *request, const char *challenge, const char *cause,
                   const char *why)
{
    struct pawl_server *server = request->server;
    const struct sockaddr *address = address_of(request);
    uint32_t wait = pawl_refusals_note(&server->refusals, address, pawl_steady_now());
    if (wait > 0) {
        request->retry_after = wait;
        request->hangs_up = true;
        pawl_request_fail(request, MHD_HTTP_TOO_MANY_REQUESTS, PAWL_EXHAUSTED,
                          "too many failed attempts from this address; the last one: %s", why);
        return;
    }
    char peer[NI_MAXHOST];
    address_print(address, peer);
    pawl_log(PAWL_LOG_WARNING, "event=authentication-failed peer=%s cause=%s", peer, cause);
    request->challenge = challenge;
    pawl_request_fail(request, MHD_HTTP_UNAUTHORIZED, PAWL_UNTRUSTED, "%s", why);
}

static void expired_refuse(struct pawl_request *request, const struct pawl_token_grant *grant)
{
    const time_t expires = (time_t)grant->expires;
    struct tm parts;
    char date[32] = "", why[128];
    if (gmtime_r(&expires, &parts) != NULL)
        strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &parts);
    snprintf(why, sizeof why, "the token \"%s\" expired on %s", grant->name, date);
    refuse(request, INVALID, "expired", why);
}

/* Judges a credential; `unknown` says what is wrong when it is not known. */
static void credential_judge(struct pawl_request *request,
                             const uint8_t digest[PAWL_TOKEN_DIGEST_SIZE], const char *unknown)
{
    struct pawl_server *server = request->server;
    struct pawl_token_grant grant;
    switch (pawl_tokens_judge(server->tokens, digest, (int64_t)time(NULL), &grant)) {
    case PAWL_TOKEN_UNKNOWN:
        refuse(request, INVALID, "unknown", unknown);
        return;
    case PAWL_TOKEN_EXPIRED:
        expired_refuse(request, &grant);
        return;
    case PAWL_TOKEN_BUSY:
        request->retry_after = grant.wait;
        pawl_request_fail(request, MHD_HTTP_TOO_MANY_REQUESTS, PAWL_EXHAUSTED,
                          "the token \"%s\" makes too many requests", grant.name);
        return;
    case PAWL_TOKEN_GOOD:
        break;
    }
    request->role = grant.role;
    request->token = grant.id;
    snprintf(request->actor, sizeof request->actor, "token:%s", grant.name);
    pawl_request_know(request);
}

static void bearer_judge(struct pawl_request *request, const char *value)
{
    uint8_t digest[PAWL_TOKEN_DIGEST_SIZE];
    size_t size = 0;
    const char *token = pawl_bearer_read(value, &size);
    if (token == NULL)
        refuse(request, INVALID, "malformed", "the Authorization header is not \"Bearer TOKEN\"");
    else if (pawl_token_digest(token, size, digest) != PAWL_OK)
        refuse(request, INVALID, "malformed",
               "this is no token of pawld: \"pawl_\" and 64 hex digits");
    else
        credential_judge(request, digest, "this token is not known here, or was revoked");
    pawl_wipe((void *)value, strlen(value)); /* in libmicrohttpd's buffer, for the last time */
}

/* A client certificate is verified once for each connection, its role looked up for each request.
 * False when there is none. */
static bool certificate_judge(struct pawl_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (request->material == NULL || info == NULL || !request->settings->asks_certificate)
        return false;
    char subject[PAWL_TOKEN_SUBJECT_SIZE], why[PAWL_TOKEN_SUBJECT_SIZE + 64];
    enum pawl_result result = pawl_tls_peer_name(info->tls_session, subject, sizeof subject);
    if (result == PAWL_STATE)
        return false;
    if (result != PAWL_OK) {
        refuse(request, ASKED, "certificate",
               "the client certificate is not one that this server trusts");
        return true;
    }
    uint8_t digest[PAWL_TOKEN_DIGEST_SIZE];
    pawl_subject_digest(subject, digest);
    snprintf(why, sizeof why, "no role is given to the client certificate of %s", subject);
    credential_judge(request, digest, why);
    return true;
}

void pawl_operator_authorize(struct pawl_request *request)
{
    request->role = 0;
    request->actor[0] = '\0';
    request->token = 0;
    const char *value = pawl_request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
    if (value != NULL)
        bearer_judge(request, value);
    else if (!certificate_judge(request))
        refuse(request, ASKED, "missing", "a token is needed: \"Authorization: Bearer TOKEN\"");
}
