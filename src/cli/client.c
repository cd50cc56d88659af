#include "cli/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/curl.h"
#include "host/file.h"

#define ANSWER_MOST (64u * 1024u * 1024u) /* JSON that we keep in memory */

struct pawl_client {
    CURL *curl;
    struct pawl_access access;
};

/* What one request sends and receives. */
struct exchange {
    struct pawl_client *client;
    int fd; /* uploaded from here */
    uint64_t sent;
    struct pawl_progress *progress;
    uint8_t *answer; /* collected JSON, or the text of an error */
    size_t answer_size;
    pawl_client_take_fn take; /* bytes of a good answer go here instead */
    void *context;
    enum pawl_result taken;
};

enum pawl_result pawl_client_open(struct pawl_client **client)
{
    enum pawl_result result = pawl_curl_load();
    if (result != PAWL_OK)
        return result;
    struct pawl_client *made = calloc(1, sizeof *made);
    if (made != NULL && pawl_curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        made->curl = pawl_curl.easy_init();
    if (made == NULL || made->curl == NULL) {
        free(made);
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    }
    result = pawl_access_open(&made->access);
    if (result == PAWL_OK)
        *client = made;
    else
        pawl_client_close(made);
    return result;
}

void pawl_client_close(struct pawl_client *client)
{
    pawl_curl.easy_cleanup(client->curl);
    pawl_curl.global_cleanup();
    pawl_access_release(&client->access);
    free(client);
}

char *pawl_client_path(struct pawl_client *client, const char *path, const char *const *query)
{
    char *made = strdup(path);
    const char *separator = "?";

    for (; made != NULL && query[0] != NULL; query += 2) {
        char *longer = NULL;
        if (query[1] == NULL)
            continue;
        char *value = pawl_curl.easy_escape(client->curl, query[1], 0);
        if (value == NULL || asprintf(&longer, "%s%s%s=%s", made, separator, query[0], value) < 0)
            longer = NULL;
        pawl_curl.free(value);
        free(made);
        made = longer;
        separator = "&";
    }
    return made;
}

static long status_of(const struct exchange *exchange)
{
    long status = 0;

    pawl_curl.easy_getinfo(exchange->client->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t receive(char *bytes, size_t unit, size_t count, void *context)
{
    struct exchange *exchange = context;
    size_t size = unit * count;

    if (exchange->take != NULL && status_of(exchange) == 200) {
        exchange->taken = exchange->take(exchange->context, (const uint8_t *)bytes, size);
        return exchange->taken == PAWL_OK ? size : 0;
    }
    if (size > ANSWER_MOST - exchange->answer_size)
        return 0;
    uint8_t *longer = realloc(exchange->answer, exchange->answer_size + size);
    if (longer == NULL)
        return 0;
    memcpy(longer + exchange->answer_size, bytes, size);
    exchange->answer = longer;
    exchange->answer_size += size;
    return size;
}

static size_t send_file(char *bytes, size_t unit, size_t count, void *context)
{
    struct exchange *exchange = context;
    size_t got = 0;

    if (pawl_read_most(exchange->fd, bytes, unit * count, &got) != PAWL_OK)
        return CURL_READFUNC_ABORT;
    exchange->sent += got;
    pawl_progress_update(exchange->progress, exchange->sent);
    return got;
}

static enum pawl_result class_of(const char *name)
{
    for (int i = PAWL_MALFORMED; i < PAWL_RESULT_COUNT; i++)
        if (name != NULL && strcmp(pawl_result_name((enum pawl_result)i), name) == 0)
            return (enum pawl_result)i;
    return PAWL_IO;
}

/* What is not there, and what lists what is. */
static void absence_hint(const char *message)
{
    static const struct {
        const char *begin, *command;
    } lists[] = {
        {"no such campaign", "pawl campaign list"},   {"no such device", "pawl devices"},
        {"no such group", "pawl group list"},         {"no such package", "pawl packages"},
        {"no such content", "pawl content list"},     {"no such assignment", "pawl assign --list"},
        {"no token of this name", "pawl token list"},
    };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (strncmp(message, lists[i].begin, strlen(lists[i].begin)) == 0)
            pawl_hint("'%s' lists those that there are", lists[i].command);
}

/* An answer that says no: {"class", "message"}. */
static enum pawl_result server_error(const struct exchange *exchange)
{
    json_t *answer = json_loadb((const char *)exchange->answer, exchange->answer_size, 0, NULL);
    enum pawl_result class = class_of(json_string_value(json_object_get(answer, "class")));
    const char *message = json_string_value(json_object_get(answer, "message"));

    if (message != NULL)
        pawl_error(class, "pawld: %s", message);
    else
        pawl_error(class, "pawld answered with HTTP status %ld", status_of(exchange));
    pawl_access_hint(&exchange->client->access, exchange->client->curl, status_of(exchange));
    if (message != NULL && status_of(exchange) == 404)
        absence_hint(message);
    json_decref(answer);
    return class;
}

static enum pawl_result answer_read(const struct exchange *exchange, json_t **answer)
{
    json_error_t error;

    if (answer == NULL)
        return PAWL_OK;
    json_t *value = json_loadb((const char *)exchange->answer, exchange->answer_size, 0, &error);
    if (value == NULL)
        return pawl_error(PAWL_MALFORMED, "pawld's answer is no JSON: %s", error.text);
    *answer = value;
    return PAWL_OK;
}

/* Runs a request whose body is set up already. */
static enum pawl_result perform(struct exchange *exchange, const char *method, const char *path,
                                const char *media_type)
{
    CURL *curl = exchange->client->curl;
    char detail[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = NULL;
    char *url = NULL;

    const struct pawl_access *access = &exchange->client->access;

    if (asprintf(&url, "%s%s", access->origin, path) < 0 ||
        (media_type != NULL && (headers = pawl_curl.slist_append(NULL, media_type)) == NULL)) {
        free(url);
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    }
    struct curl_slist *both = headers == NULL ? NULL : pawl_curl.slist_append(headers, "Expect:");
    pawl_curl.easy_setopt(curl, CURLOPT_URL, url);
    pawl_access_apply(access, curl);
    pawl_curl.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    pawl_curl.easy_setopt(curl, CURLOPT_HTTPHEADER, both);
    pawl_curl.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    pawl_curl.easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    pawl_curl.easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    pawl_curl.easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    CURLcode code = pawl_curl.easy_perform(curl);
    pawl_curl.slist_free_all(headers);
    free(url);

    enum pawl_result result = PAWL_OK;
    if (exchange->taken != PAWL_OK)
        result = exchange->taken;
    else if (status_of(exchange) >= 400)
        result = server_error(exchange);
    else if (code != CURLE_OK)
        result = pawl_access_error(access, code, detail);
    pawl_curl.easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    return result;
}

static enum pawl_result exchange_finish(struct exchange *exchange, enum pawl_result result,
                                        json_t **answer)
{
    if (result == PAWL_OK)
        result = answer_read(exchange, answer);
    free(exchange->answer);
    pawl_curl.easy_reset(exchange->client->curl);
    return result;
}

static enum pawl_result body_perform(struct exchange *exchange, const char *method,
                                     const char *path, json_t *body)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);

    json_decref(body);
    if (text != NULL) {
        pawl_curl.easy_setopt(exchange->client->curl, CURLOPT_POSTFIELDS, text);
        pawl_curl.easy_setopt(exchange->client->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                              (curl_off_t)strlen(text));
    }
    enum pawl_result result =
        perform(exchange, method, path, text != NULL ? "Content-Type: application/json" : NULL);
    free(text);
    return result;
}

enum pawl_result pawl_client_json(struct pawl_client *client, const char *method, const char *path,
                                  json_t *body, json_t **answer)
{
    struct exchange exchange = {.client = client, .fd = -1};
    enum pawl_result result = body_perform(&exchange, method, path, body);

    return exchange_finish(&exchange, result, answer);
}

/* Sends a file; what the exchange is to do with the answer is set already. */
static enum pawl_result file_perform(struct exchange *exchange, const char *method,
                                     const char *path, uint64_t size, const char *what)
{
    CURL *curl = exchange->client->curl;
    struct pawl_progress progress;

    if (lseek(exchange->fd, 0, SEEK_SET) != 0)
        return pawl_error(PAWL_IO, "the file cannot be read from its start: %s", strerror(errno));
    exchange->progress = &progress;
    pawl_cli_progress_bytes(&progress, what, size);
    pawl_curl.easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    pawl_curl.easy_setopt(curl, CURLOPT_READFUNCTION, send_file);
    pawl_curl.easy_setopt(curl, CURLOPT_READDATA, exchange);
    pawl_curl.easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
    pawl_curl.easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024L);
    enum pawl_result result =
        perform(exchange, method, path, "Content-Type: application/octet-stream");
    if (result == PAWL_OK)
        pawl_progress_finish(&progress);
    return result;
}

enum pawl_result pawl_client_upload(struct pawl_client *client, const char *method,
                                    const char *path, int fd, uint64_t size, const char *what,
                                    json_t **answer, bool *created)
{
    struct exchange exchange = {.client = client, .fd = fd};
    enum pawl_result result = file_perform(&exchange, method, path, size, what);

    if (result == PAWL_OK && created != NULL)
        *created = status_of(&exchange) == 201;
    return exchange_finish(&exchange, result, answer);
}

enum pawl_result pawl_client_upload_stream(struct pawl_client *client, const char *method,
                                           const char *path, int fd, uint64_t size,
                                           const char *what, pawl_client_take_fn take,
                                           void *context)
{
    struct exchange exchange = {.client = client, .fd = fd, .take = take, .context = context};
    enum pawl_result result = file_perform(&exchange, method, path, size, what);

    return exchange_finish(&exchange, result, NULL);
}

enum pawl_result pawl_client_send(struct pawl_client *client, const char *method, const char *path,
                                  const uint8_t *bytes, size_t size, json_t **answer)
{
    struct exchange exchange = {.client = client, .fd = -1};

    pawl_curl.easy_setopt(client->curl, CURLOPT_POSTFIELDS, (const char *)bytes);
    pawl_curl.easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    enum pawl_result result =
        perform(&exchange, method, path, "Content-Type: application/octet-stream");
    return exchange_finish(&exchange, result, answer);
}

enum pawl_result pawl_client_stream(struct pawl_client *client, const char *path, json_t *body,
                                    pawl_client_take_fn take, void *context)
{
    struct exchange exchange = {.client = client, .fd = -1, .take = take, .context = context};
    enum pawl_result result = body_perform(&exchange, "POST", path, body);

    return exchange_finish(&exchange, result, NULL);
}

enum pawl_result pawl_client_fetch(struct pawl_client *client, const char *path,
                                   pawl_client_take_fn take, void *context)
{
    struct exchange exchange = {.client = client, .fd = -1, .take = take, .context = context};
    enum pawl_result result = perform(&exchange, "GET", path, NULL);

    return exchange_finish(&exchange, result, NULL);
}
