/*
 * What the engine does in each state with each event (SPEC 13.1): one row per pair that means
 * something. A pair without a row is refused with PAWL_STATE and changes nothing.
 *
 * docs/engine-states.md shows the same rows; a test compares both.
 */
#ifndef PAWL_PROCESSOR_TRANSITION_H
#define PAWL_PROCESSOR_TRANSITION_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/processor.h"
#include "pawl/report.h"
#include "pawl/result.h"

#define PAWL_EVENTS(X)                                                          \
    X(DIRECTIVE) /* an accepted directive that offers no package */             \
    X(OFFER)     /* one that offers a package which is not under way */         \
    X(AGAIN)     /* one that offers the package under way */                    \
    X(BYTES)     /* package bytes at the offset that is wanted */               \
    X(WHOLE)     /* the last chunk was checked */                               \
    X(CANCEL)    /* the caller gives up */                                      \
    X(BOOT)      /* the caller wants the committed image to run */              \
    X(INSTALL)   /* the caller wants the candidate to be tried */               \
    X(LOADED)    /* the whole image was verified and is in executable memory */ \
    X(SUCCESS)   /* the manifest's success criterion holds */                   \
    X(FAILURE)   /* it can't hold any more */                                   \
    X(DONE)      /* it holds, and the image was to run once only */

/* state, event, what is done, the state after it, the state when it failed */
#define PAWL_TRANSITIONS(X)                             \
    X(READY, DIRECTIVE, heed, READY, READY)             \
    X(READY, OFFER, begin, WRITING, REJECTED)           \
    X(READY, CANCEL, heed, READY, READY)                \
    X(READY, BOOT, boot, READY, READY)                  \
    X(WRITING, DIRECTIVE, heed, WRITING, WRITING)       \
    X(WRITING, OFFER, begin, WRITING, REJECTED)         \
    X(WRITING, AGAIN, resume, WRITING, REJECTED)        \
    X(WRITING, BYTES, take, WRITING, REJECTED)          \
    X(WRITING, WHOLE, finish, CANDIDATE, REJECTED)      \
    X(WRITING, CANCEL, drop, READY, READY)              \
    X(WRITING, BOOT, boot, WRITING, WRITING)            \
    X(CANDIDATE, DIRECTIVE, heed, CANDIDATE, CANDIDATE) \
    X(CANDIDATE, OFFER, begin, WRITING, REJECTED)       \
    X(CANDIDATE, AGAIN, heed, CANDIDATE, CANDIDATE)     \
    X(CANDIDATE, CANCEL, drop, READY, READY)            \
    X(CANDIDATE, BOOT, boot, CANDIDATE, CANDIDATE)      \
    X(CANDIDATE, INSTALL, stage, STAGED, REJECTED)      \
    X(STAGED, LOADED, start, TRIAL, FAILED)             \
    X(FAILED, DIRECTIVE, heed, READY, FAILED)           \
    X(FAILED, OFFER, begin, WRITING, REJECTED)          \
    X(FAILED, BOOT, boot, FAILED, FAILED)               \
    X(TRIAL, DIRECTIVE, heed, TRIAL, TRIAL)             \
    X(TRIAL, OFFER, heed, TRIAL, TRIAL)                 \
    X(TRIAL, AGAIN, heed, TRIAL, TRIAL)                 \
    X(TRIAL, SUCCESS, commit, UPDATED, FAILED)          \
    X(TRIAL, FAILURE, fall_back, FAILED, FAILED)        \
    X(TRIAL, DONE, fall_back, FAILED, FAILED)           \
    X(REJECTED, DIRECTIVE, heed, READY, REJECTED)       \
    X(REJECTED, OFFER, begin, WRITING, REJECTED)        \
    X(REJECTED, BOOT, boot, REJECTED, REJECTED)         \
    X(UPDATED, DIRECTIVE, heed, READY, UPDATED)         \
    X(UPDATED, OFFER, begin, WRITING, REJECTED)         \
    X(UPDATED, BOOT, boot, UPDATED, UPDATED)

#define PAWL_EVENT_ENUM(name) PAWL_EVENT_##name,
enum pawl_event { PAWL_EVENTS(PAWL_EVENT_ENUM) PAWL_EVENT_COUNT };
#undef PAWL_EVENT_ENUM

/* What an event brings; the fields that its transitions read. */
struct pawl_input {
    const struct pawl_directive *directive; /* OFFER */
    const uint8_t *bytes;                   /* BYTES */
    size_t size;
    uint32_t failure; /* FAILURE, DONE: enum pawl_failure */
};

typedef enum pawl_result (*pawl_transition_fn)(struct pawl_processor *engine,
                                               const struct pawl_input *input);

/* The functions below by number: a row with a pointer would be twice as large. */
#define PAWL_ACTS(X) \
    X(heed)          \
    X(begin) X(resume) X(take) X(finish) X(drop) X(boot) X(stage) X(start) X(commit) X(fall_back)
#define PAWL_ACT_ENUM(name) PAWL_ACT_##name,
enum pawl_act { PAWL_ACTS(PAWL_ACT_ENUM) };
#undef PAWL_ACT_ENUM

struct pawl_transition {
    unsigned state : 4; /* enum pawl_state */
    unsigned event : 4; /* enum pawl_event */
    unsigned next : 4;
    unsigned otherwise : 4;
    unsigned act : 4; /* enum pawl_act */
};

/* The row for a pair, or NULL. */
const struct pawl_transition *pawl_transition_find(enum pawl_state state, enum pawl_event event);

/* Carries an event out: PAWL_STATE without a row, else what its function returned. */
enum pawl_result pawl_engine_handle(struct pawl_processor *engine, enum pawl_event event,
                                    const struct pawl_input *input);

/* The functions of the table, each in the file of its concept. A function that fails has recorded
 * the failure, if its row ends the attempt. */
enum pawl_result pawl_engine_heed(struct pawl_processor *engine, const struct pawl_input *input);
enum pawl_result pawl_engine_begin(struct pawl_processor *engine, const struct pawl_input *input);
enum pawl_result pawl_engine_resume(struct pawl_processor *engine, const struct pawl_input *input);
enum pawl_result pawl_engine_take(struct pawl_processor *engine, const struct pawl_input *input);
enum pawl_result pawl_engine_finish(struct pawl_processor *engine, const struct pawl_input *input);
enum pawl_result pawl_engine_drop(struct pawl_processor *engine, const struct pawl_input *input);
enum pawl_result pawl_engine_boot(struct pawl_processor *engine, const struct pawl_input *input);
enum pawl_result pawl_engine_stage(struct pawl_processor *engine, const struct pawl_input *input);
enum pawl_result pawl_engine_start(struct pawl_processor *engine, const struct pawl_input *input);
enum pawl_result pawl_engine_commit(struct pawl_processor *engine, const struct pawl_input *input);
enum pawl_result pawl_engine_fall_back(struct pawl_processor *engine,
                                       const struct pawl_input *input);

#endif
