/*
 * The tokens and client certificates that may speak to the operator API, in memory: a request reads
 * no database, and one that was revoked is refused from the next request on (SPEC 16.10 to 16.15).
 */
#ifndef PAWL_SERVER_TOKENS_H
#define PAWL_SERVER_TOKENS_H

#include "headend/rate.h"
#include "server/readers.h"
#include "store/token.h"

struct pawl_tokens;

enum pawl_token_verdict {
    PAWL_TOKEN_GOOD = 0,
    PAWL_TOKEN_UNKNOWN = 1, /* or revoked */
    PAWL_TOKEN_EXPIRED = 2,
    PAWL_TOKEN_BUSY = 3, /* it makes more requests than it may */
};

struct pawl_token_grant {
    uint64_t id; /* of the token; never that of another, whatever its name */
    enum pawl_role role;
    char name[PAWL_TOKEN_NAME_SIZE];
    int64_t expires; /* Unix seconds; 0: never */
    uint32_t wait;   /* seconds, when it is busy */
};

/* `rate` is what each of them may do. PAWL_EXHAUSTED, or what the store answers. */
enum pawl_result pawl_tokens_create(struct pawl_readers *readers, const struct pawl_rate *rate,
                                    struct pawl_tokens **tokens);
void pawl_tokens_free(struct pawl_tokens *tokens);

/* Reads them anew after a change, which is in force when this returns. After a failure none is
 * honoured until it succeeds. */
enum pawl_result pawl_tokens_reload(struct pawl_tokens *tokens, struct pawl_readers *readers);

/* Reads them again when the last reading failed; for the main thread, now and then. */
enum pawl_result pawl_tokens_mend(struct pawl_tokens *tokens, struct pawl_readers *readers);

/* Judges a credential by its digest, at `now` (Unix seconds), and counts a request of it. `grant`
 * is set unless it is unknown. */
enum pawl_token_verdict pawl_tokens_judge(struct pawl_tokens *tokens,
                                          const uint8_t digest[PAWL_TOKEN_DIGEST_SIZE], int64_t now,
                                          struct pawl_token_grant *grant);

/* Writes when they were last used, as far as that is not written. */
enum pawl_result pawl_tokens_flush(struct pawl_tokens *tokens, struct pawl_store *store);

/* Microseconds of a clock that never goes back, for rates. */
uint64_t pawl_steady_now(void);

#endif
