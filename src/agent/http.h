/*
 * HTTP requests through libcurl, one at a time, over a connection that is kept alive. Every wait
 * has a limit and ends at once when the agent is stopped.
 */
#ifndef PAWL_AGENT_HTTP_H
#define PAWL_AGENT_HTTP_H

#include <curl/curl.h>
#include <stdint.h>

#include "agent/wake.h"
#include "pawl/result.h"

#define PAWL_HTTP_REDIRECT_MAX 4L

struct pawl_http {
    CURLM *multi;
    CURL *easy;
    struct pawl_wake *wake;
    const char *ca;                /* PEM file of trusted certificates; NULL for the system's */
    long stall;                    /* seconds after which a transfer without progress is given up */
    char problem[CURL_ERROR_SIZE]; /* what was wrong with the last request, for the log */
    char curl_problem[CURL_ERROR_SIZE];
};

/* PAWL_IO when libcurl cannot be used. `ca` stays the caller's. */
enum pawl_result pawl_http_open(struct pawl_http *http, struct pawl_wake *wake, const char *ca,
                                uint32_t stall);
void pawl_http_close(struct pawl_http *http);

/* Forgets the options of the last request and sets those that all share; add your own. */
CURL *pawl_http_prepare(struct pawl_http *http, const char *url);

/* Carries out the prepared request. PAWL_OK when an answer of any status came whole; PAWL_IO
 * otherwise, also when it was stopped. */
enum pawl_result pawl_http_perform(struct pawl_http *http);

/* Status of the answer that came or is coming; 0 before its head. */
long pawl_http_status(const struct pawl_http *http);

/* The answer's first header of that name, or NULL. Valid until the next request. */
const char *pawl_http_header(const struct pawl_http *http, const char *name);

/* What a status other than success means, with `problem` set: PAWL_UNTRUSTED for 401 and 403,
 * PAWL_EXHAUSTED for 429 and 503, PAWL_MALFORMED for 400, PAWL_IO for all others. */
enum pawl_result pawl_http_status_refuse(struct pawl_http *http);

/* Milliseconds that the server asked to be left alone (Retry-After), at most an hour; 0 if it did
 * not. */
uint32_t pawl_http_retry_after(const struct pawl_http *http);

#endif
