/* Requests with an Idempotency-Key are done once: the same one is answered again as it was, another
 * one with the same key is refused (SPEC 16.14). For handlers that create something and answer with
 * JSON. */
#ifndef PAWL_SERVER_ONCE_H
#define PAWL_SERVER_ONCE_H

#include "server/http.h"

/* What a request's answer is kept in until it is kept in the store. */
struct pawl_once {
    unsigned status; /* 0: none was given */
    char *text;      /* owned; NULL: none, or it is not to be kept */
};

/* The answer step of such a handler: does `answer` unless that was done. A handler whose body is
 * not collected cannot use it. */
enum MHD_Result pawl_once_answer(struct pawl_request *request,
                                 enum MHD_Result (*answer)(struct pawl_request *request));

/* Takes a copy of an answer, where one is wanted; for pawl_json_answer. */
void pawl_once_note(struct pawl_request *request, unsigned status, const char *text);

#endif
