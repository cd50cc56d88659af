/*
 * Where players' threads and the agent's loop meet over content keys (SPEC 20.5): threads ask and
 * wait, the loop gets grants from the server, has the processor open them, and answers. Grants are
 * kept here, keys are not: an answered key is wiped when its thread has it.
 *
 * The playlist that was served last tells which keys come next, so that they are granted before
 * the player wants them.
 */
#ifndef PAWL_AGENT_CONTENT_DESK_H
#define PAWL_AGENT_CONTENT_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/content.h"

#define PAWL_DESK_REQUESTS_MAX 16u /* players' threads that wait at a time */
#define PAWL_DESK_GRANTS_MAX 64u   /* the oldest is forgotten */

struct pawl_desk;

/* PAWL_EXHAUSTED, PAWL_IO. Free it when no thread is left. */
enum pawl_result pawl_desk_create(struct pawl_desk **desk);
void pawl_desk_free(struct pawl_desk *desk);

/* A descriptor that is readable when a thread has asked (an eventfd, for the loop to read). */
int pawl_desk_fd(const struct pawl_desk *desk);

/* For players' threads. */

/* Waits for a key, at most `milliseconds`. PAWL_NOT_ENTITLED: this device may not have it.
 * PAWL_EXHAUSTED: too many wait, or it took too long. PAWL_IO, PAWL_STATE: not now. Wipe `key`. */
enum pawl_result pawl_desk_key_get(struct pawl_desk *desk,
                                   const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE],
                                   uint32_t milliseconds, uint8_t key[PAWL_CONTENT_KEY_SIZE]);

/* Notes the keys of a playlist that a player was given, in its order. */
void pawl_desk_playlist_note(struct pawl_desk *desk, const char *text, size_t size);

/* For the agent's loop. */

/* Whether a thread waits. */
bool pawl_desk_waits(struct pawl_desk *desk);

/* The grant of a key that a thread waits for, if there is one. */
bool pawl_desk_grant_next(struct pawl_desk *desk, struct pawl_grant *grant);

/* Answers whoever waits for a key. `key` is set with PAWL_OK alone. */
void pawl_desk_answer(struct pawl_desk *desk, const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE],
                      enum pawl_result result, const uint8_t *key);

/* Answers whoever waits with an error. */
void pawl_desk_refuse(struct pawl_desk *desk, enum pawl_result result);

/* Forgets a grant that does not open any more: it is asked for anew, once for each who waits. */
void pawl_desk_grant_drop(struct pawl_desk *desk, const uint8_t key_id[PAWL_CONTENT_KEY_ID_SIZE]);

/* Ids of keys to ask the server for, one after another at `ids`: those that are waited for, then
 * those that come next. Returns how many. */
uint32_t pawl_desk_wanted(struct pawl_desk *desk,
                          uint8_t ids[PAWL_CONTENT_WANTED_MAX * PAWL_CONTENT_KEY_ID_SIZE]);

/* The server answered a report that asked for `count` keys at `ids`, with these grants: keeps them,
 * and answers PAWL_NOT_ENTITLED to whoever waits for one that is not among them. */
void pawl_desk_grants_take(struct pawl_desk *desk, const uint8_t *ids, uint32_t count,
                           const struct pawl_grant *grants, size_t grant_count);

/* Forgets all grants: the server holds this device. */
void pawl_desk_grants_forget(struct pawl_desk *desk);

/* Answers everybody with PAWL_IO, from now on too. */
void pawl_desk_close(struct pawl_desk *desk);

#endif
