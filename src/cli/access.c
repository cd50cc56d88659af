#include "cli/access.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "host/file.h"
#include "pawl/secret.h"

#define SOCKET_ORIGIN "http://pawld"
#define TOKEN_FILE_MAX 256u  /* bytes */
#define CONNECT_PATIENCE 15L /* seconds */

/* How close at hand a setting is: an option before the environment before the file. */
static enum pawl_config_source source_of(const char *name, const char *value, const char *usual)
{
    enum pawl_config_source source = PAWL_CONFIG_NONE;
    const char *found = pawl_config_find(&pawl_cli.config, name, &source);

    if (value == NULL || value == usual)
        return PAWL_CONFIG_NONE;
    return value == found ? source : PAWL_CONFIG_FLAG;
}

static bool server_is_meant(void)
{
    enum pawl_config_source server = source_of("server", pawl_cli.server, NULL);
    enum pawl_config_source socket = source_of("socket", pawl_cli.socket, pawl_socket_default);

    return server != PAWL_CONFIG_NONE && (socket == PAWL_CONFIG_NONE || server <= socket);
}

/* Whether the host of a URL, behind its scheme, is this machine by its name. */
static bool host_is_loopback(const char *host)
{
    static const char *const names[] = {"localhost", "[::1]", "127.0.0.1"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size = strlen(names[i]);
        if (strncmp(host, names[i], size) == 0 && (host[size] == '\0' || host[size] == ':'))
            return true;
    }
    return false;
}

static enum pawl_result origin_read(struct pawl_access *access)
{
    static const char secure[] = "https://", plain[] = "http://";
    const char *url = pawl_cli.server;
    bool is_secure = strncmp(url, secure, sizeof secure - 1) == 0;
    bool is_plain = strncmp(url, plain, sizeof plain - 1) == 0;
    const char *host = url + (is_secure ? sizeof secure : sizeof plain) - 1;
    size_t size = strlen(url);

    if ((!is_secure && !is_plain) || *host == '\0' || strpbrk(host, "@?# ") != NULL) {
        pawl_error(PAWL_MALFORMED, "%s is not the URL of a server", url);
        pawl_hint("it begins with https:// and names host and port");
        return PAWL_MALFORMED;
    }
    while (size > 0 && url[size - 1] == '/')
        size--;
    access->origin = strndup(url, size);
    if (access->origin == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    if (is_plain && !host_is_loopback(access->origin + sizeof plain - 1)) {
        pawl_error(PAWL_UNTRUSTED, "%s would carry the token in the clear", url);
        pawl_hint("use https://; plain HTTP is for this machine alone");
        return PAWL_UNTRUSTED;
    }
    return PAWL_OK;
}

static enum pawl_result token_read(struct pawl_access *access)
{
    const char *path = pawl_cli.token_file;
    struct pawl_buffer text = {NULL, 0};
    uint8_t digest[PAWL_TOKEN_DIGEST_SIZE];

    enum pawl_result result = pawl_file_read(path, TOKEN_FILE_MAX, &text);
    if (result != PAWL_OK && result != PAWL_EXHAUSTED)
        return pawl_file_error(result, path, "a token");
    size_t size = text.size;
    while (size > 0 && strchr("\r\n \t", text.bytes[size - 1]) != NULL)
        size--;
    if (result != PAWL_OK || pawl_token_digest((const char *)text.bytes, size, digest) != PAWL_OK) {
        result = pawl_error(PAWL_MALFORMED, "%s does not hold a token", path);
        pawl_hint("'pawl token create NAME --role ROLE --out FILE' makes one");
    } else if (!pawl_file_is_private(path)) {
        result = pawl_error(PAWL_UNTRUSTED, "%s: others may read it", path);
        pawl_hint("chmod 600 it, and revoke the token if somebody may have seen it");
    } else {
        memcpy(access->token, text.bytes, size);
        access->token[size] = '\0';
    }
    pawl_buffer_release(&text);
    return result;
}

enum pawl_result pawl_access_open(struct pawl_access *access)
{
    enum pawl_result result = PAWL_OK;

    memset(access, 0, sizeof *access);
    access->is_remote = server_is_meant();
    access->where = access->is_remote ? pawl_cli.server : pawl_cli.socket;
    if (!access->is_remote) {
        access->origin = strdup(SOCKET_ORIGIN);
        return access->origin != NULL ? PAWL_OK : pawl_error(PAWL_EXHAUSTED, "no memory");
    }
    if ((pawl_cli.client_cert == NULL) != (pawl_cli.client_key == NULL))
        return pawl_error(PAWL_MALFORMED, "--client-cert and --client-key belong together");
    result = origin_read(access);
    if (result == PAWL_OK && pawl_cli.token_file != NULL)
        result = token_read(access);
    return result;
}

void pawl_access_release(struct pawl_access *access)
{
    free(access->origin);
    pawl_wipe(access, sizeof *access);
}

void pawl_access_apply(const struct pawl_access *access, CURL *curl)
{
    pawl_curl.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_PATIENCE);
    pawl_curl.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (!access->is_remote) {
        pawl_curl.easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, pawl_cli.socket);
        pawl_curl.easy_setopt(curl, CURLOPT_PROXY, "");
        return;
    }
    pawl_curl.easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (strncmp(access->origin, "http:", 5) == 0)
        pawl_curl.easy_setopt(curl, CURLOPT_PROXY, "");
    if (pawl_cli.ca != NULL) /* and nobody else */ {
        pawl_curl.easy_setopt(curl, CURLOPT_CAINFO, pawl_cli.ca);
        pawl_curl.easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (pawl_cli.client_cert != NULL) {
        pawl_curl.easy_setopt(curl, CURLOPT_SSLCERT, pawl_cli.client_cert);
        pawl_curl.easy_setopt(curl, CURLOPT_SSLKEY, pawl_cli.client_key);
    }
    if (access->token[0] != '\0') {
        pawl_curl.easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        pawl_curl.easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, access->token);
    }
}

enum failure { UNREACHABLE, CUT_OFF, TLS_FAILED, TLS_FILES, OTHER };

static enum failure failure_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_OPERATION_TIMEDOUT:
        return UNREACHABLE;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return CUT_OFF;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return TLS_FAILED;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        return TLS_FILES;
    default:
        return OTHER;
    }
}

enum pawl_result pawl_access_error(const struct pawl_access *access, CURLcode code,
                                   const char *detail)
{
    const char *cause = detail[0] != '\0' ? detail : pawl_curl.easy_strerror(code);

    switch (failure_of(code)) {
    case UNREACHABLE:
        pawl_error(PAWL_IO, "nothing answers at %s", access->where);
        if (access->is_remote)
            pawl_hint("check host and port, which are those of pawld --operator-listen");
        else
            pawl_hint("start pawld, or name its operator socket with --socket or PAWL_SOCKET; "
                      "only users that it allows may connect");
        return PAWL_IO;
    case CUT_OFF:
        pawl_error(PAWL_IO, "pawld at %s closed the connection", access->where);
        pawl_hint(access->is_remote
                      ? "operators from elsewhere are served by TLS: the URL begins with https://"
                      : "it serves the users that it was told to; its log says why");
        return PAWL_IO;
    case TLS_FAILED:
        pawl_error(PAWL_UNTRUSTED, "no TLS with %s: %s", access->where, cause);
        pawl_hint("--ca names the authority of the server's certificate, and the URL its host");
        return PAWL_UNTRUSTED;
    case TLS_FILES:
        pawl_error(PAWL_MALFORMED, "a file for TLS cannot be used: %s", cause);
        pawl_hint("--ca, --client-cert and --client-key are PEM files");
        return PAWL_MALFORMED;
    case OTHER:
        break;
    }
    return pawl_error(PAWL_IO, "%s: %s", access->where, cause);
}

void pawl_access_hint(const struct pawl_access *access, CURL *curl, long status)
{
    curl_off_t wait = 0;

    switch (status) {
    case 401:
        pawl_hint(access->token[0] != '\0'
                      ? "ask an administrator of the server for a new token"
                      : "name a token's file with --token-file or PAWL_TOKEN_FILE");
        break;
    case 403:
        pawl_hint(access->is_remote ? "use the token of somebody who may, or ask an administrator"
                                    : "run this as a user whom pawld serves");
        break;
    case 429:
        pawl_curl.easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
        pawl_hint("try again in %" CURL_FORMAT_CURL_OFF_T " s", wait > 0 ? wait : 1);
        break;
    default:
        break;
    }
}
