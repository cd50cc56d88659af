/*
 * The part of the storage contract (store.h, where threads, durability and errors are said) that is
 * about content objects and their keys (SPEC 20).
 */
#ifndef PAWL_STORE_CONTENTS_H
#define PAWL_STORE_CONTENTS_H

#include "pawl/content.h"
#include "store/store.h"

struct pawl_content_row {
    uint8_t content_id[PAWL_CONTENT_ID_SIZE];
    uint8_t release_id[PAWL_RELEASE_ID_SIZE]; /* which a device must run */
    char name[PAWL_PACKAGE_TEXT_SIZE];
    uint32_t segments, keys;
    uint64_t size; /* bytes of playlist and segments */
    int64_t created;
};

struct pawl_content_key_row {
    uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE];
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE]; /* PAWL_VAULT_CONTENT_OBJECT_KEY */
};

/* Adds an object with its `keys` (content->keys of them), all or nothing. PAWL_STATE when the
 * object or a key id is there already, twice in `keys` too, or no package of the release is. */
enum pawl_result pawl_store_content_add(struct pawl_store *store,
                                        const struct pawl_content_row *content,
                                        const struct pawl_content_key_row *keys,
                                        const struct pawl_event *event);

/* Removes an object and its keys. PAWL_STATE when there is none. */
enum pawl_result pawl_store_content_remove(struct pawl_store *store,
                                           const uint8_t content_id[PAWL_CONTENT_ID_SIZE],
                                           const struct pawl_event *event);

/* PAWL_STATE when there is none. */
enum pawl_result pawl_store_content_get(struct pawl_reader *reader,
                                        const uint8_t content_id[PAWL_CONTENT_ID_SIZE],
                                        struct pawl_content_row *content);

/* Lists objects by ascending id above `after` (NULL: from the first), at most `limit`. */
typedef enum pawl_result (*pawl_content_fn)(void *context, const struct pawl_content_row *content);
enum pawl_result pawl_store_content_list(struct pawl_reader *reader, const uint8_t *after,
                                         size_t limit, pawl_content_fn visit, void *context);

/* A key with the release that its object belongs to. PAWL_STATE when there is none. */
enum pawl_result pawl_store_content_key_get(struct pawl_reader *reader,
                                            const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE],
                                            struct pawl_content_key_row *key,
                                            uint8_t release_id[PAWL_RELEASE_ID_SIZE]);

/* PAWL_OK when a package of that release is there, else PAWL_STATE. */
enum pawl_result pawl_store_release_find(struct pawl_reader *reader,
                                         const uint8_t release_id[PAWL_RELEASE_ID_SIZE]);

#endif
