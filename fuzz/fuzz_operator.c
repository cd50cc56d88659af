/*
 * What operators send (SPEC 16, I9): each route's readers of path, query, headers and JSON, and the
 * units' stream, against a server with an empty store. Whatever comes is answered, and never with
 * an error of the server's own. Libmicrohttpd is played by this file.
 *
 * Input: a byte that chooses the route, a line for the "*" of its path, a line of query arguments
 * and headers (NAME=VALUE&...), then the body.
 */
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "host/log.h"
#include "server/operator_api.h"
#include "server/operator_auth.h"
#include "server/server.h"

#define VALUES_MAX 16u

static struct pawl_server server;
static char directory[] = "/tmp/pawl-fuzz-XXXXXX";

/* Arguments and headers of the request under way. */
static struct {
    char name[32], value[512];
} values[VALUES_MAX];
static size_t value_count;
static unsigned queued; /* status of the answer */

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status,
                                   struct MHD_Response *response)
{
    (void)connection, (void)response;
    queued = status;
    return MHD_YES;
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                                        const char *name)
{
    (void)connection, (void)kind;
    for (size_t i = 0; i < value_count; i++)
        if (strcmp(values[i].name, name) == 0)
            return values[i].value;
    return NULL;
}

enum MHD_Result MHD_set_connection_option(struct MHD_Connection *connection,
                                          enum MHD_CONNECTION_OPTION option, ...)
{
    (void)connection, (void)option;
    return MHD_YES;
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection,
                                                        enum MHD_ConnectionInfoType type, ...)
{
    (void)connection, (void)type;
    return NULL;
}

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static void server_end(void)
{
    pawl_server_settle(&server);
    pawl_server_close(&server);
    nftw(directory, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void server_begin(void)
{
    static const struct pawl_hsm_access no_hsm;
    static const struct pawl_server_settings settings = {
        .challenge_lifetime = 900, .poll_after = 300, .token_rate = {1, 1000000}};
    pawl_log_init("fuzz", PAWL_LOG_ERROR);
    FUZZ_EXPECT(mkdtemp(directory) != NULL);
    FUZZ_EXPECT(pawl_server_init(directory, NULL, &no_hsm) == PAWL_OK);
    FUZZ_EXPECT(pawl_server_open(&server, directory, &settings) == PAWL_OK);
    atexit(server_end);
}

/* Takes a line from the front of the input, cut to `room` with its terminator. */
static void line_take(const uint8_t **bytes, size_t *size, char *line, size_t room)
{
    const uint8_t *end = memchr(*bytes, '\n', *size);
    size_t length = end != NULL ? (size_t)(end - *bytes) : *size;
    size_t kept = length < room ? length : room - 1;
    memcpy(line, *bytes, kept);
    line[kept] = '\0';
    *bytes += end != NULL ? length + 1 : length;
    *size -= end != NULL ? length + 1 : length;
}

static void values_read(char *line)
{
    char *rest = NULL;
    value_count = 0;
    for (char *pair = strtok_r(line, "&", &rest); pair != NULL && value_count < VALUES_MAX;
         pair = strtok_r(NULL, "&", &rest)) {
        char *equals = strchr(pair, '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        snprintf(values[value_count].name, sizeof values[0].name, "%s", pair);
        snprintf(values[value_count].value, sizeof values[0].value, "%s", equals + 1);
        value_count++;
    }
}

/* The steps that http.c takes. */
static void request_run(struct pawl_request *request, const uint8_t *bytes, size_t size)
{
    const struct pawl_handler *handler = request->handler;
    request->received = size;
    if (handler->begin != NULL)
        handler->begin(request);
    if (handler->take != NULL) {
        for (size_t at = 0; request->status == 0 && at < size; at += 100)
            handler->take(request, bytes + at, size - at < 100 ? size - at : 100);
    } else {
        request->body = malloc(size + 1); /* so that reading beyond it is seen */
        FUZZ_EXPECT(request->body != NULL);
        memcpy(request->body, bytes, size);
    }
    if (request->status == 0)
        handler->answer(request);
    FUZZ_EXPECT(request->status == 0 ? queued != 0 : request->status >= 400);
    FUZZ_EXPECT(request->status < 500 || request->status == MHD_HTTP_INSUFFICIENT_STORAGE);
    if (handler->release != NULL)
        handler->release(request);
    if (handler->take == NULL)
        free(request->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool begun;
    struct pawl_listener_settings settings = {.timeout = 1};
    struct pawl_request request = {.settings = &settings, .server = &server, .actor = "fuzz"};
    char line[1024];
    if (!begun)
        server_begin();
    begun = true;
    if (size < 1)
        return 0;
    const struct pawl_route *route = &pawl_operator_routes[bytes[0] % pawl_operator_route_count];
    bytes++;
    size--;
    line_take(&bytes, &size, request.part, sizeof request.part);
    line_take(&bytes, &size, line, sizeof line);
    values_read(line);
    queued = 0;
    if (pawl_request_header(&request, "Authorization") != NULL) {
        pawl_operator_authorize(&request);
        FUZZ_EXPECT(request.status == MHD_HTTP_UNAUTHORIZED ||
                    request.status == MHD_HTTP_TOO_MANY_REQUESTS);
        return 0;
    }
    request.handler = route->handler;
    request.route = route;
    request.method = route->method;
    request.path = route->path;
    request.role = PAWL_ROLE_ADMIN;
    bool collects = route->handler->take == NULL;
    if (route->handler != &pawl_publish_handler && /* writes a file for whatever comes */
        (!collects || size <= route->handler->body_max))
        request_run(&request, bytes, size);
    return 0;
}
