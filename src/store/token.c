#include "store/token.h"

#include "store/driver.h"

enum pawl_result pawl_store_token_add(struct pawl_store *store, const struct pawl_token_row *token,
                                      const struct pawl_event *event, uint64_t *id)
{
    return store->driver->token_add(store, token, event, id);
}

enum pawl_result pawl_store_token_revoke(struct pawl_store *store, const char *name, int64_t time,
                                         const struct pawl_event *event)
{
    return store->driver->token_revoke(store, name, time, event);
}

enum pawl_result pawl_store_token_used_set(struct pawl_store *store,
                                           const struct pawl_token_use *uses, size_t count)
{
    return count == 0 ? PAWL_OK : store->driver->token_used_set(store, uses, count);
}

enum pawl_result pawl_store_token_list(struct pawl_reader *reader, bool live, uint64_t after,
                                       size_t limit, pawl_token_fn visit, void *context)
{
    return reader->driver->token_list(reader, live, after, limit, visit, context);
}
