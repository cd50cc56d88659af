#include <stdarg.h>
#include <stdio.h>

#include "host/log.h"
#include "server/http.h"
#include "server/http_loop.h"
#include "server/reaper.h"
#include "server/request_id.h"

static const unsigned statuses[PAWL_RESULT_COUNT] = {
    [PAWL_OK] = MHD_HTTP_OK,
    [PAWL_MALFORMED] = MHD_HTTP_BAD_REQUEST,
    [PAWL_UNSUPPORTED] = MHD_HTTP_BAD_REQUEST,
    [PAWL_UNTRUSTED] = MHD_HTTP_FORBIDDEN,
    [PAWL_WRONG_CLASS] = MHD_HTTP_CONFLICT,
    [PAWL_NOT_ENTITLED] = MHD_HTTP_CONFLICT,
    [PAWL_ROLLBACK] = MHD_HTTP_CONFLICT,
    [PAWL_CORRUPT] = MHD_HTTP_UNPROCESSABLE_CONTENT,
    [PAWL_IO] = MHD_HTTP_INTERNAL_SERVER_ERROR,
    [PAWL_STORAGE] = MHD_HTTP_INTERNAL_SERVER_ERROR,
    [PAWL_EXHAUSTED] = MHD_HTTP_INSUFFICIENT_STORAGE,
    [PAWL_STATE] = MHD_HTTP_CONFLICT,
    [PAWL_CRYPTO] = MHD_HTTP_INTERNAL_SERVER_ERROR,
};

static void request_fail_va(struct pawl_request *request, unsigned status, enum pawl_result class,
                            const char *format, va_list arguments)
    __attribute__((format(printf, 4, 0)));

static void request_fail_va(struct pawl_request *request, unsigned status, enum pawl_result class,
                            const char *format, va_list arguments)
{
    if (request->status != 0)
        return;
    request->status = status;
    request->class = class;
    vsnprintf(request->message, sizeof request->message, format, arguments);
}

void pawl_request_fail(struct pawl_request *request, unsigned status, enum pawl_result class,
                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    request_fail_va(request, status, class, format, arguments);
    va_end(arguments);
}

enum MHD_Result pawl_request_refuse(struct pawl_request *request, enum pawl_result class,
                                    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    request_fail_va(request, statuses[class], class, format, arguments);
    va_end(arguments);
    return MHD_YES;
}

/* Writes `text` as the inside of a JSON string into `out`, which has twice its room. */
static void json_text_copy(char *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            *out++ = '\\';
        *out++ = *text >= 0x20 && *text < 0x7f ? *text : '?';
    }
    *out = '\0';
}

enum MHD_Result pawl_request_answer_failure(struct pawl_request *request)
{
    char text[2 * sizeof request->message];
    char body[sizeof text + 64];
    json_text_copy(text, request->message);
    int size = snprintf(body, sizeof body, "{\"class\": \"%s\", \"message\": \"%s\"}\n",
                        pawl_result_name(request->class), text);
    if (request->status >= MHD_HTTP_INTERNAL_SERVER_ERROR)
        pawl_log(PAWL_LOG_ERROR, "event=request-failed class=%s message=%s",
                 pawl_result_name(request->class),
                 pawl_log_value(request->message, text, sizeof text));
    struct MHD_Response *response =
        MHD_create_response_from_buffer((size_t)size, body, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (request->allow[0] != '\0')
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, request->allow);
    if (request->challenge != NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, request->challenge);
    if (request->retry_after != 0) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%u", request->retry_after);
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    if (request->hangs_up)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return pawl_request_answer(request, request->status, response);
}

enum MHD_Result pawl_request_answer(struct pawl_request *request, unsigned status,
                                    struct MHD_Response *response)
{
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, PAWL_REQUEST_ID_HEADER, pawl_request_id(request));
    enum MHD_Result queued = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    request->answered = status;
    return queued;
}

static struct MHD_Response *reply_make(struct pawl_request *request, size_t size,
                                       const char *media_type)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, request->reply, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return NULL;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, media_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return response;
}

enum MHD_Result pawl_request_answer_small(struct pawl_request *request, size_t size,
                                          const char *media_type)
{
    if (pawl_request_id_given(request) != NULL) /* who names a request wants to find the name */
        return pawl_request_answer(request, MHD_HTTP_OK, reply_make(request, size, media_type));
    if (request->reply_response != NULL && request->reply_size != size) {
        MHD_destroy_response(request->reply_response);
        request->reply_response = NULL;
    }
    if (request->reply_response == NULL) {
        request->reply_response = reply_make(request, size, media_type);
        if (request->reply_response == NULL)
            return MHD_NO;
        request->reply_size = size;
    }
    request->answered = MHD_HTTP_OK;
    return MHD_queue_response(request->connection, MHD_HTTP_OK, request->reply_response);
}

const char *pawl_request_header(const struct pawl_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *pawl_request_argument(const struct pawl_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

void pawl_request_patience_set(struct pawl_request *request, bool patient)
{
    /* Libmicrohttpd starts a connection's clock anew when its time-out goes from none to some. */
    MHD_set_connection_option(request->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                              patient ? 0u : request->settings->timeout);
}

void pawl_request_know(struct pawl_request *request)
{
    if (request->is_known)
        return;
    request->is_known = true;
    pawl_reaper_spare(request);
    pawl_request_patience_set(request, false);
}

void pawl_request_suspend(struct pawl_request *request)
{
    MHD_suspend_connection(request->connection);
}

void pawl_request_resume(struct pawl_request *request)
{
    struct pawl_http_loop *loop = request->loop; /* the request may be over at once */
    MHD_resume_connection(request->connection);
    pawl_http_loop_wake(loop);
}
