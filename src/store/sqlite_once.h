/* Requests that are to be done once: the driver's functions in sqlite_once.c. */
#ifndef PAWL_STORE_SQLITE_ONCE_H
#define PAWL_STORE_SQLITE_ONCE_H

#include "store/sqlite.h"

enum pawl_result pawl_sqlite_once_begin(struct pawl_store *store,
                                        const struct pawl_once_request *request, int64_t now,
                                        struct pawl_once_answer *answer);
enum pawl_result pawl_sqlite_once_finish(struct pawl_store *store,
                                         const struct pawl_once_request *request, unsigned status,
                                         const char *text);
enum pawl_result pawl_sqlite_once_drop(struct pawl_store *store,
                                       const struct pawl_once_request *request);

#endif
