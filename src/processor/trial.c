/* How a started image fares, and what that means for a trial. */
#include "processor/engine.h"

#define GOES_ON 0xffu
#define HOLDS 0u

/* What an event means under each success criterion: it holds, or the attempt failed with a code, or
 * the trial goes on. */
static const uint8_t verdicts[][PAWL_RUN_EVENT_COUNT] = {
    [PAWL_SUCCESS_EXIT] = {[PAWL_RUN_EXITED_ZERO] = HOLDS,
                           [PAWL_RUN_EXITED_OTHER] = PAWL_FAILURE_EXIT,
                           [PAWL_RUN_CRASHED] = PAWL_FAILURE_SIGNAL,
                           [PAWL_RUN_READY] = GOES_ON,
                           [PAWL_RUN_DEADLINE] = PAWL_FAILURE_DEADLINE},
    [PAWL_SUCCESS_READY] = {[PAWL_RUN_EXITED_ZERO] = PAWL_FAILURE_EXIT,
                            [PAWL_RUN_EXITED_OTHER] = PAWL_FAILURE_EXIT,
                            [PAWL_RUN_CRASHED] = PAWL_FAILURE_SIGNAL,
                            [PAWL_RUN_READY] = HOLDS,
                            [PAWL_RUN_DEADLINE] = PAWL_FAILURE_DEADLINE},
    [PAWL_SUCCESS_CONTACT] = {[PAWL_RUN_EXITED_ZERO] = PAWL_FAILURE_EXIT,
                              [PAWL_RUN_EXITED_OTHER] = PAWL_FAILURE_EXIT,
                              [PAWL_RUN_CRASHED] = PAWL_FAILURE_SIGNAL,
                              [PAWL_RUN_READY] = GOES_ON,
                              [PAWL_RUN_DEADLINE] = PAWL_FAILURE_DEADLINE},
};

enum pawl_result pawl_processor_ran(struct pawl_processor *engine, enum pawl_run_event event)
{
    struct pawl_input input = {0};

    if ((unsigned)event >= PAWL_RUN_EVENT_COUNT || !engine->running)
        return PAWL_STATE;
    if (event == PAWL_RUN_EXITED_ZERO || event == PAWL_RUN_EXITED_OTHER ||
        event == PAWL_RUN_CRASHED)
        engine->running = false;
    if (engine->state != PAWL_STATE_TRIAL)
        return PAWL_OK;

    input.failure = verdicts[engine->trial_success][event];
    if (input.failure == GOES_ON)
        return PAWL_OK;
    if (input.failure == HOLDS)
        return pawl_trial_succeed(engine);
    return pawl_engine_handle(engine, PAWL_EVENT_FAILURE, &input);
}

enum pawl_result pawl_trial_succeed(struct pawl_processor *engine)
{
    const struct pawl_input input = {.failure = PAWL_FAILURE_DONE};

    return pawl_engine_handle(
        engine, engine->download.diagnostic != 0 ? PAWL_EVENT_DONE : PAWL_EVENT_SUCCESS, &input);
}

enum pawl_result pawl_engine_fall_back(struct pawl_processor *engine,
                                       const struct pawl_input *input)
{
    pawl_attempt_fall_back(engine, input->failure);
    return PAWL_OK;
}
