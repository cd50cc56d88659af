#include "journal.h"

#include <inttypes.h>
#include <string.h>

#include "host/hex.h"
#include "host/log.h"

#define SHORT_ID 8u /* bytes of a package_id that a line shows */

static const char *state_name(enum pawl_state state)
{
    static const char *const names[] = {
        [PAWL_STATE_READY] = "ready",         [PAWL_STATE_WRITING] = "writing",
        [PAWL_STATE_CANDIDATE] = "candidate", [PAWL_STATE_STAGED] = "staged",
        [PAWL_STATE_FAILED] = "failed",       [PAWL_STATE_TRIAL] = "trial",
        [PAWL_STATE_REJECTED] = "rejected",   [PAWL_STATE_UPDATED] = "updated",
    };

    return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

static const char *failure_name(uint64_t failure)
{
    static const char *const names[] = {
        "the image ended without success", "the image crashed",
        "success did not hold in time",    "power was lost during the trial",
        "the image could not be started",  "a diagnostic image met its criterion",
    };

    if (failure < PAWL_RESULT_COUNT)
        return pawl_result_name((enum pawl_result)failure);
    if (failure - PAWL_FAILURE_EXIT < sizeof names / sizeof names[0])
        return names[failure - PAWL_FAILURE_EXIT];
    return "unknown cause";
}

static const char *short_id(const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    static char text[PAWL_HEX_SIZE(SHORT_ID)];

    return pawl_hex_encode(package_id, SHORT_ID, text);
}

static void failure_tell(const struct pawl_processor_status *status)
{
    bool done = status->failure == PAWL_FAILURE_DONE;
    pawl_log(done ? PAWL_LOG_NOTICE : PAWL_LOG_WARNING, "package %s was not %s: %s (%" PRIu64 ")",
             short_id(status->failed_package_id), done ? "kept" : "taken",
             failure_name(status->failure), status->failure);
}

void pawl_journal_begin(const struct pawl_processor_status *status)
{
    if (status->has_package)
        pawl_log(PAWL_LOG_NOTICE, "sequence %" PRIu64 ", state %s, committed package %s",
                 status->sequence, state_name(status->state), short_id(status->package_id));
    else
        pawl_log(PAWL_LOG_NOTICE, "sequence %" PRIu64 ", state %s, no committed package",
                 status->sequence, state_name(status->state));
    if (!status->has_package && status->sequence > 0)
        pawl_log(PAWL_LOG_WARNING, "downloads were completed, yet no record opens: the flash was "
                                   "lost, or this state belongs to another device");
    if (status->has_failure)
        failure_tell(status);
}

static bool failure_changed(const struct pawl_processor_status *before,
                            const struct pawl_processor_status *after)
{
    return after->has_failure &&
           (!before->has_failure || before->failure != after->failure ||
            memcmp(before->failed_package_id, after->failed_package_id, PAWL_PACKAGE_ID_SIZE) != 0);
}

void pawl_journal_step(const struct pawl_processor_status *before,
                       const struct pawl_processor_status *after)
{
    if (before->state != after->state)
        pawl_log(PAWL_LOG_INFO, "state %s -> %s", state_name(before->state),
                 state_name(after->state));
    if (before->sequence != after->sequence)
        pawl_log(PAWL_LOG_NOTICE, "committed package %s: sequence %" PRIu64 " -> %" PRIu64,
                 short_id(after->package_id), before->sequence, after->sequence);
    if (failure_changed(before, after))
        failure_tell(after);
}
