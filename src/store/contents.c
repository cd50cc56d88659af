#include "store/contents.h"

#include "store/driver.h"

enum pawl_result pawl_store_content_add(struct pawl_store *store,
                                        const struct pawl_content_row *content,
                                        const struct pawl_content_key_row *keys,
                                        const struct pawl_event *event)
{
    return store->driver->content_add(store, content, keys, event);
}

enum pawl_result pawl_store_content_remove(struct pawl_store *store,
                                           const uint8_t content_id[PAWL_CONTENT_ID_SIZE],
                                           const struct pawl_event *event)
{
    return store->driver->content_remove(store, content_id, event);
}

enum pawl_result pawl_store_content_get(struct pawl_reader *reader,
                                        const uint8_t content_id[PAWL_CONTENT_ID_SIZE],
                                        struct pawl_content_row *content)
{
    return reader->driver->content_get(reader, content_id, content);
}

enum pawl_result pawl_store_content_list(struct pawl_reader *reader, const uint8_t *after,
                                         size_t limit, pawl_content_fn visit, void *context)
{
    return reader->driver->content_list(reader, after, limit, visit, context);
}

enum pawl_result pawl_store_content_key_get(struct pawl_reader *reader,
                                            const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE],
                                            struct pawl_content_key_row *key,
                                            uint8_t release_id[PAWL_RELEASE_ID_SIZE])
{
    return reader->driver->content_key_get(reader, key_id, key, release_id);
}

enum pawl_result pawl_store_release_find(struct pawl_reader *reader,
                                         const uint8_t release_id[PAWL_RELEASE_ID_SIZE])
{
    return reader->driver->release_find(reader, release_id);
}
