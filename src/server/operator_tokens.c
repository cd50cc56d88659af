/* GET, POST and DELETE of /v1/tokens (SPEC 16.10). */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/hex.h"
#include "host/log.h"
#include "server/once.h"
#include "server/operator_api.h"
#include "server/operator_json.h"

#define REASON_MAX 256u /* bytes */

static enum pawl_result item_add(void *context, const struct pawl_token_row *row)
{
    struct pawl_numbered_list *list = context;
    json_t *item = json_object();
    pawl_json_put(&item, "id", pawl_number_json(row->id));
    pawl_json_put(&item, "name", json_string(row->name));
    pawl_json_put(&item, "role", json_string(pawl_role_name(row->role)));
    pawl_json_put(&item, "subject",
                  row->subject[0] != '\0' ? json_string(row->subject) : json_null());
    pawl_json_put(&item, "created", json_integer((json_int_t)row->created));
    pawl_json_put(&item, "expires", pawl_time_json(row->expires));
    pawl_json_put(&item, "last_used", pawl_time_json(row->last_used));
    pawl_json_put(&item, "revoked", pawl_time_json(row->revoked));
    list->last = row->id;
    return json_array_append_new(list->items, item) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

static enum pawl_result token_list_gather(struct pawl_reader *reader, uint64_t after, size_t limit,
                                          struct pawl_numbered_list *list)
{
    return pawl_store_token_list(reader, false, after, limit, item_add, list);
}

static enum MHD_Result token_list_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    /* A reader of the list wants to know of the last uses as they are. */
    (void)pawl_tokens_flush(server->tokens, server->store);
    return pawl_numbered_list_answer(request, token_list_gather, "cannot read the tokens");
}

const struct pawl_handler pawl_token_list_handler = {.answer = token_list_answer};

/* The readers of a body's members; false when they failed the request. */

static bool name_read(struct pawl_request *request, const json_t *value,
                      struct pawl_token_row *token)
{
    const char *name = json_string_value(value);
    if (name == NULL || !pawl_token_name_is_good(name)) {
        pawl_request_refuse(request, PAWL_MALFORMED,
                            "name must be 1 to %u letters, digits, or any of . _ - @, no dot first",
                            PAWL_TOKEN_NAME_SIZE - 1u);
        return false;
    }
    strcpy(token->name, name);
    return true;
}

static bool role_read(struct pawl_request *request, const json_t *value,
                      struct pawl_token_row *token)
{
    const char *name = json_string_value(value);
    if (name != NULL && pawl_role_parse(name, &token->role) == PAWL_OK)
        return true;
    pawl_request_refuse(request, PAWL_MALFORMED, "role must be viewer, operator, admin or factory");
    return false;
}

static bool expires_read(struct pawl_request *request, const json_t *value,
                         struct pawl_token_row *token)
{
    if (value == NULL || json_is_null(value))
        return true;
    token->expires = json_is_integer(value) ? (int64_t)json_integer_value(value) : 0;
    if (token->expires > token->created)
        return true;
    pawl_request_refuse(request, PAWL_MALFORMED, "expires must be a time to come, or null");
    return false;
}

/* Either the digest of a secret, which we need not know, or the subject of a certificate. */
static bool credential_read(struct pawl_request *request, const json_t *digest,
                            const json_t *subject, struct pawl_token_row *token)
{
    const char *name = json_string_value(subject);
    if ((digest != NULL) == (subject != NULL)) {
        pawl_request_refuse(request, PAWL_MALFORMED, "either digest or subject is needed");
        return false;
    }
    if (digest != NULL)
        return pawl_member_id_read(request, digest, "digest", token->digest,
                                   PAWL_TOKEN_DIGEST_SIZE);
    if (name == NULL || name[0] == '\0' || strlen(name) >= PAWL_TOKEN_SUBJECT_SIZE) {
        pawl_request_refuse(request, PAWL_MALFORMED, "subject must have 1 to %u bytes",
                            PAWL_TOKEN_SUBJECT_SIZE - 1u);
        return false;
    }
    strcpy(token->subject, name);
    pawl_subject_digest(name, token->digest);
    return true;
}

/* Makes a change of the tokens count for the next request. */
static void tokens_refresh(struct pawl_server *server)
{
    enum pawl_result result = pawl_tokens_reload(server->tokens, &server->readers);
    if (result != PAWL_OK)
        pawl_log(PAWL_LOG_ERROR, "event=tokens-not-read class=%s", pawl_result_name(result));
}

static enum MHD_Result token_add(struct pawl_request *request, const struct pawl_token_row *token)
{
    struct pawl_server *server = request->server;
    uint64_t id = 0;
    json_t *about =
        json_pack("{s:s, s:s, s:o, s:s?}", "name", token->name, "role", pawl_role_name(token->role),
                  "expires", pawl_time_json(token->expires), "subject",
                  token->subject[0] != '\0' ? token->subject : NULL);
    char *detail = pawl_json_dump(about);
    const struct pawl_event event = pawl_operator_event(request, "token-created", NULL, detail);
    enum pawl_result result = pawl_store_token_add(server->store, token, &event, &id);
    free(detail);
    if (result == PAWL_STATE)
        return pawl_request_refuse(request, result,
                                   "there is a token of this name, or with this credential");
    if (result == PAWL_EXHAUSTED)
        return pawl_request_refuse(request, result, "there are %u tokens: revoke some",
                                   PAWL_TOKENS_MAX);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot write the token");
    tokens_refresh(server);
    pawl_log(PAWL_LOG_NOTICE, "event=token-created actor=%s name=%s role=%s", request->actor,
             token->name, pawl_role_name(token->role));
    return pawl_json_answer(request, MHD_HTTP_CREATED, json_pack("{s:I}", "id", (json_int_t)id));
}

static enum MHD_Result token_add_do(struct pawl_request *request)
{
    static const char *const members[] = {"name", "role", "expires", "digest", "subject", NULL};
    struct pawl_token_row token = {.created = (int64_t)time(NULL)};
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return MHD_YES;
    bool good = name_read(request, json_object_get(body, "name"), &token) &&
                role_read(request, json_object_get(body, "role"), &token) &&
                expires_read(request, json_object_get(body, "expires"), &token) &&
                credential_read(request, json_object_get(body, "digest"),
                                json_object_get(body, "subject"), &token);
    json_decref(body);
    return good ? token_add(request, &token) : MHD_YES;
}

static enum MHD_Result token_add_answer(struct pawl_request *request)
{
    return pawl_once_answer(request, token_add_do);
}

const struct pawl_handler pawl_token_add_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = token_add_answer,
};

static enum MHD_Result token_revoke_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    const char *reason = pawl_request_argument(request, "reason");
    if (!pawl_token_name_is_good(request->part))
        return pawl_request_refuse(request, PAWL_MALFORMED, "the path needs a token's name");
    if (reason != NULL && (reason[0] == '\0' || strlen(reason) > REASON_MAX))
        return pawl_request_refuse(request, PAWL_MALFORMED, "a reason has 1 to %u bytes",
                                   REASON_MAX);
    json_t *about = json_pack("{s:s, s:s?}", "name", request->part, "reason", reason);
    if (about == NULL)
        return pawl_request_refuse(request, PAWL_MALFORMED, "the reason is not UTF-8 text");
    char *detail = pawl_json_dump(about);
    const struct pawl_event event = pawl_operator_event(request, "token-revoked", NULL, detail);
    enum pawl_result result =
        pawl_store_token_revoke(server->store, request->part, (int64_t)time(NULL), &event);
    free(detail);
    if (result == PAWL_STATE)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no token of this name");
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot revoke the token");
    tokens_refresh(server);
    pawl_log(PAWL_LOG_NOTICE, "event=token-revoked actor=%s name=%s", request->actor,
             request->part);
    return pawl_json_answer(request, MHD_HTTP_OK, json_object());
}

const struct pawl_handler pawl_token_revoke_handler = {.answer = token_revoke_answer};
