/* Where a directive's package lies, seen from the server (SPEC 10, 12). Pure. */
#ifndef PAWL_AGENT_URL_H
#define PAWL_AGENT_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "pawl/result.h"

/* Longest URL that the agent asks for, with its terminator. */
#define PAWL_AGENT_URL_MAX 2048u

/* True for "http://HOST..." or "https://HOST..." of printable ASCII without spaces. */
bool pawl_url_is_valid(const char *url);

/* The URL of `path` below the base URL `server`, which may itself have a path:
 * "http://h/pawl" and "/v1/report" make "http://h/pawl/v1/report". PAWL_EXHAUSTED. */
enum pawl_result pawl_url_append(const char *server, const char *path, char *url, size_t capacity);

/* What a directive names (`size` characters, not terminated): a full http or https URL is taken as
 * it is, an absolute path belongs to the server's origin (scheme, host and port). PAWL_UNSUPPORTED
 * for anything else, PAWL_EXHAUSTED when it does not fit. */
enum pawl_result pawl_url_join(const char *server, const char *reference, size_t size, char *url,
                               size_t capacity);

#endif
