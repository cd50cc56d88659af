/*
 * Storage contract: tokens and client certificates of the operator API (headend/token.h). Part of
 * store.h, whose conventions hold.
 */
#ifndef PAWL_STORE_TOKEN_H
#define PAWL_STORE_TOKEN_H

#include "headend/role.h"
#include "headend/token.h"
#include "store/store.h"

#define PAWL_TOKENS_MAX 1024u /* that are not revoked */

struct pawl_token_row {
    uint64_t id; /* from 1, ascending */
    char name[PAWL_TOKEN_NAME_SIZE];
    uint8_t digest[PAWL_TOKEN_DIGEST_SIZE];
    enum pawl_role role;
    char subject[PAWL_TOKEN_SUBJECT_SIZE]; /* of a certificate; empty: a bearer token */
    int64_t created;
    int64_t expires;   /* 0: never */
    int64_t last_used; /* as far as written */
    int64_t revoked;   /* when; 0: it is not */
};

/* Adds one; `*id` is its number. PAWL_STATE when one that is not revoked has this name, or any this
 * digest; PAWL_EXHAUSTED when there are PAWL_TOKENS_MAX. */
enum pawl_result pawl_store_token_add(struct pawl_store *store, const struct pawl_token_row *token,
                                      const struct pawl_event *event, uint64_t *id);

/* Revokes the one that has this name. PAWL_STATE when there is none. */
enum pawl_result pawl_store_token_revoke(struct pawl_store *store, const char *name, int64_t time,
                                         const struct pawl_event *event);

/* When tokens were used, gathered and written behind; a time never moves back. */
struct pawl_token_use {
    uint64_t id;
    int64_t time;
};

enum pawl_result pawl_store_token_used_set(struct pawl_store *store,
                                           const struct pawl_token_use *uses, size_t count);

/* Lists tokens by ascending id above `after`, at most `limit`; `live`: without revoked ones. */
typedef enum pawl_result (*pawl_token_fn)(void *context, const struct pawl_token_row *token);
enum pawl_result pawl_store_token_list(struct pawl_reader *reader, bool live, uint64_t after,
                                       size_t limit, pawl_token_fn visit, void *context);

#endif
