#include "server/health_api.h"

#include <stdio.h>
#include <string.h>

#include "server/media.h"
#include "server/server.h"

const struct pawl_route pawl_metrics_routes[] = {
    {MHD_HTTP_METHOD_GET, "/metrics", &pawl_metrics_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_GET, "/healthz", &pawl_health_handler, 0},
    {MHD_HTTP_METHOD_GET, "/readyz", &pawl_ready_handler, 0},
};

const size_t pawl_metrics_route_count = sizeof pawl_metrics_routes / sizeof pawl_metrics_routes[0];

void pawl_metrics_identify(struct pawl_request *request, int fd)
{
    (void)fd;
    request->role = PAWL_ROLE_VIEWER;
}

static enum MHD_Result text_answer(struct pawl_request *request, unsigned status, char *text,
                                   enum MHD_ResponseMemoryMode mode, const char *media_type)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), text, mode);
    if (response != NULL) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, media_type);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        if (request->settings->stranger_timeout != 0 && !request->is_known) /* its time is short */
            MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    return pawl_request_answer(request, status, response);
}

/* The form of every error (SPEC 16.2), with the list of reasons. */
static enum MHD_Result complaints_answer(struct pawl_request *request, unsigned found)
{
    char body[1024];
    int size = snprintf(body, sizeof body,
                        "{\"class\": \"state\", \"message\": \"not ready\", \"reasons\": [");
    const char *separator = "";
    for (unsigned i = 0; i < PAWL_COMPLAINT_COUNT; i++) {
        if ((found & (1u << i)) == 0)
            continue;
        size += snprintf(body + size, sizeof body - (size_t)size,
                         "%s{\"reason\": \"%s\", \"message\": \"%s\"}", separator,
                         pawl_complaint_name(i), pawl_complaint_text(i));
        separator = ", ";
    }
    snprintf(body + size, sizeof body - (size_t)size, "]}\n");
    return text_answer(request, MHD_HTTP_SERVICE_UNAVAILABLE, body, MHD_RESPMEM_MUST_COPY,
                       PAWL_MEDIA_JSON);
}

static enum MHD_Result answer(struct pawl_request *request, unsigned relevant, char *good)
{
    unsigned found = pawl_health_complaints(request->server) & relevant;
    if (found != 0)
        return complaints_answer(request, found);
    return text_answer(request, MHD_HTTP_OK, good, MHD_RESPMEM_PERSISTENT, "text/plain");
}

static enum MHD_Result health_answer(struct pawl_request *request)
{
    static char text[] = "ok\n";
    return answer(request, PAWL_COMPLAINTS_DEADLY, text);
}

static enum MHD_Result ready_answer(struct pawl_request *request)
{
    static char text[] = "ready\n";
    return answer(request, ~0u, text);
}

const struct pawl_handler pawl_health_handler = {.answer = health_answer};
const struct pawl_handler pawl_ready_handler = {.answer = ready_answer};
