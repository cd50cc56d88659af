/*
 * libcurl, loaded when a verb first talks to the server. It brings some thirty libraries along,
 * whose start-up alone takes 4 MiB: as much as sealing an image of any size.
 */
#ifndef PAWL_CLI_CURL_H
#define PAWL_CLI_CURL_H

#include <curl/curl.h>

#include "pawl/result.h"

/* The functions that we use, under their own names. */
struct pawl_curl {
    __typeof__(curl_global_init) *global_init;
    __typeof__(curl_global_cleanup) *global_cleanup;
    __typeof__(curl_easy_init) *easy_init;
    __typeof__(curl_easy_cleanup) *easy_cleanup;
    __typeof__(curl_easy_reset) *easy_reset;
    __typeof__(curl_easy_setopt) *easy_setopt;
    __typeof__(curl_easy_getinfo) *easy_getinfo;
    __typeof__(curl_easy_perform) *easy_perform;
    __typeof__(curl_easy_strerror) *easy_strerror;
    __typeof__(curl_easy_escape) *easy_escape;
    __typeof__(curl_free) *free;
    __typeof__(curl_slist_append) *slist_append;
    __typeof__(curl_slist_free_all) *slist_free_all;
};

extern struct pawl_curl pawl_curl;

/* Loads it and fills pawl_curl; harmless when that was done. PAWL_IO, which it prints. */
enum pawl_result pawl_curl_load(void);

#endif
