#include "store/once.h"

#include "store/driver.h"

enum pawl_result pawl_store_once_begin(struct pawl_store *store,
                                       const struct pawl_once_request *request, int64_t now,
                                       struct pawl_once_answer *answer)
{
    return store->driver->once_begin(store, request, now, answer);
}

enum pawl_result pawl_store_once_finish(struct pawl_store *store,
                                        const struct pawl_once_request *request, unsigned status,
                                        const char *text)
{
    return store->driver->once_finish(store, request, status, text);
}

enum pawl_result pawl_store_once_drop(struct pawl_store *store,
                                      const struct pawl_once_request *request)
{
    return store->driver->once_drop(store, request);
}
