/*
 * The contract of storage, continued: keys, all of them wrapped (SPEC 22). Included by store.h,
 * whose rules hold here too.
 */
#ifndef PAWL_STORE_KEYS_H
#define PAWL_STORE_KEYS_H

#include "store/store.h"

/* Keys of the server, as PAWL_VAULT_SERVER_KEY. Values are stored. */
enum pawl_key_slot {
    PAWL_KEY_SLOT_FINGERPRINT = 2,
    PAWL_KEY_SLOT_CHALLENGE = 3,          /* current challenge secret */
    PAWL_KEY_SLOT_CHALLENGE_PREVIOUS = 4, /* still accepted */
    PAWL_KEY_SLOT_PUSH = 5,               /* topics come from it; made when it is needed first */
};

/* The name that binds a server key to its use in the vault ("fingerprint"; "push"; "challenge" for
 * both challenge slots, since rotation moves one into the other); static memory. */
const char *pawl_key_slot_name(enum pawl_key_slot slot);

struct pawl_key_row {
    enum pawl_key_slot slot;
    int64_t created;
    uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE];
};

/* Adds keys, all or none: PAWL_STATE when any of the slots is taken. Never overwrites. */
enum pawl_result pawl_store_keys_add(struct pawl_store *store, const struct pawl_key_row *keys,
                                     size_t count, const struct pawl_event *event);

/* PAWL_STATE when the slot is empty. */
enum pawl_result pawl_store_key_get(struct pawl_reader *reader, enum pawl_key_slot slot,
                                    struct pawl_key_row *key);

/* Makes `wrapped` the current challenge secret and the one before the previous one, in one
 * transaction. PAWL_STATE when there is none yet. */
enum pawl_result pawl_store_challenge_rotate(struct pawl_store *store,
                                             const uint8_t wrapped[PAWL_VAULT_WRAPPED_SIZE],
                                             int64_t created, const struct pawl_event *event);

/* Data keys, wrapped under the master key. */

#define PAWL_STORE_DATA_KEYS_MAX 2u /* the current one, and the one that it replaces */

struct pawl_data_key_row {
    uint32_t generation; /* from 1 */
    int64_t created;
    uint8_t wrapped[PAWL_DATA_KEY_WRAPPED_SIZE];
};

/* All of them, by ascending generation; the last one is the current one. */
enum pawl_result pawl_store_data_keys_get(struct pawl_reader *reader,
                                          struct pawl_data_key_row keys[PAWL_STORE_DATA_KEYS_MAX],
                                          size_t *count);

/* Adds the next one. PAWL_STATE unless it is the first one and of generation 1, or there is one
 * alone, and of the generation before. */
enum pawl_result pawl_store_data_key_add(struct pawl_store *store,
                                         const struct pawl_data_key_row *key,
                                         const struct pawl_event *event);

/* Replaces how all of them are wrapped, in one transaction: another master key. PAWL_STATE when
 * `keys` are not exactly those that there are. */
enum pawl_result pawl_store_data_keys_rewrap(struct pawl_store *store,
                                             const struct pawl_data_key_row *keys, size_t count,
                                             const struct pawl_event *event);

/* Deletes the older one of two. PAWL_STATE when this generation is not that. Whether anything is
 * still wrapped under it is the caller's to know. */
enum pawl_result pawl_store_data_key_delete(struct pawl_store *store, uint32_t generation,
                                            const struct pawl_event *event);

/* Leaves nothing in the files of the database that was deleted or overwritten before. PAWL_STATE
 * when readers hold it up: to be tried again. */
enum pawl_result pawl_store_scrub(struct pawl_store *store);

/* What is wrapped under data keys, of all kinds. */

struct pawl_wrapped_row {
    enum pawl_vault_kind kind;
    uint64_t place; /* of its kind: lists are in this order; 0: it has none, list from 0 again */
    uint8_t name[PAWL_PACKAGE_ID_SIZE]; /* as the vault binds it, `name_size` bytes */
    size_t name_size;
    uint8_t before[PAWL_VAULT_WRAPPED_SIZE];
    uint8_t after[PAWL_VAULT_WRAPPED_SIZE]; /* for pawl_store_wrapped_set */
    bool changed;                           /* set by it */
};

/* Lists objects of a kind that are wrapped under another data key than that of `generation`, behind
 * place `after` (0: from the first), at most `limit`. */
typedef enum pawl_result (*pawl_wrapped_fn)(void *context, const struct pawl_wrapped_row *row);
enum pawl_result pawl_store_wrapped_list(struct pawl_reader *reader, enum pawl_vault_kind kind,
                                         uint32_t generation, uint64_t after, size_t limit,
                                         pawl_wrapped_fn visit, void *context);

/* How many of all kinds are wrapped under another one; takes a scan. */
enum pawl_result pawl_store_wrapped_count(struct pawl_reader *reader, uint32_t generation,
                                          uint64_t *count);

/* Replaces objects that are still as they were read, as one durable transaction; those that are not
 * stay as they are, with `changed` false. */
enum pawl_result pawl_store_wrapped_set(struct pawl_store *store, struct pawl_wrapped_row *rows,
                                        size_t count);

#endif
