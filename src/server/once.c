#include "server/once.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/log.h"
#include "server/operator_json.h"
#include "server/server.h"
#include "store/once.h"

#define HEADER "Idempotency-Key"
#define ACTOR_SIZE (PAWL_PEER_NAME_SIZE + 24u)

/* A key is any word that a client can make up. */
static bool key_is_good(const char *key)
{
    size_t size = strlen(key);
    for (size_t i = 0; i < size; i++)
        if (key[i] <= ' ' || key[i] > '~')
            return false;
    return size >= 1 && size < PAWL_ONCE_KEY_SIZE;
}

/* Who sends: a token by its number too, for another one may get its name when it is revoked. */
static void actor_make(const struct pawl_request *request, char actor[ACTOR_SIZE])
{
    if (request->token == 0)
        snprintf(actor, ACTOR_SIZE, "%s", request->actor);
    else
        snprintf(actor, ACTOR_SIZE, "%s#%" PRIu64, request->actor, request->token);
}

/* Two requests ask for the same when method, path and body are the same. */
static void digest_make(const struct pawl_request *request, uint8_t digest[PAWL_SHA256_SIZE])
{
    struct pawl_sha256 sha;
    pawl_sha256_init(&sha);
    pawl_sha256_update(&sha, request->method, strlen(request->method) + 1);
    pawl_sha256_update(&sha, request->path, strlen(request->path) + 1);
    pawl_sha256_update(&sha, request->body, (size_t)request->received);
    pawl_sha256_final(&sha, digest);
}

void pawl_once_note(struct pawl_request *request, unsigned status, const char *text)
{
    struct pawl_once *once = request->once;
    if (once == NULL)
        return;
    once->status = status;
    once->text = strlen(text) <= PAWL_ONCE_ANSWER_MAX ? strdup(text) : NULL;
}

/* Answers again as before. Takes the text. */
static enum MHD_Result replay(struct pawl_request *request, unsigned status, char *text)
{
    struct MHD_Response *response = pawl_json_response(text);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, "Idempotency-Replayed", "true");
    return pawl_request_answer(request, status, response);
}

/* Answers a request whose key is known. */
static enum MHD_Result known_answer(struct pawl_request *request,
                                    const struct pawl_once_answer *known)
{
    const struct pawl_server *server = request->server;
    if (known->same && known->text != NULL)
        return replay(request, known->status, known->text);
    free(known->text);
    if (!known->same)
        return pawl_request_refuse(request, PAWL_STATE,
                                   "this " HEADER " was used for another request");
    if (known->created < server->started)
        return pawl_request_refuse(
            request, PAWL_STATE,
            "the server was stopped while it did this: look whether it is done, "
            "and use another " HEADER);
    request->retry_after = 1;
    return pawl_request_refuse(request, PAWL_STATE,
                               "this request is being done, or its answer "
                               "could not be kept: look whether it is done");
}

/* Keeps the answer, or forgets a request that did nothing. One that failed within the server may
 * have done something: its key stays taken. */
static void once_end(struct pawl_request *request, const struct pawl_once_request *key,
                     const struct pawl_once *once)
{
    struct pawl_server *server = request->server;
    enum pawl_result result = PAWL_OK;
    if (request->status != 0 && request->status != MHD_HTTP_INTERNAL_SERVER_ERROR)
        result = pawl_store_once_drop(server->store, key);
    else if (request->status == 0 && once->text != NULL)
        result = pawl_store_once_finish(server->store, key, once->status, once->text);
    if (result != PAWL_OK)
        pawl_log(PAWL_LOG_WARNING, "event=answer-not-kept class=%s", pawl_result_name(result));
}

enum MHD_Result pawl_once_answer(struct pawl_request *request,
                                 enum MHD_Result (*answer)(struct pawl_request *request))
{
    struct pawl_server *server = request->server;
    char actor[ACTOR_SIZE];
    struct pawl_once_request key = {.actor = actor, .key = pawl_request_header(request, HEADER)};
    struct pawl_once_answer known;
    if (key.key == NULL)
        return answer(request);
    if (!key_is_good(key.key))
        return pawl_request_refuse(request, PAWL_MALFORMED,
                                   HEADER " must be 1 to %u visible characters",
                                   PAWL_ONCE_KEY_SIZE - 1u);
    actor_make(request, actor);
    digest_make(request, key.digest);
    enum pawl_result result =
        pawl_store_once_begin(server->store, &key, (int64_t)time(NULL), &known);
    if (result == PAWL_STATE)
        return known_answer(request, &known);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot note the " HEADER);
    struct pawl_once once = {0, NULL};
    request->once = &once;
    enum MHD_Result answered = answer(request);
    request->once = NULL;
    once_end(request, &key, &once);
    free(once.text);
    return answered;
}
