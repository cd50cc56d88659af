/*
 * What a request is called in log, audit and answer, so that they can be brought together (SPEC
 * 23): the client's X-Request-Id where it has a good one, else a name of ours. It is made when it
 * is first asked for: an idle poll has none.
 */
#ifndef PAWL_SERVER_REQUEST_ID_H
#define PAWL_SERVER_REQUEST_ID_H

#include <stdbool.h>

#include "server/http.h"

#define PAWL_REQUEST_ID_HEADER "X-Request-Id"

/* Whether `text` may be a request's name: 1 to 64 of A-Z a-z 0-9 . _ - */
bool pawl_request_id_is_good(const char *text);

/* The request's name. */
const char *pawl_request_id(struct pawl_request *request);

/* The same where the client gave it, else NULL. */
const char *pawl_request_id_given(struct pawl_request *request);

#endif
