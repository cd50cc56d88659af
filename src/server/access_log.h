/*
 * What happens around each request, for log and metrics (SPEC 23): http.c calls these when it
 * begins and when it ended, and before and after each call of a handler.
 */
#ifndef PAWL_SERVER_ACCESS_LOG_H
#define PAWL_SERVER_ACCESS_LOG_H

#include <stdbool.h>

#include "server/http.h"

/* Which requests have a line in the log. */
enum pawl_access_log {
    PAWL_ACCESS_NONE = 0,
    PAWL_ACCESS_FAILURES = 1,  /* answered 4xx or 5xx, or not at all */
    PAWL_ACCESS_OPERATORS = 2, /* those, and all of operators */
    PAWL_ACCESS_ALL = 3,
};

/* Settings of the log, as they were given. */
struct pawl_log_settings {
    const char *level, *format;        /* of host/log.h */
    const char *access, *access_level; /* "none", "failures", "operators" or "all"; and as what */
};

/* Sets the log up; to be called before threads start. 0, or the exit code of a usage error that was
 * printed. */
int pawl_log_configure(const char *program, const struct pawl_log_settings *settings);

/* A request begins: its head is here. */
void pawl_access_begin(struct pawl_request *request, const char *method, const char *path);

/* While a handler runs, log lines of this thread carry the request's name. */
void pawl_access_enter(struct pawl_request *request);
void pawl_access_leave(void);

/* A request ended: it is counted and, where that is wanted, logged. `whole`: its answer was sent to
 * the end. Returns the time, in ns of the monotonic clock. */
uint64_t pawl_access_end(struct pawl_request *request, bool whole);

#endif
