/* Lists of the operator API, page by page, as far as wanted (SPEC 16.3). */
#ifndef PAWL_CLI_PAGES_H
#define PAWL_CLI_PAGES_H

#include <jansson.h>

#include "cli/client.h"

/* What of a list is wanted. */
struct pawl_pages {
    const char *path;         /* "/v1/devices" */
    const char *const *query; /* pairs of name and value without limit and after, ended by NULL */
    const char *after;        /* a cursor of an earlier list, or NULL */
    uint64_t most;            /* items; UINT64_MAX: all */
};

/* Takes the items of a page, which are given back after the call. PAWL_OK, or an error that it
 * printed. */
typedef enum pawl_result (*pawl_page_fn)(void *context, json_t *items);

/* Fetches pages, which may be short, until there are enough items. `*next` is where to go on, to be
 * released: JSON null at the end. Prints the error that it returns. */
enum pawl_result pawl_pages_fetch(struct pawl_client *client, const struct pawl_pages *pages,
                                  pawl_page_fn take, void *context, json_t **next);

/* The same gathered into {"items", "next"}; to be released. */
enum pawl_result pawl_pages_gather(struct pawl_client *client, const struct pawl_pages *pages,
                                   json_t **answer);

/* Says where to go on, unless the list {"items", "next"} is at its end. */
void pawl_more_print(const json_t *list);

/* "2026-01-31 12:00" of Unix seconds, or "-" of none; into room for 20 characters. */
const char *pawl_date_text(const json_t *seconds, char text[20]);

#endif
