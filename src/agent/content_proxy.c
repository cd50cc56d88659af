#include "agent/content_proxy.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/http.h"
#include "agent/url.h"

#define WAIT_MS 500

struct pawl_proxy {
    struct pawl_proxy_settings *settings;
    struct pawl_http http; /* for its options; the transfer is driven here */
    struct pawl_wake wake; /* no signals: those are the main thread's */
    uint8_t bytes[CURL_MAX_WRITE_SIZE];
    size_t filled, taken;
    bool paused, done;
    CURLcode code;
    char url[PAWL_AGENT_URL_MAX];
};

/* libcurl's write callback: one part is kept until it was read. */
static size_t part_keep(char *bytes, size_t one, size_t size, void *context)
{
    struct pawl_proxy *proxy = context;
    (void)one;
    if (proxy->taken < proxy->filled) {
        proxy->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    memcpy(proxy->bytes, bytes, size);
    proxy->filled = size;
    proxy->taken = 0;
    return size;
}

/* Goes on with the transfer until a part is there, or it is over. */
static void drive(struct pawl_proxy *proxy)
{
    CURLM *multi = proxy->http.multi;
    while (!proxy->done && proxy->taken == proxy->filled) {
        int running = 0, left;
        if (proxy->paused) {
            proxy->paused = false;
            curl_easy_pause(proxy->http.easy, CURLPAUSE_CONT);
        }
        bool failed = curl_multi_perform(multi, &running) != CURLM_OK;
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left)) != NULL;) {
            proxy->done = message->msg == CURLMSG_DONE;
            proxy->code = message->data.result;
        }
        if (failed || atomic_load(&proxy->settings->stopping)) {
            proxy->done = true;
            proxy->code = CURLE_ABORTED_BY_CALLBACK;
        }
        if (!proxy->done && proxy->taken == proxy->filled)
            curl_multi_poll(multi, NULL, 0, WAIT_MS, NULL);
    }
}

static void transfer_prepare(struct pawl_proxy *proxy, const char *range)
{
    CURL *easy = pawl_http_prepare(&proxy->http, proxy->url);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, part_keep);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, proxy);
    if (range != NULL && strncmp(range, "bytes=", 6) == 0)
        curl_easy_setopt(easy, CURLOPT_RANGE, range + 6);
}

enum pawl_result pawl_proxy_open(struct pawl_proxy_settings *settings, const char *path,
                                 const char *range, struct pawl_proxy **proxy)
{
    struct pawl_proxy *made = calloc(1, sizeof *made);
    if (made == NULL)
        return PAWL_EXHAUSTED;
    made->settings = settings;
    enum pawl_result result = pawl_url_append(settings->server, path, made->url, sizeof made->url);
    if (result == PAWL_OK)
        result = pawl_http_open(&made->http, &made->wake, settings->ca, settings->stall);
    if (result != PAWL_OK) {
        free(made);
        return result;
    }
    transfer_prepare(made, range);
    if (curl_multi_add_handle(made->http.multi, made->http.easy) == CURLM_OK)
        drive(made);
    if (pawl_proxy_status(made) == 0 || (made->done && made->code != CURLE_OK)) {
        pawl_proxy_close(made);
        return PAWL_IO;
    }
    *proxy = made;
    return PAWL_OK;
}

void pawl_proxy_close(struct pawl_proxy *proxy)
{
    if (proxy == NULL)
        return;
    curl_multi_remove_handle(proxy->http.multi, proxy->http.easy);
    pawl_http_close(&proxy->http);
    free(proxy);
}

long pawl_proxy_status(const struct pawl_proxy *proxy)
{
    return pawl_http_status(&proxy->http);
}

const char *pawl_proxy_header(const struct pawl_proxy *proxy, const char *name)
{
    return pawl_http_header(&proxy->http, name);
}

int64_t pawl_proxy_length(const struct pawl_proxy *proxy)
{
    curl_off_t size = -1;
    curl_easy_getinfo(proxy->http.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
    return (int64_t)size;
}

ssize_t pawl_proxy_read(struct pawl_proxy *proxy, void *bytes, size_t size)
{
    drive(proxy);
    size_t part = proxy->filled - proxy->taken;
    if (part == 0)
        return proxy->code == CURLE_OK ? 0 : -1;
    part = part < size ? part : size;
    memcpy(bytes, proxy->bytes + proxy->taken, part);
    proxy->taken += part;
    return (ssize_t)part;
}
