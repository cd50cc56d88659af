/* pawl token: who may speak to the server over the network. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "cli/pages.h"
#include "cli/print.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "headend/token.h"
#include "host/file.h"
#include "host/hex.h"
#include "pawl/secret.h"

static const char *role, *expires, *out, *subject, *reason, *after;
static uint64_t limit = 100;

static const struct pawl_option options[] = {
    {"role", 0, "ROLE", "create: viewer, operator, admin or factory", .text = &role},
    {"expires", 0, "WHEN", "create: in so long (30d, 12h) or on a date; never if absent",
     .text = &expires},
    {"out", 'o', "FILE", "create: write the token here (mode 0600) instead of showing it",
     .text = &out},
    {"subject", 0, "NAME", "create: for the client certificate of this subject, without a token",
     .text = &subject},
    {"reason", 0, "TEXT", "revoke: why, for the audit trail", .text = &reason},
    {"limit", 'n', "N", "list: at most so many (100)", .number = &limit, .least = 1, .most = 10000},
    {"after", 0, "CURSOR", "list: go on behind an earlier list", .text = &after},
    {.name = "force", .help = "create: replace the file of --out", .flag = &pawl_cli.force},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

/* When a new token expires: 0 for never. */
static enum pawl_result expires_read(int64_t *moment)
{
    int64_t now = (int64_t)time(NULL), span;

    *moment = 0;
    if (expires == NULL)
        return PAWL_OK;
    if (pawl_span_parse(expires, &span) == PAWL_OK) {
        *moment = now + span;
        return PAWL_OK;
    }
    return pawl_when_parse(expires, now, moment) == PAWL_OK && *moment > now ? PAWL_OK
                                                                             : PAWL_MALFORMED;
}

/* Tells the server of a new credential: `name_of` is "digest" or "subject". */
static enum pawl_result credential_add(const char *name, int64_t moment, const char *member,
                                       const char *value, json_t **answer)
{
    struct pawl_client *client = NULL;

    json_t *body =
        json_pack("{s:s, s:s, s:o, s:s}", "name", name, "role", role, "expires",
                  moment != 0 ? json_integer((json_int_t)moment) : json_null(), member, value);
    if (body == NULL)
        return pawl_error(PAWL_MALFORMED, "name, role and subject must be UTF-8 text");
    enum pawl_result result = pawl_client_open(&client);
    if (result != PAWL_OK) {
        json_decref(body);
        return result;
    }
    result = pawl_client_json(client, "POST", "/v1/tokens", body, answer);
    pawl_client_close(client);
    return result;
}

/* The file is begun before the server is told and finished after it: a token that is known is not
 * lost for want of a place. */
static enum pawl_result token_write(const char *name, int64_t moment, const char *text,
                                    const char *digest, json_t **answer)
{
    struct pawl_outfile file;

    enum pawl_result result = pawl_outfile_open(&file, out, 0600, pawl_cli.force);
    if (result != PAWL_OK)
        return pawl_file_error(result, out, "a token's file");
    result = pawl_write_full(file.fd, text, strlen(text));
    if (result == PAWL_OK)
        result = pawl_write_full(file.fd, "\n", 1);
    if (result != PAWL_OK) {
        pawl_file_error(result, out, "a token's file");
    } else if ((result = credential_add(name, moment, "digest", digest, answer)) == PAWL_OK &&
               (result = pawl_outfile_commit(&file)) != PAWL_OK) {
        pawl_file_error(result, out, "a token's file");
        pawl_hint("the token is lost: 'pawl token revoke %s'", name);
    }
    pawl_outfile_close(&file);
    return result;
}

static void created_print(const char *name, int64_t moment, const char *text, json_t *answer)
{
    if (pawl_cli.json) {
        json_object_set_new(answer, "name", json_string(name));
        json_object_set_new(answer, "role", json_string(role));
        json_object_set_new(answer, "expires",
                            moment != 0 ? json_integer((json_int_t)moment) : json_null());
        if (text != NULL)
            json_object_set_new(answer, "token", json_string(text));
        pawl_print(json_incref(answer));
    } else if (text != NULL) {
        puts(text);
    }
}

static int create(const char *name)
{
    char text[PAWL_TOKEN_TEXT_SIZE] = "", hex[PAWL_HEX_SIZE(PAWL_TOKEN_DIGEST_SIZE)];
    uint8_t digest[PAWL_TOKEN_DIGEST_SIZE];
    json_t *answer = NULL;
    int64_t moment;

    if (role == NULL)
        return pawl_usage_error("create needs a --role");
    if (subject != NULL && out != NULL)
        return pawl_usage_error("--subject needs no token, so there is none to write to --out");
    if (expires_read(&moment) != PAWL_OK)
        return pawl_usage_error("--expires %s: neither a span of time nor a date to come", expires);
    enum pawl_result result = PAWL_OK;
    if (subject != NULL) {
        result = credential_add(name, moment, "subject", subject, &answer);
    } else if ((result = pawl_token_make(text, digest)) != PAWL_OK) {
        pawl_error(result, "cannot draw a token");
    } else {
        pawl_hex_encode(digest, sizeof digest, hex);
        result = out != NULL ? token_write(name, moment, text, hex, &answer)
                             : credential_add(name, moment, "digest", hex, &answer);
    }
    if (result == PAWL_OK)
        created_print(name, moment, subject == NULL && out == NULL ? text : NULL, answer);
    pawl_wipe(text, sizeof text);
    json_decref(answer);
    return pawl_exit_code(result);
}

static const struct pawl_column columns[] = {
    {"name", "NAME", 24}, {"role", "ROLE", 10},  {"kind", "KIND", 13},
    {"used", "USED", 18}, {"state", "STATE", 0}, {NULL, NULL, 0},
};

static void date_set(json_t *item, const char *member, const char *prefix, const json_t *moment)
{
    char date[20];

    if (json_is_integer(moment))
        json_object_set_new(item, member,
                            json_sprintf("%s%s", prefix, pawl_date_text(moment, date)));
}

/* Adds what people want to know: what it is, when it was used, and what became of it. */
static void item_adorn(json_t *item)
{
    const json_t *end = json_object_get(item, "expires"), *gone = json_object_get(item, "revoked");
    bool over = json_is_integer(end) && json_integer_value(end) <= (json_int_t)time(NULL);
    bool is_token = json_is_null(json_object_get(item, "subject"));

    json_object_set_new(item, "kind", json_string(is_token ? "token" : "certificate"));
    date_set(item, "used", "", json_object_get(item, "last_used"));
    json_object_set_new(item, "state", json_string("good"));
    date_set(item, "state", over ? "expired " : "good until ", end);
    date_set(item, "state", "revoked ", gone);
}

static enum pawl_result list_print(json_t *answer)
{
    json_t *item;
    size_t index;

    if (pawl_cli.json)
        return pawl_print(answer);
    json_array_foreach(json_object_get(answer, "items"), index, item) item_adorn(item);
    pawl_print_table(json_incref(json_object_get(answer, "items")), columns);
    pawl_more_print(answer);
    json_decref(answer);
    return PAWL_OK;
}

static enum pawl_result list(struct pawl_client *client)
{
    const char *const query[] = {NULL};
    const struct pawl_pages pages = {"/v1/tokens", query, after, limit};
    json_t *answer = NULL;
    enum pawl_result result = pawl_pages_gather(client, &pages, &answer);

    return result == PAWL_OK ? list_print(answer) : result;
}

static enum pawl_result revoke(struct pawl_client *client, const char *name)
{
    char resource[sizeof "/v1/tokens/" + PAWL_TOKEN_NAME_SIZE];

    snprintf(resource, sizeof resource, "/v1/tokens/%s", name);
    char *path = pawl_client_path(client, resource, (const char *const[]){"reason", reason, NULL});
    if (path == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    enum pawl_result result = pawl_client_json(client, "DELETE", path, NULL, NULL);
    free(path);
    return result;
}

static int run(const struct pawl_option_list *operands)
{
    const char *action = pawl_cli_action(operands),
               *name = operands->count > 1 ? operands->items[1] : NULL;
    bool creates = strcmp(action, "create") == 0, lists = strcmp(action, "list") == 0;
    struct pawl_client *client = NULL;

    if (!creates && !lists && strcmp(action, "revoke") != 0)
        return pawl_usage_error("'%s' is none of create, list and revoke", action);
    if (lists != (name == NULL))
        return pawl_usage_error(lists ? "list takes no name" : "%s needs a name", action);
    if (name != NULL && !pawl_token_name_is_good(name))
        return pawl_usage_error(
            "'%s' is not a token's name: 1 to %u letters, digits, . _ - @, no dot first", name,
            PAWL_TOKEN_NAME_SIZE - 1u);
    if (creates)
        return create(name);
    enum pawl_result result = pawl_client_open(&client);
    if (result == PAWL_OK) {
        result = lists ? list(client) : revoke(client, name);
        pawl_client_close(client);
    }
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_token = {
    .name = "token",
    .usage = {.command = "pawl token",
              .operands = "[list] | create|revoke NAME",
              .summary = "say who may speak to the server over the network",
              .details = "create draws a token and tells the server its digest: only this command "
                         "ever shows it.\nWith --subject a client certificate is given the role "
                         "instead. revoke is in force at once.",
              .least = 0,
              .most = 2},
    .options = options,
    .run = run,
    .words = "create list revoke",
};
