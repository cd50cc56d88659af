#include "agent/exchange.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "agent/url.h"

#define MEDIA_TYPE "application/cose; cose-type=\"cose-mac0\""

struct answer {
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];
    size_t size;
    bool is_long;
};

/* libcurl's write callback: takes as much as a directive can have. */
static size_t answer_take(char *bytes, size_t one, size_t size, void *context)
{
    struct answer *answer = context;
    (void)one;
    if (size > sizeof answer->bytes - answer->size) {
        answer->is_long = true;
        return 0;
    }
    memcpy(answer->bytes + answer->size, bytes, size);
    answer->size += size;
    return size;
}

static enum pawl_result post(struct pawl_http *http, const char *url, const uint8_t *report,
                             size_t report_size, struct answer *answer)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: " MEDIA_TYPE);
    struct curl_slist *all =
        headers == NULL ? NULL : curl_slist_append(headers, "Accept: application/cose");
    if (all == NULL) {
        curl_slist_free_all(headers);
        return PAWL_EXHAUSTED;
    }
    CURL *easy = pawl_http_prepare(http, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, all);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (const char *)report);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)report_size);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, http->stall);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, answer_take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
    enum pawl_result result = pawl_http_perform(http);
    curl_slist_free_all(all);
    return result;
}

static bool is_cose(const char *media_type)
{
    static const char expected[] = "application/cose";
    return media_type != NULL && strncasecmp(media_type, expected, sizeof expected - 1) == 0;
}

enum pawl_result pawl_exchange_run(struct pawl_http *http, const char *server,
                                   const uint8_t *report, size_t report_size,
                                   uint8_t directive[PAWL_DIRECTIVE_SIZE_MAX],
                                   size_t *directive_size)
{
    char url[PAWL_AGENT_URL_MAX];
    enum pawl_result result = pawl_url_append(server, "/v1/report", url, sizeof url);
    if (result != PAWL_OK)
        return result;

    struct answer answer = {.size = 0};
    result = post(http, url, report, report_size, &answer);
    if (result != PAWL_OK && !answer.is_long)
        return result;
    if (pawl_http_status(http) != 200)
        return pawl_http_status_refuse(http);
    if (answer.is_long || answer.size == 0 || !is_cose(pawl_http_header(http, "Content-Type"))) {
        snprintf(http->problem, sizeof http->problem, "what answers at %.120s is no control server",
                 server);
        return PAWL_MALFORMED;
    }
    memcpy(directive, answer.bytes, answer.size);
    *directive_size = answer.size;
    return PAWL_OK;
}
