#include "agent/http.h"

#include <stdio.h>
#include <string.h>

#include "pawl/version.h"

#define CONNECT_TIMEOUT_MS 10000L
#define STALL_BYTES_PER_SECOND 128L
#define WAIT_MS 1000
#define RETRY_AFTER_MAX_S 3600

enum pawl_result pawl_http_open(struct pawl_http *http, struct pawl_wake *wake, const char *ca,
                                uint32_t stall)
{
    *http = (struct pawl_http){.wake = wake, .ca = ca, .stall = (long)stall};
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return PAWL_IO;
    http->multi = curl_multi_init();
    http->easy = curl_easy_init();
    if (http->multi == NULL || http->easy == NULL) {
        pawl_http_close(http);
        return PAWL_IO;
    }
    /* One to the server, one to where its packages may be redirected. */
    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 2L);
    return PAWL_OK;
}

void pawl_http_close(struct pawl_http *http)
{
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    curl_global_cleanup();
    http->easy = NULL;
    http->multi = NULL;
}

CURL *pawl_http_prepare(struct pawl_http *http, const char *url)
{
    CURL *easy = http->easy;
    http->problem[0] = '\0';
    http->curl_problem[0] = '\0';
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "pawl-agent/" PAWL_VERSION);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->curl_problem);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, PAWL_HTTP_REDIRECT_MAX);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     http->stall * 1000 < CONNECT_TIMEOUT_MS ? http->stall * 1000
                                                             : CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_PER_SECOND);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, http->stall);
    /* A name look-up that hangs must not delay the end of the program. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    if (http->ca != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca);
    return easy;
}

/* The result of the transfer when libcurl has ended it. */
static bool message_read(struct pawl_http *http, CURLcode *code)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left)) != NULL;) {
        if (message->msg == CURLMSG_DONE) {
            *code = message->data.result;
            return true;
        }
    }
    return false;
}

static CURLcode transfer_run(struct pawl_http *http)
{
    for (;;) {
        struct curl_waitfd wakers[] = {{.fd = http->wake->signals, .events = CURL_WAIT_POLLIN},
                                       {.fd = http->wake->content, .events = CURL_WAIT_POLLIN}};
        int running;
        CURLcode code;
        if (curl_multi_perform(http->multi, &running) != CURLM_OK)
            return CURLE_FAILED_INIT;
        if (message_read(http, &code))
            return code;
        if (curl_multi_poll(http->multi, wakers, http->wake->content >= 0 ? 2 : 1, WAIT_MS, NULL) !=
            CURLM_OK)
            return CURLE_FAILED_INIT;
        pawl_wake_drain(http->wake);
        if (http->wake->is_stopped)
            return CURLE_ABORTED_BY_CALLBACK;
    }
}

enum pawl_result pawl_http_perform(struct pawl_http *http)
{
    if (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
        return PAWL_IO;
    CURLcode code = transfer_run(http);
    curl_multi_remove_handle(http->multi, http->easy);
    if (code == CURLE_OK)
        return PAWL_OK;
    /* Whoever takes the body may have given up for a better reason than libcurl knows. */
    if (http->problem[0] == '\0')
        snprintf(http->problem, sizeof http->problem, "%s",
                 http->curl_problem[0] != '\0' ? http->curl_problem : curl_easy_strerror(code));
    return PAWL_IO;
}

long pawl_http_status(const struct pawl_http *http)
{
    long status = 0;
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

const char *pawl_http_header(const struct pawl_http *http, const char *name)
{
    struct curl_header *header;
    if (curl_easy_header(http->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return header->value;
}

enum pawl_result pawl_http_status_refuse(struct pawl_http *http)
{
    static const struct {
        long status;
        enum pawl_result result;
        const char *meaning;
    } meanings[] = {
        {400, PAWL_MALFORMED, "it does not understand the request"},
        {401, PAWL_UNTRUSTED, "it takes no reports from this device"},
        {403, PAWL_UNTRUSTED, "it takes no reports from this device"},
        {404, PAWL_IO, "there is nothing at this address"},
        {429, PAWL_EXHAUSTED, "it asks to be left alone for a while"},
        {503, PAWL_EXHAUSTED, "it is not able to serve now"},
    };
    long status = pawl_http_status(http);
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].status == status) {
            snprintf(http->problem, sizeof http->problem, "the server answered %ld: %s", status,
                     meanings[i].meaning);
            return meanings[i].result;
        }
    }
    snprintf(http->problem, sizeof http->problem, "the server answered %ld", status);
    return PAWL_IO;
}

uint32_t pawl_http_retry_after(const struct pawl_http *http)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds <= 0)
        return 0;
    return (uint32_t)(seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S) * 1000;
}
