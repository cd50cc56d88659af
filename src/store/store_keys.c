/* Keys: what store.c is for the rest of the contract. */
#include "store/driver.h"

const char *pawl_key_slot_name(enum pawl_key_slot slot)
{
    static const char *const names[] = {
        [PAWL_KEY_SLOT_FINGERPRINT] = "fingerprint",
        [PAWL_KEY_SLOT_CHALLENGE] = "challenge",
        [PAWL_KEY_SLOT_CHALLENGE_PREVIOUS] = "challenge",
        [PAWL_KEY_SLOT_PUSH] = "push",
    };
    size_t index = (size_t)slot;
    return index < sizeof names / sizeof *names && names[index] != NULL ? names[index] : "unknown";
}

enum pawl_result pawl_store_keys_add(struct pawl_store *store, const struct pawl_key_row *keys,
                                     size_t count, const struct pawl_event *event)
{
    return store->driver->keys_add(store, keys, count, event);
}

enum pawl_result pawl_store_key_get(struct pawl_reader *reader, enum pawl_key_slot slot,
                                    struct pawl_key_row *key)
{
    return reader->driver->key_get(reader, slot, key);
}

enum pawl_result pawl_store_challenge_rotate(struct pawl_store *store,
                                             const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE],
                                             int64_t created, const struct pawl_event *event)
{
    return store->driver->challenge_rotate(store, wrapped, created, event);
}

enum pawl_result pawl_store_data_keys_get(struct pawl_reader *reader,
                                          struct pawl_data_key_row keys[PAWL_STORE_DATA_KEYS_MAX],
                                          size_t *count)
{
    return reader->driver->data_keys_get(reader, keys, count);
}

enum pawl_result pawl_store_data_key_add(struct pawl_store *store,
                                         const struct pawl_data_key_row *key,
                                         const struct pawl_event *event)
{
    return store->driver->data_key_add(store, key, event);
}

enum pawl_result pawl_store_data_keys_rewrap(struct pawl_store *store,
                                             const struct pawl_data_key_row *keys, size_t count,
                                             const struct pawl_event *event)
{
    return store->driver->data_keys_rewrap(store, keys, count, event);
}

enum pawl_result pawl_store_data_key_delete(struct pawl_store *store, uint32_t generation,
                                            const struct pawl_event *event)
{
    return store->driver->data_key_delete(store, generation, event);
}

enum pawl_result pawl_store_scrub(struct pawl_store *store)
{
    return store->driver->scrub(store);
}

enum pawl_result pawl_store_wrapped_list(struct pawl_reader *reader, enum pawl_vault_kind kind,
                                         uint32_t generation, uint64_t after, size_t limit,
                                         pawl_wrapped_fn visit, void *context)
{
    return reader->driver->wrapped_list(reader, kind, generation, after, limit, visit, context);
}

enum pawl_result pawl_store_wrapped_count(struct pawl_reader *reader, uint32_t generation,
                                          uint64_t *count)
{
    return reader->driver->wrapped_count(reader, generation, count);
}

enum pawl_result pawl_store_wrapped_set(struct pawl_store *store, struct pawl_wrapped_row *rows,
                                        size_t count)
{
    return count == 0 ? PAWL_OK : store->driver->wrapped_set(store, rows, count);
}
