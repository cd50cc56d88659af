/*
 * Storage contract: requests that are to be done once, whatever is sent twice (SPEC 16.14). Part of
 * store.h, whose conventions hold. What is kept is forgotten after a day, and the oldest of an
 * actor when it has too much; with too much of all, the oldest of whoever has the most.
 */
#ifndef PAWL_STORE_ONCE_H
#define PAWL_STORE_ONCE_H

#include "pawl/crypto.h"
#include "store/store.h"

#define PAWL_ONCE_KEY_SIZE 65u          /* with the terminator */
#define PAWL_ONCE_ANSWER_MAX 65536u     /* bytes */
#define PAWL_ONCE_SECONDS (24u * 3600u) /* for which it is kept */
#define PAWL_ONCE_MAX 10000u            /* requests that are kept */
#define PAWL_ONCE_ACTOR_MAX 1000u       /* of one actor */

/* A request: who sent it with which key, and a digest of all that it asks for. */
struct pawl_once_request {
    const char *actor;
    const char *key;
    uint8_t digest[PAWL_SHA256_SIZE];
};

/* What is known of it. */
struct pawl_once_answer {
    bool same;       /* the earlier request asked for the same */
    int64_t created; /* when it came */
    unsigned status; /* 0: it has no answer yet, or never got one */
    char *text;      /* NULL without an answer; owned by the caller, to be freed */
};

/* Notes that the request is about to be done. PAWL_STATE when one of this actor and key is known:
 * `answer` is then set, else untouched. */
enum pawl_result pawl_store_once_begin(struct pawl_store *store,
                                       const struct pawl_once_request *request, int64_t now,
                                       struct pawl_once_answer *answer);

/* Keeps its answer. */
enum pawl_result pawl_store_once_finish(struct pawl_store *store,
                                        const struct pawl_once_request *request, unsigned status,
                                        const char *text);

/* Forgets it: it was refused, and did nothing. */
enum pawl_result pawl_store_once_drop(struct pawl_store *store,
                                      const struct pawl_once_request *request);

#endif
